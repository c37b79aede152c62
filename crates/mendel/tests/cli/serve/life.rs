//! How a server begins, is found by local commands, and ends.

use std::{os::unix::fs::PermissionsExt as _, time::Instant};

use super::lab::Served;
use crate::lab::{Lab, id};

#[test]
fn f29_a_second_server_names_the_holder_and_ends_with_3() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);

    let second = lab.mendel(&["serve", "--port", "0"]);

    assert_eq!(second.code, Some(3), "{}", second.err);
    assert!(second.err.contains(&served.url) && second.err.contains(&served.child.id().to_string()), "{}", second.err);
    assert_eq!(served.ask("GET", "/health", &[], "").status, 200);
}

#[test]
fn local_commands_talk_to_the_running_server_and_find_the_same_afterwards() {
    let lab = Lab::new();
    lab.write("one.py", lab.counting());
    let served = Served::start(&lab, &[]);
    let told = lab.workspace().join("server.json");
    assert_eq!(std::fs::metadata(&told).expect("told").permissions().mode() & 0o777, 0o600);
    let database = std::fs::metadata(lab.workspace().join("mendel.db")).expect("a store");
    assert_eq!(database.permissions().mode() & 0o777, 0o600);

    let run = lab.run(&["one.py"]);
    let again = lab.run(&["one.py"]);
    assert_eq!((id(&run), lab.executions()), (id(&again), 1));
    assert_eq!(lab.json(&["runs"])["total"], 1);
    // Only what goes through the server is counted by it.
    let key = lab.json(&["keys", "create"]);
    let counted = served.get("/metrics", &key).body;
    assert!(counted.contains("route=\"/api/v1/runs\""), "{counted}");

    drop(served);
    assert_eq!(lab.json(&["runs"])["total"], 1, "a server that was killed is not waited for");
}

#[test]
fn f15_a_server_that_is_told_to_end_drains_and_leaves_nothing_behind() {
    let lab = Lab::new();
    let mut served = Served::start(&lab, &[]);
    let began = Instant::now();

    nix_kill(served.child.id());
    let status = served.child.wait().expect("ends");

    assert_eq!(status.code(), Some(0));
    assert!(began.elapsed().as_secs() < 10);
    assert!(!lab.workspace().join("server.json").exists());
}

#[test]
fn the_limits_are_printed() {
    let lab = Lab::new();
    let limits = lab.json(&["serve", "--limits"]);
    let limits = limits["limits"].as_array().expect("a list").clone();
    assert!(limits.iter().any(|limit| limit["id"] == "L03" && limit["limit"] == 10_000), "{limits:?}");
}

#[test]
fn p19_others_are_served_in_the_clear_only_on_request() {
    let lab = Lab::new();
    lab.mendel(&["serve", "--host", "0.0.0.0", "--port", "0"]).refused(&["in the clear", "--insecure"]);
}

fn nix_kill(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a process id"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("told");
}
