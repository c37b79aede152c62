//! Any command: its words, its exit code, its whole snapshot.

use crate::lab::{Lab, id};

#[test]
fn a_command_is_run_recorded_and_answered() {
    let lab = Lab::new();
    lab.write("words.txt", "b\na\n");
    lab.write("go.sh", format!("#!/bin/sh\nprintf x >> '{}'\nsort words.txt\n", lab.outside("executions").display()));

    let first = lab.json(&["run", "--", "sh", "go.sh"]);
    let again = lab.json(&["run", "--", "sh", "go.sh"]);
    assert_eq!((id(&first["runs"][0]), lab.executions()), (id(&again["runs"][0]), 1));

    lab.write("words.txt", "c\na\n");
    lab.json(&["run", "--", "sh", "go.sh"]);
    assert_eq!(lab.executions(), 2, "the whole snapshot of a command counts");
}

#[test]
fn a_failing_command_fails_with_its_exit_code() {
    let lab = Lab::new();

    let answer = lab.mendel(&["--json", "run", "--", "sh", "-c", "echo bad >&2; exit 7"]);

    assert_eq!(answer.code, Some(1));
    assert_eq!(answer.json()["runs"][0]["exit_code"], 7);
}

#[test]
fn a_program_that_does_not_exist_is_told() {
    let lab = Lab::new();

    let answer = lab.mendel(&["run", "--", "no-such-program-at-all"]);

    assert_ne!(answer.code, Some(0));
    assert!(answer.err.contains("no-such-program-at-all"), "{}", answer.err);
}

#[test]
fn rp_15_a_command_is_answered_although_its_own_output_lies_there_now() {
    let lab = Lab::new();
    lab.write("d", "b\na\n");
    let first = lab.run(&["--", "sh", "-c", "sort d > out"]);
    assert_eq!(id(&lab.run(&["--", "sh", "-c", "sort d > out"])), id(&first));
    std::fs::remove_file(lab.folder().join("out")).expect("removed");
    assert_eq!(id(&lab.run(&["--", "sh", "-c", "sort d > out"])), id(&first));
    assert_eq!(lab.read("out"), "a\nb\n");
    lab.write("d", "c\na\n");
    assert_ne!(id(&lab.run(&["--", "sh", "-c", "sort d > out"])), id(&first));
}
