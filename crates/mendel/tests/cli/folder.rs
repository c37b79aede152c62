//! Task folders: parameters, entries, private copies.

use serde_json::json;

use crate::lab::{Lab, id};

const TASK: &str = "name: Demo\nparam_groups:\n- name: inputs\n  params:\n  - {name: lr, data_type: float, value: 0.1, description: rate}\n\
    \x20 - {name: rounds, data_type: int, required: true}\n";

#[test]
fn ct_24_a_required_parameter_is_asked_for_before_anything_starts() {
    let lab = Lab::new();
    lab.write("task/task.yaml", TASK);
    lab.write("task/main.py", lab.counting());

    lab.mendel(&["run", "--env", "system", "task"]).refused(&["rounds", "--set rounds="]);

    assert_eq!(lab.executions(), 0);
    assert_eq!(lab.json(&["runs"])["total"], 0);
}

#[test]
fn ct_26_a_value_changes_one_run_and_not_the_declaration() {
    let lab = Lab::new();
    lab.write("task/task.yaml", TASK);
    lab.write("task/main.py", "print('x')\n");

    let run = lab.json(&["run", "--env", "system", "task", "--set", "rounds=3", "--set", "lr=0.5"]);

    assert_eq!(run["runs"][0]["params"], json!({"lr": 0.5, "rounds": 3}));
    lab.mendel(&["run", "--env", "system", "task", "--set", "round=3"]).refused(&["round", "rounds"]);
    assert!(lab.read("task/task.yaml").contains("value: 0.1"));
}

#[test]
fn a_task_folder_runs_in_a_private_copy() {
    let lab = Lab::new();
    lab.write("task/main.py", "open('written.txt', 'w').write('x')\nprint(open('data.txt').read())\n");
    lab.write("task/data.txt", "data");

    let run = lab.json(&["run", "--env", "system", "task"]);

    assert_eq!(run["runs"][0]["status"], "completed");
    assert!(!lab.folder().join("task/written.txt").exists(), "what it writes never flows back");
    let shown = lab.json(&["show", id(&run["runs"][0]), "--artifacts"]);
    assert!(shown["artifacts"].to_string().contains("written.txt"), "{shown}");
}

#[test]
fn ct_17_without_an_entry_script_a_folder_is_refused() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('x')\n");
    assert_eq!(lab.mendel(&["run", "--env", "system", "task"]).code, Some(0));
    std::fs::remove_file(lab.folder().join("task/main.py")).expect("it was there");

    lab.mendel(&["run", "--env", "system", "task"]).refused(&["entry_missing", "main.py"]);
}

#[test]
fn ct_18_another_entry_is_chosen_per_run() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('main')\n");
    lab.write("task/validate.py", "print('validated')\n");

    let run = lab.json(&["run", "--env", "system", "--entry", "validate.py", "task"]);

    let shown = lab.json(&["show", id(&run["runs"][0]), "--log"]);
    assert!(shown["log"].as_str().is_some_and(|log| log.contains("validated") && !log.contains("main")), "{shown}");
    assert_eq!(run["tasks"][0]["entry"], "validate.py");
    lab.mendel(&["run", "--env", "system", "--entry", "nope.py", "task"]).refused(&["nope.py", "validate.py"]);
}

#[test]
fn ct_05_name_and_description_are_shown() {
    let lab = Lab::new();
    lab.write("task/task.yaml", "name: cells\ndescription: finds cells\n");
    lab.write("task/main.py", "print('x')\n");

    let run = lab.json(&["run", "--env", "system", "task"]);

    assert_eq!(run["runs"][0]["name"], "cells");
    let shown = lab.mendel(&["show", "task"]);
    assert!(shown.out.contains("cells") && shown.out.contains("finds cells"), "{}", shown.out);
}

#[test]
fn options_after_a_folder_are_ours() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('x')\n");

    let answer = lab.mendel(&["run", "task", "--env", "system", "--json", "--name", "later"]);

    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(answer.json()["runs"][0]["name"], "later");
}

#[test]
fn ct_07_an_empty_task_is_made_and_refuses_to_run() {
    let lab = Lab::new();

    lab.json(&["new", "--empty", "later"]);

    let files = std::fs::read_dir(lab.folder().join("later")).expect("a folder").count();
    assert_eq!(files, 0);
    lab.mendel(&["run", "later"]).refused(&["entry_missing"]);
}

#[test]
fn ct_22_a_run_records_the_content_of_its_dataset_and_not_only_the_name() {
    let lab = Lab::new();
    lab.write(
        "task/main.py",
        lab.counting() + "import json, os\nprint(json.load(open(os.environ['MENDEL_PARAMS'])))\n",
    );
    lab.write("task/task.yaml", "params:\n  data: {type: dataset, required: true}\n");
    let data = lab.outside("digits");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join("one.csv"), "1,2\n").expect("a file");
    let value = format!("data={}", data.display());
    let versions = |run: &serde_json::Value| {
        let shown = lab.json(&["show", id(run)]);
        let found = shown["dependencies"].as_array().expect("dependencies").clone();
        let name = data.display().to_string();
        found
            .into_iter()
            .filter(|one| one["subject"].as_str().is_some_and(|at| at.starts_with(&name)))
            .collect::<Vec<_>>()
    };

    let first = lab.run(&["--set", &value, "task"]);
    let again = lab.run(&["--set", &value, "task"]);
    std::fs::write(data.join("one.csv"), "1,2,3\n").expect("a file");
    let changed = lab.run(&["--set", &value, "task"]);

    assert_eq!((id(&first), lab.executions()), (id(&again), 2), "another content is another request");
    assert_eq!(changed["params"]["data"], first["params"]["data"]);
    let (old, new) = (versions(&first), versions(&changed));
    assert!(old.len() == new.len() && !old.is_empty() && old != new, "{old:?}\n{new:?}");
}
