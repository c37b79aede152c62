use std::time::Duration;

use mendel_agent::{job::Watched, recover, supervisor::Command};
use mendel_api::RunQuery;
use mendel_journal::this_process;
use mendel_model::{Move, Owner, Run, RunId, Status, StatusRecord, Timestamp};

use crate::lab::{Lab, alone};

const SLEEPER: &str =
    "import time\ntry:\n  print('up')\n  time.sleep(600)\nexcept KeyboardInterrupt:\n  print('asked')\n  raise\n";
const STUBBORN: &str = "import signal, time\nfor s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)\n\
    print('up')\nwhile True: time.sleep(1)\n";

async fn closed(lab: &Lab, id: RunId) -> Run {
    loop {
        let run = lab.run(id).await;
        if run.status.is_terminal() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn when_the_watcher_goes_away_the_runs_are_stopped_with_that_reason() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SLEEPER);
        let jobs = vec![lab.script("train.py", &[]).await, lab.script("train.py", &["second"]).await];
        let (id, waiting) = (jobs[0].run, jobs[1].run);
        let mut supervised = lab.start(lab.batch(jobs));
        supervised.line("up").await;
        supervised.leave();

        let run = closed(&lab, id).await;
        assert_eq!((run.status, run.status_reason.as_str()), (Status::Stopped, "client_lost"));
        assert!(lab.console(id).await.contains(&"asked".to_owned()), "it was asked as by Ctrl-C");
        let run = closed(&lab, waiting).await;
        assert_eq!((run.status, run.status_reason.as_str()), (Status::Stopped, "client_lost"));
    });
}

#[test]
fn jobs_that_need_no_watcher_go_on_without_one() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import os, time\nprint('up')\nwhile not os.path.exists('go'): time.sleep(0.01)\n");
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut batch = lab.batch(vec![job]);
        batch.watched = Watched::Optional;
        let mut supervised = lab.start(batch);
        supervised.line("up").await;
        supervised.leave();
        lab.write("go", "");
        assert_eq!(closed(&lab, id).await.status, Status::Completed);
    });
}

#[test]
fn a_stop_asks_first_and_a_kill_does_not() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SLEEPER);
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut supervised = lab.start(lab.batch(vec![job]));
        supervised.line("up").await;
        supervised.tell(Command::Stop).await;
        let ended = supervised.ended().await.remove(&id).expect("ended");
        assert_eq!((ended.status, ended.reason.as_str(), ended.signal), (Status::Stopped, "stopped", Some(2)));
        assert!(lab.console(id).await.contains(&"asked".to_owned()));

        lab.write("train.py", STUBBORN);
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut supervised = lab.start(lab.batch(vec![job]));
        supervised.line("up").await;
        supervised.tell(Command::Stop).await;
        supervised.tell(Command::Kill).await;
        let ended = supervised.ended().await.remove(&id).expect("ended");
        assert_eq!((ended.status, ended.signal), (Status::Stopped, Some(9)));
    });
}

#[test]
fn one_that_does_not_listen_is_killed_after_the_grace() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", STUBBORN);
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut batch = lab.batch(vec![job]);
        batch.stop_grace = 1;
        let mut supervised = lab.start(batch);
        supervised.line("up").await;
        supervised.tell(Command::StopRun { run: id }).await;
        let ended = supervised.ended().await.remove(&id).expect("ended");
        assert_eq!((ended.status, ended.signal), (Status::Stopped, Some(9)));
    });
}

#[test]
fn a_run_that_was_stopped_elsewhere_stops_its_process() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SLEEPER);
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut supervised = lab.start(lab.batch(vec![job]));
        supervised.line("up").await;
        lab.client.move_run(id, None, &change(Move::Stop, None, "by hand")).await.expect("stopped");
        let ended = supervised.ended().await.remove(&id).expect("ended");
        assert_eq!((ended.status, ended.reason.as_str()), (Status::Stopped, "by hand"));
    });
}

fn change(to: Move, owner: Option<Owner>, reason: &str) -> StatusRecord {
    let reason = reason.to_owned();
    StatusRecord { to, reason, message: String::new(), time: Timestamp(2), owner, exit_code: None, signal: None }
}

#[test]
fn f08_runs_that_nobody_holds_are_closed_once_with_the_reason() {
    alone(async {
        let lab = Lab::new().await;
        let gone = Owner { pid: 1, start: 1, ..this_process() };
        let (bare, supervised, alive) = (lab.new_run().await, lab.new_run().await, lab.new_run().await);
        for (run, owner) in [(bare, &gone), (supervised, &gone), (alive, &this_process())] {
            lab.client.move_run(run, None, &change(Move::Start, Some(owner.clone()), "")).await.expect("started");
        }
        std::fs::create_dir_all(lab.workspace.run(supervised)).expect("made");
        std::fs::write(lab.workspace.run(supervised).join("observe"), "").expect("written");
        let query = RunQuery { status: vec![Status::Running], ..RunQuery::default() };
        let open = lab.client.all_runs(&query).await.expect("asked");
        assert_eq!(open.len(), 3);

        let (one, other) =
            tokio::join!(recover(&lab.workspace, &lab.client, &open), recover(&lab.workspace, &lab.client, &open));
        assert_eq!((one.expect("recovered").len(), other.expect("recovered").len()), (2, 2));
        let run = lab.run(bare).await;
        assert_eq!((run.status, run.status_reason.as_str()), (Status::Stopped, "client_lost"));
        let run = lab.run(supervised).await;
        assert_eq!((run.status, run.status_reason.as_str()), (Status::Failed, "worker_lost"));
        assert_eq!(lab.run(alive).await.status, Status::Running);
    });
}
