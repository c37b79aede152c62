//! A run that is killed, and what is left of it.

use std::time::{Duration, Instant};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::lab::{Tree, counts};

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

/// A tree whose second input waits in its last stage until a file is there.
fn gated(tree: &Tree) -> std::path::PathBuf {
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"segment\")\n",
        "        count(\"segment\")\n        import time\n        while blurred[1] > 2 and not os.path.exists(os.environ[\"GATE\"]):\n            time.sleep(0.02)\n",
    );
    tree.lab.write("tree/task.yml", super::lab::ROOT.replace("'1-2'", "[1, 20]"));
    tree.lab.outside("gate")
}

#[test]
fn ctrl_c_stops_a_task_and_keeps_what_is_finished() {
    let Some(tree) = Tree::new() else { return };
    let gate = gated(&tree);
    let mut command = tree.command(&["run", "tree", "--env", "system", "--no-monitor"]);
    let mut child = command.env("GATE", &gate).spawn().expect("it starts");
    until("the second input waits", || (tree.counted().get("segment") == Some(&2)).then_some(()));

    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("it runs");

    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(tree.json(&["runs"])["runs"][0]["status"], "stopped");
    std::fs::write(&gate, "").expect("a file");
    tree.forget_counts();
    let answer = tree.command(&["run", "tree", "--env", "system"]).env("GATE", &gate).output().expect("it starts");
    assert_eq!(answer.status.code(), Some(0));
    assert_eq!(tree.counted(), counts(&[("segment", 1)]));
}

#[test]
fn rp_38_a_kill_in_mid_run_keeps_the_finished_inputs() {
    let Some(tree) = Tree::new() else { return };
    let gate = gated(&tree);
    let mut command = tree.command(&["run", "tree", "--env", "system", "--no-monitor"]);
    let mut child = command.env("GATE", &gate).spawn().expect("it starts");
    until("the second input waits", || (tree.counted().get("segment") == Some(&2)).then_some(()));

    child.kill().expect("it runs");
    child.wait().expect("it ends");
    until("the run is closed", || (tree.json(&["runs"])["runs"][0]["status"] == "stopped").then_some(()));
    assert_eq!(tree.status("tree")["pending"], "incomplete", "nothing is on record without its data");

    std::fs::write(&gate, "").expect("a file");
    tree.forget_counts();
    let answer = crate::lab::Answer::of(
        &tree.command(&["--json", "resume", "@1", "--no-monitor"]).env("GATE", &gate).output().expect("it starts"),
    );
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(tree.counted(), counts(&[("segment", 1)]), "only what was not finished");
    let status = tree.command(&["--json", "status", "tree"]).env("GATE", &gate).output().expect("it starts");
    assert_eq!(crate::lab::Answer::of(&status).json()["tasks"][0]["pending"], "");
    let status = tree.status("tree");
    assert!(status["reasons"].to_string().contains("GATE"), "a variable that a stage reads counts: {status}");
}

#[test]
fn a_rerun_replays_the_snapshot_and_not_what_is_there_now() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);
    tree.lab.edit("pkg/util.py", "value * by", "value * by + 100");
    tree.forget_counts();

    let document = tree.json(&["rerun", "@1", "--no-monitor"]);

    assert_eq!(tree.counted(), counts(&[("load", 2), ("blur", 2), ("segment", 2)]));
    let rerun = document["runs"][0]["id"].as_str().expect("an id");
    let hash = |reference: &str| tree.json(&["results", reference])["inputs"][0]["fields"]["mask"]["hash"].clone();
    assert_eq!(hash(rerun), hash("@1"));
    assert_eq!(tree.status("tree")["pending"], "pipeline", "the tree itself is as it was");
}

#[test]
fn a_rerun_that_cannot_be_started_leaves_no_run() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);
    let mut command = tree.command(&["rerun", "@1"]);

    let refused = command.env("MENDEL_PACKAGE", tree.lab.outside("nowhere")).output().expect("the binary starts");

    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("needs the Python package `mendel`"), "{refused:?}");
    assert_eq!(tree.json(&["runs"])["total"], 1);
}
