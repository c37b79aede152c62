//! Bad input: every fault with its place and a way out, and nothing started.

use std::os::unix::fs::PermissionsExt as _;

use crate::lab::{Lab, id, tree};

#[test]
fn a_missing_file_is_named_with_the_nearest() {
    let lab = Lab::new();
    lab.write("train.py", "");
    lab.mendel(&["run", "trian.py"]).refused(&["trian.py", "train.py"]);
}

#[test]
fn an_unknown_parameter_is_told_with_the_nearest_name() {
    let lab = Lab::new();
    lab.write("train.py", "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--learning-rate', type=float, default=1.0)\nparser.parse_args()\n");
    lab.mendel(&["run", "--env", "system", "--set", "lerning_rate=3", "train.py"])
        .refused(&["lerning_rate", "learning_rate"]);
    lab.mendel(&["run", "--env", "system", "--set", "learning_rate=fast", "train.py"]).refused(&[
        "learning_rate",
        "float",
        "fast",
    ]);
}

#[test]
fn missing_required_values_are_told_all_at_once() {
    let lab = Lab::new();
    lab.write("main.py", "");
    lab.write("task.yaml", "params:\n  data: {type: dataset, required: true}\n  rounds: {type: int, required: true}\n");
    lab.mendel(&["run", "--env", "system", "."]).refused(&["data", "rounds"]);
}

#[test]
fn ct_20_a_tab_or_bad_indent_is_told_with_file_line_and_column() {
    let lab = Lab::new();
    lab.write("main.py", "");
    lab.write("task.yaml", "name: x\nparams:\n\tlr: 1\n");
    lab.mendel(&["run", "."]).refused(&["task.yaml:3:1"]);
    lab.write("task.yaml", "name: x\nparams: 3\n  - name: lr\n");
    lab.mendel(&["run", "."]).refused(&["task.yaml:3:", "- name: lr"]);
}

#[test]
fn ct_11_an_empty_folder_says_what_is_missing_and_what_to_type() {
    let lab = Lab::new();
    std::fs::create_dir(lab.folder().join("empty")).expect("a folder");
    lab.mendel(&["run", "empty"]).refused(&["main.py", "mendel new"]);
}

#[test]
fn a_huge_folder_is_refused_with_its_largest_entries() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('x')\n");
    lab.write("task/mendel.toml", "[snapshot]\nmax_bytes = 100000\n");
    for index in 0..12 {
        lab.write(&format!("task/big{index:02}.bin"), vec![0; 20_000 + index]);
    }
    let answer = lab.mendel(&["run", "--env", "system", "task"]);
    answer.refused(&["big11.bin", "big02.bin", "ignore"]);
    assert!(!answer.err.contains("big01.bin"), "only the ten largest are named:\n{}", answer.err);
}

#[test]
fn ct_14_a_conda_file_without_conda_is_told_before_anything_starts() {
    let lab = Lab::new();
    lab.write("task/main.py", "");
    lab.write("task/environment.yml", "dependencies: [python]\n");
    let mut command = lab.command(&["run", "task"]);
    command.env("PATH", "/usr/bin:/bin").env_remove("CONDA_EXE").env_remove("MAMBA_EXE");
    crate::lab::Answer::of(&command.output().expect("it starts")).refused(&["env_manager_missing", "environment.yml"]);
}

#[test]
fn f67_a_requirement_that_cannot_be_had_is_told_in_the_words_of_the_installer() {
    let lab = Lab::new();
    lab.write("task/main.py", lab.counting());
    std::fs::create_dir(lab.folder().join("task/wheels")).expect("an index of its own, which is empty");
    lab.write("task/requirements.txt", "--no-index\n--find-links wheels\nno-such-package==9.9\n");

    let answer = lab.mendel(&["run", "--env", "venv", "task"]);

    answer.refused(&["environment_failed", "no-such-package", "9.9", "correct `requirements.txt`"]);
    assert_eq!(lab.json(&["runs"])["total"], 0);
    assert_eq!(lab.executions(), 0);
    let environments = tree(&lab.workspace().join("environments"));
    assert!(environments.keys().all(|path| path.ends_with("lock")), "{:?}", environments.keys());
}

#[test]
fn a_file_that_goes_while_the_snapshot_is_taken_is_in_no_part_of_it() {
    let lab = Lab::new();
    lab.write("task/main.py", "import os\nprint('kept', os.path.exists('fleeting.txt'))\n");
    lab.write("task/fleeting.txt", "soon gone");
    let fleeting = lab.folder().join("task/fleeting.txt");
    // Git is asked while the files are hashed, and answers after that; this one takes a file away.
    std::fs::create_dir(lab.folder().join("task/.git")).expect("a repository");
    let git = lab.outside("bin/git");
    std::fs::create_dir(lab.outside("bin")).expect("a folder");
    std::fs::write(&git, format!("#!/bin/sh\nsleep 0.5\nrm -f '{}'\nexit 1\n", fleeting.display())).expect("a git");
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:{}", lab.outside("bin").display(), std::env::var("PATH").expect("a path"));

    let mut command = lab.command(&["--json", "run", "--no-monitor", "--env", "system", "task"]);
    let answer = crate::lab::Answer::of(&command.env("PATH", path).output().expect("it starts"));

    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    assert!(!fleeting.exists());
    let run = answer.json()["runs"][0].clone();
    assert!(lab.mendel(&["logs", id(&run)]).out.contains("kept False"));
    lab.json(&["snapshot", id(&run), "--out", "back"]);
    let back: Vec<_> = tree(&lab.folder().join("back")).into_keys().collect();
    assert_eq!(back, [lab.folder().join("back/main.py")]);
}
