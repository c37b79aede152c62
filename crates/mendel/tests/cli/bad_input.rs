//! Bad input: every fault with its place and a way out, and nothing started.

use crate::lab::{Lab, tree};

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
fn f71_a_store_of_a_newer_version_is_refused_and_untouched() {
    let lab = Lab::new();
    lab.write("train.py", "print('x')\n");
    lab.run(&["train.py"]);
    let identity = lab.workspace().join("workspace.json");
    let text = std::fs::read_to_string(&identity).expect("an identity");
    std::fs::write(&identity, text.replace("\"format\":1", "\"format\":99")).expect("a newer one");
    let before = tree(&lab.workspace());

    let answer = lab.mendel(&["runs"]);

    assert_eq!(answer.code, Some(3), "{}", answer.err);
    assert!(answer.err.contains("newer"), "{}", answer.err);
    assert_eq!(tree(&lab.workspace()), before);
}

#[test]
fn a_workspace_that_cannot_be_written_is_trouble_and_leaves_nothing() {
    let lab = Lab::new();
    lab.write("train.py", lab.counting());
    // A file where the folder would be: nobody, not even root, can make a workspace there.
    std::fs::write(lab.outside("home"), "in the way").expect("a file");

    let answer = lab.mendel(&["run", "--env", "system", "train.py"]);

    assert_eq!(answer.code, Some(3), "{}", answer.err);
    assert_eq!(lab.executions(), 0);
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
}
