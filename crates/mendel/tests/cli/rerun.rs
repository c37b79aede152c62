//! Replaying: the snapshot decides, not the folder.

use crate::lab::{Lab, id};

#[test]
fn ct_28_a_rerun_replays_the_snapshot_and_not_the_edited_files() {
    let lab = Lab::new();
    lab.write("main.py", lab.counting() + "import helper\nprint('value', helper.VALUE)\n");
    lab.write("helper.py", "VALUE = 1\n");
    let first = lab.run(&["main.py"]);
    lab.write("helper.py", "VALUE = 2\n");

    let again = lab.json(&["rerun", id(&first)]);

    let shown = lab.json(&["show", id(&again["runs"][0]), "--log"]);
    assert!(shown["log"].as_str().is_some_and(|log| log.contains("value 1")), "{shown}");
    assert_eq!(again["runs"][0]["identity"], first["identity"], "repeats share one identity");
    assert_eq!(lab.executions(), 2);
}

#[test]
fn a_rerun_works_when_the_folder_is_gone() {
    let lab = Lab::new();
    lab.write("task/main.py", lab.counting() + "print('still here')\n");
    let first = lab.json(&["run", "--env", "system", "task"]);
    std::fs::remove_dir_all(lab.folder().join("task")).expect("the folder");

    let again = lab.json(&["rerun", id(&first["runs"][0])]);

    assert_eq!(again["runs"][0]["status"], "completed");
    assert_eq!(lab.executions(), 2);
}

#[test]
fn ct_29_a_new_run_takes_the_present_files() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('one')\n");
    let first = lab.json(&["run", "--env", "system", "task"]);
    lab.write("task/main.py", "print('two')\n");

    let second = lab.json(&["run", "--env", "system", "task"]);

    assert_ne!(first["runs"][0]["snapshot"], second["runs"][0]["snapshot"]);
    let diff = lab.mendel(&["diff", id(&first["runs"][0]), id(&second["runs"][0])]);
    assert!(diff.out.contains("main.py") && diff.out.contains("+print('two')"), "{}", diff.out);
}

#[test]
fn a_rerun_may_change_a_value() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('hello')\n");
    lab.write("task/task.yaml", "params:\n  lr: {type: float, default: 0.1}\n");
    let first = lab.json(&["run", "--env", "system", "task"]);

    let again = lab.json(&["rerun", id(&first["runs"][0]), "--set", "lr=0.5"]);

    assert_eq!(again["runs"][0]["params"]["lr"], 0.5);
    lab.mendel(&["rerun", id(&first["runs"][0]), "--set", "lt=1"]).refused(&["lt", "lr"]);
}
