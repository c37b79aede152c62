//! Stopping: by Ctrl-C, by `stop`, and by the death of whoever watched.

use std::{
    path::Path,
    process::Child,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::lab::Lab;

const SLEEPER: &str = "import os, pathlib, sys, time\npathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\nfor step in range(600):\n    print('tick', step, flush=True)\n    time.sleep(0.1)\n";

/// Waits for something that must happen, within a generous bound.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn started(lab: &Lab) -> (Child, i32) {
    lab.write("sleep.py", SLEEPER);
    let mark = lab.outside("pid");
    let child =
        lab.command(&["run", "--env", "system", "sleep.py", &mark.display().to_string()]).spawn().expect("it starts");
    let pid = until("the script starts", || std::fs::read_to_string(&mark).ok().and_then(|text| text.parse().ok()));
    (child, pid)
}

fn is_gone(pid: i32) -> Option<()> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim().chars().next();
    matches!(state, None | Some('Z')).then_some(())
}

fn only_run(lab: &Lab) -> serde_json::Value {
    lab.json(&["runs"])["runs"][0].clone()
}

#[test]
fn ctrl_c_stops_the_run_and_exits_130() {
    let lab = Lab::new();
    let (mut child, pid) = started(&lab);

    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it runs");

    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    until("the script is gone", || is_gone(pid));
    assert_eq!(only_run(&lab)["status"], "stopped");
}

#[test]
fn the_death_of_the_command_ends_the_training_as_client_lost() {
    let lab = Lab::new();
    let (mut child, pid) = started(&lab);

    child.kill().expect("it runs");
    child.wait().expect("it ends");

    until("the script is gone", || is_gone(pid));
    let run = until("the run is closed", || Some(only_run(&lab)).filter(|run| run["status"] != "running"));
    assert_eq!(run["status"], "stopped");
    let shown = lab.json(&["show", run["id"].as_str().expect("an id")]);
    assert_eq!(shown["status_reason"], "client_lost", "{shown}");
}

#[test]
fn stop_ends_a_run_from_another_terminal() {
    let lab = Lab::new();
    let (mut child, pid) = started(&lab);
    let run = only_run(&lab);

    let answer = lab.mendel(&["stop", run["id"].as_str().expect("an id")]);

    assert_eq!(answer.code, Some(0), "{}", answer.err);
    until("the script is gone", || is_gone(pid));
    child.wait().expect("it ends");
    assert_eq!(only_run(&lab)["status"], "stopped");
}
