//! Task folders with `param_groups`, as Coretex wrote them.

use serde_json::json;

use crate::lab::{Lab, id};

/// A package in place of the installed one, whose `coretex` says who it is.
fn with_package(lab: &Lab, words: &[&str]) -> crate::lab::Answer {
    let package = lab.outside("package");
    for (path, text) in [("__init__.py", ""), ("compat/coretex/__init__.py", "WHO = 'stand-in'\n")] {
        let path = package.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }
    let mut command = lab.command(words);
    command.env("MENDEL_PACKAGE", package);
    crate::lab::Answer::of(&command.output().expect("it starts"))
}

#[test]
fn without_compat_the_installed_module_is_imported_and_a_replay_does_the_same() {
    let lab = Lab::new();
    lab.write("task/task.yaml", "param_groups: []\n");
    lab.write("task/coretex.py", "WHO = 'own'\n");
    lab.write("task/main.py", "import coretex\nprint('it is', coretex.WHO)\n");
    let log = |answer: crate::lab::Answer| {
        let document = answer.json();
        lab.json(&["show", id(&document["runs"][0]), "--log"])["log"].to_string()
    };
    let run = |words: &[&str]| with_package(&lab, &[&["--json", "run", "--env", "system", "task"], words].concat());

    assert!(log(run(&[])).contains("it is stand-in"));
    let plain = run(&["--no-compat"]);
    let document = plain.json();
    assert!(log(plain).contains("it is own"), "another request, since it may do something else");
    let again = with_package(&lab, &["--json", "rerun", "--env", "system", id(&document["runs"][0])]);
    assert!(log(again).contains("it is own"));
}

#[test]
fn ct_34_values_beside_a_parameter_are_the_grid_when_asked_for() {
    let lab = Lab::new();
    lab.write(
        "task/task.yaml",
        "param_groups:\n- name: inputs\n  params:\n  - {name: lr, value: 0.1, values: [0.1, 0.01, 0.1]}\n\
         \x20 - {name: model, data_type: enum, value: {selected: 0, options: [a, b]}}\n  - {name: layers, data_type: 'list[int]', value: [1, 2]}\n",
    );
    lab.write("task/main.py", "print('x')\n");
    lab.write("grid.yaml", "grid: true\nlayers: [3]\n");
    let params = |words: &[&str]| {
        let document = lab.json(&[&["run", "--env", "system", "task"], words].concat());
        document["runs"].as_array().expect("runs").iter().map(|run| run["params"].clone()).collect::<Vec<_>>()
    };

    assert_eq!(params(&[]), [json!({"lr": 0.1, "model": "a", "layers": [1, 2]})], "a plain run takes the value");
    let declared = params(&["--grid"]);
    assert_eq!(declared.len(), 2, "the value given twice is dropped: {declared:?}");
    let of_file = params(&["--params", "grid.yaml"]);
    assert_eq!(of_file[1], json!({"lr": 0.01, "model": "a", "layers": [3]}));
    let options = params(&["--grid", "model=*", "--grid", "layers=[64],[128,64]"]);
    assert_eq!(options.len(), 4);
    assert_eq!(options[1], json!({"lr": 0.1, "model": "a", "layers": [128, 64]}), "the last one varies fastest");
}

#[test]
fn a_file_of_values_lies_between_the_default_and_set() {
    let lab = Lab::new();
    let task = "params:\n  lr: {type: float, default: 0.1}\n  depth: {type: int, default: 1}\n  kind: {type: enum, choices: [a, b], default: a}\n";
    lab.write("task/task.yaml", task);
    lab.write("task/main.py", "print('x')\n");
    lab.write("values.json", "{\"lr\": 0.5, \"depth\": 2, \"kind\": 1}");

    let run = lab.json(&["run", "--env", "system", "task", "--params", "values.json", "--set", "depth=3"]);

    let run = &run["runs"][0];
    assert_eq!(run["params"], json!({"lr": 0.5, "depth": 3, "kind": "b"}));
    let shown = lab.mendel(&["show", id(run)]).out;
    assert!(
        shown.contains("values.json:1") && shown.contains("--set depth=3"),
        "each value tells where it came from:\n{shown}"
    );
    lab.write("values.yaml", "lr: 0.5\nlearning: 2\n");
    lab.mendel(&["run", "task", "--params", "values.yaml"]).refused(&["learning", "values.yaml:2"]);
}

#[test]
fn ct_20_both_names_of_the_file_are_one_task_and_contradictions_name_both_lines() {
    let lab = Lab::new();
    lab.write("task/task.yaml", "name: one\nparam_groups:\n- name: inputs\n  params:\n  - {name: lr, value: 0.1}\n");
    lab.write("task/task.yml", "description: both\n");
    lab.write("task/main.py", "print('x')\n");
    let shown = lab.json(&["show", "task"]);
    assert_eq!((&shown["name"], &shown["description"]), (&json!("one"), &json!("both")));

    lab.write("task/task.yml", "description: both\nname: two\n");
    lab.mendel(&["run", "--env", "system", "task"]).refused(&["task.yaml:1", "task.yml:2", "name"]);
}

#[test]
fn ct_21_names_given_twice_or_not_at_all_and_unknown_types_are_told_with_their_lines() {
    let lab = Lab::new();
    lab.write("task/main.py", "");
    lab.write(
        "task/task.yaml",
        "param_groups:\n- name: inputs\n  params:\n  - {name: lr, value: 1}\n  - {name: lr, value: 2}\n  - {value: 3}\n\
         \x20 - {name: depth, data_type: itn, value: 3}\n",
    );
    lab.mendel(&["run", "--env", "system", "task"]).refused(&[
        "lines 4 and 5",
        "task.yaml:6",
        "task.yaml:7",
        "did you mean `int`?",
    ]);
}

#[test]
fn an_unknown_key_is_a_warning_and_the_task_runs() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('x')\n");
    lab.write(
        "task/task.yaml",
        "param_groups:\n- name: inputs\n  params:\n  - {name: shuffle, value: true, data_byte: bool, dynamic: true}\n",
    );
    let answer = lab.mendel(&["run", "--env", "system", "task"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(
        answer.err.contains("data_byte") && answer.err.contains("task.yaml:4") && answer.err.contains("data_type"),
        "{}",
        answer.err
    );
}

#[test]
fn a_required_output_that_the_run_did_not_set_is_told_at_the_end() {
    let lab = Lab::new();
    lab.write(
        "task/task.yaml",
        "param_groups:\n- name: outputs\n  params:\n  - {name: words, data_type: int, required: true}\n  - {name: more, data_type: int}\n",
    );
    lab.write("task/main.py", "print('x')\n");

    let answer = lab.mendel(&["run", "--env", "system", "task"]);

    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("`words`") && !answer.err.contains("`more`"), "{}", answer.err);
}

#[test]
fn ct_08_patterns_of_the_project_file_stay_out_of_the_snapshot() {
    let lab = Lab::new();
    lab.write("mendel.toml", "[snapshot]\nignore = [\"*.ckpt\", \"/task/big/\", \"!keep.ckpt\"]\n");
    lab.write("task/main.py", "import os\nprint(sorted(os.listdir('.')))\n");
    for path in ["task/a.ckpt", "task/keep.ckpt", "task/big/x", "task/sub/big/x"] {
        lab.write(path, "x");
    }

    let run = lab.json(&["run", "--env", "system", "task"]);

    let out = lab.outside("restored");
    lab.json(&["snapshot", id(&run["runs"][0]), "--out", &out.display().to_string()]);
    let mut files: Vec<_> = crate::lab::tree(&out)
        .into_keys()
        .map(|path| path.strip_prefix(&out).expect("below").display().to_string())
        .collect();
    files.sort();
    assert_eq!(files, ["keep.ckpt", "main.py", "sub/big/x"]);
    lab.write("mendel.toml", "[snapshot]\nignore = [\"a{\"]\n");
    lab.mendel(&["run", "--env", "system", "task"]).refused(&["mendel.toml:2:11", "a{"]);
}

#[test]
fn what_a_command_leaves_out_does_not_make_it_stale() {
    let lab = Lab::new();
    lab.write("mendel.toml", "[snapshot]\nignore = [\"*.log\"]\n");
    lab.write("count.sh", format!("printf x >> {}\n", lab.outside("executions").display()));
    lab.write("a.log", "1");
    let run = || lab.run(&["--", "sh", "count.sh"]);
    run();
    lab.write("a.log", "2");
    run();
    assert_eq!(lab.executions(), 1);
    lab.write("b.txt", "2");
    run();
    assert_eq!(lab.executions(), 2);
}

#[test]
fn folders_of_old_tasks_are_imported_into_a_project_and_faulty_ones_are_listed() {
    let lab = Lab::new();
    for name in ["one", "two", "broken", "hollow"] {
        lab.write(&format!("tasks/{name}/task.yaml"), format!("name: Task {name}\nproject_type: 2\nparam_groups:\n"));
    }
    for name in ["one", "two", "broken"] {
        lab.write(&format!("tasks/{name}/main.py"), "print('x')\n");
    }
    lab.write("tasks/broken/task.yaml", "name: x\nparam_groups:\n- name: inputs\n  params: 3\n  - {name: lr}\n");

    let answer = lab.mendel(&["--json", "import", "coretex", "tasks", "--project", "cells"]);

    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let document = answer.json();
    let names: Vec<_> = document["tasks"].as_array().expect("tasks").iter().map(|task| task["name"].clone()).collect();
    assert_eq!(names, ["Task one", "Task two"]);
    let skipped = document["skipped"].to_string();
    assert!(skipped.contains("broken") && skipped.contains("hollow") && skipped.contains("\"line\":5"), "{skipped}");
    let run = lab.json(&["run", "--env", "system", "tasks/one"]);
    assert_eq!(run["tasks"][0]["project"].as_str().or(run["runs"][0]["project"].as_str()), Some("cells"));
    lab.mendel(&["import", "coretex", "tasks", "--project", "other"]).refused(&["cells", "mendel.toml"]);
    lab.mendel(&["import", "coretex", "../home", "--project", "other"]).refused(&["task.yaml"]);
}
