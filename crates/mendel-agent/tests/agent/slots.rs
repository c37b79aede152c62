use mendel_agent::job::{Job, WorkingFolder};
use mendel_model::Status;

use crate::lab::{Lab, alone};

/// Waits until as many members are there as `words` says, then goes on.
const MEET: &str = "import os, sys, time\nname, wanted = sys.argv[1], int(sys.argv[2])\n\
    open('here-' + name, 'w').close()\n\
    while sum(f.startswith('here-') for f in os.listdir('.')) < wanted: time.sleep(0.01)\n\
    print(name)\n";

#[test]
fn ct_40_members_run_side_by_side_as_far_as_there_are_slots() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", MEET);
        let mut jobs = Vec::new();
        for name in ["a", "b", "c"] {
            jobs.push(lab.script("train.py", &[name, "3"]).await);
        }
        let mut batch = lab.batch(jobs);
        batch.slots = 3;
        let ended = lab.start(batch).ended().await;
        assert!(ended.values().all(|ended| ended.status == Status::Completed), "{ended:?}");
    });
}

#[test]
fn ct_40_with_one_slot_they_run_in_order() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import sys\nprint(sys.argv[1])\n");
        let mut jobs = Vec::new();
        for name in ["a", "b", "c"] {
            jobs.push(lab.script("train.py", &[name]).await);
        }
        let order: Vec<_> = jobs.iter().map(|job| job.run).collect();
        let mut supervised = lab.start(lab.batch(jobs));
        supervised.ended().await;
        let started = supervised.seen.iter().filter_map(|event| match event {
            mendel_agent::supervisor::Event::Started { run, .. } => Some(*run),
            _ => None,
        });
        assert_eq!(started.collect::<Vec<_>>(), order);
    });
}

#[test]
fn members_in_folders_of_their_own_are_each_closed_while_others_start() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import sys\nopen('out.txt', 'w').write(sys.argv[1])\n");
        let mut jobs = Vec::new();
        for number in 0..6 {
            let job = lab.script("train.py", &[&number.to_string()]).await;
            jobs.push(Job { folder: WorkingFolder::Private { below: String::new(), links: Vec::new() }, ..job });
        }
        let mut batch = lab.batch(jobs);
        batch.slots = 2;
        let ended = lab.start(batch).ended().await;
        assert_eq!(ended.len(), 6);
        for (run, ended) in ended {
            assert_eq!((ended.status, ended.reusable), (Status::Completed, true), "{ended:?}");
            assert_eq!(lab.result(run).await.expect("a result").outputs.len(), 1);
        }
    });
}

#[test]
fn a_failure_stops_nobody_else_unless_that_was_asked_for() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import sys\nsys.exit(int(sys.argv[1]))\n");
        let jobs = vec![lab.script("train.py", &["3"]).await, lab.script("train.py", &["0"]).await];
        let second = jobs[1].run;
        let ended = lab.start(lab.batch(jobs)).ended().await;
        assert_eq!(ended[&second].status, Status::Completed);

        let jobs = vec![lab.script("train.py", &["3"]).await, lab.script("train.py", &["0"]).await];
        let (first, second) = (jobs[0].run, jobs[1].run);
        let mut batch = lab.batch(jobs);
        batch.fail_fast = true;
        let ended = lab.start(batch).ended().await;
        assert_eq!((ended[&first].status, ended[&second].status), (Status::Failed, Status::Stopped));
        assert_eq!((ended[&second].reason.as_str(), ended[&second].started), ("fail_fast", false));
        assert_eq!(lab.run(second).await.status_reason, "fail_fast");
    });
}

#[test]
fn fail_fast_stops_members_that_run() {
    alone(async {
        let lab = Lab::new().await;
        let script = "import os, sys, time\nif sys.argv[1] == 'bad':\n\
            \x20 while not os.path.exists('up'): time.sleep(0.01)\n  sys.exit(1)\n\
            open('up', 'w').close()\ntime.sleep(600)\n";
        lab.write("train.py", script);
        let jobs = vec![lab.script("train.py", &["good"]).await, lab.script("train.py", &["bad"]).await];
        let good = jobs[0].run;
        let mut batch = lab.batch(jobs);
        (batch.slots, batch.fail_fast) = (2, true);
        let ended = lab.start(batch).ended().await;
        assert_eq!((ended[&good].status, ended[&good].reason.as_str()), (Status::Stopped, "fail_fast"));
    });
}
