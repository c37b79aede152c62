//! Datasets, models and secrets that parameters name: found, recorded, and part of freshness.

use serde_json::{Value, json};

use crate::lab::{Lab, id};

const TASK: &str = "param_groups:\n- name: inputs\n  params:\n  - {name: data, data_type: dataset, required: true}\n";

/// A dataset as a task leaves it in the workspace.
fn dataset(lab: &Lab, folder: &str, name: &str, sample: &str, created: u32) -> String {
    let version = format!("{:064x}", sample.len() + 7);
    let place = lab.workspace().join("datasets").join(folder);
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join("a.txt"), sample).expect("a sample");
    let facts = json!({"name": name, "id": created, "state": "finalized", "created": created, "version": version});
    std::fs::write(place.join(".dataset.json"), facts.to_string()).expect("facts");
    version
}

fn lab(task: &str) -> Lab {
    let lab = Lab::new();
    lab.write("task/task.yaml", task);
    let read = "import json, os, pathlib\nparams = json.load(open(os.environ['MENDEL_PARAMS']))\n\
        print('given', params[0]['value'])\n";
    lab.write("task/main.py", lab.counting() + read);
    lab
}

fn run(lab: &Lab, words: &[&str]) -> Value {
    let words = [&["run", "--env", "system", "--no-monitor", "task"], words].concat();
    lab.json(&words)["runs"][0].clone()
}

fn log(lab: &Lab, run: &Value) -> String {
    lab.json(&["show", id(run), "--log"])["log"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn ct_22_a_dataset_given_by_name_is_recorded_with_its_version_and_decides_freshness() {
    let lab = lab(TASK);
    let version = dataset(&lab, "cells-1", "cells", "one", 1);

    let first = run(&lab, &["--set", "data=cells"]);
    let shown = lab.json(&["show", id(&first)]);
    let datum = &shown["documents"]["data"]["inputs/data"][0];
    assert_eq!(
        (&datum["name"], &datum["version"], &datum["type"]),
        (&json!("cells"), &json!(version), &json!("dataset"))
    );
    assert!(log(&lab, &first).contains("datasets/cells-1"), "the script receives where it lies");
    assert_eq!(id(&run(&lab, &["--set", "data=cells"])), id(&first), "the same version answers");

    dataset(&lab, "cells-2", "cells", "another one", 2);
    let plan = lab.mendel(&["plan", "task", "--env", "system", "--set", "data=cells"]);
    assert!(plan.out.contains("dataset:cells"), "the reason names it:\n{}", plan.out);
    let second = run(&lab, &["--set", "data=cells"]);

    assert_ne!(id(&second), id(&first));
    assert!(log(&lab, &second).contains("datasets/cells-2"));
    let again = lab.json(&["rerun", "--env", "system", id(&first)]);
    assert!(log(&lab, &again["runs"][0]).contains("datasets/cells-1"), "a replay reads what was read then");
}

#[test]
fn ct_22_a_dataset_given_by_path_counts_whole_wherever_it_lies() {
    let lab = lab(TASK);
    lab.write("images/a.txt", "one");
    let words = ["--set", "data=images"];

    let first = run(&lab, &words);
    assert!(log(&lab, &first).contains(&lab.folder().join("images").display().to_string()));
    assert_eq!(id(&run(&lab, &words)), id(&first));
    lab.write("images/b.txt", "a sample that nobody reads");
    assert_ne!(id(&run(&lab, &words)), id(&first));
    assert_eq!(lab.executions(), 2);
}

#[test]
fn what_is_not_there_is_told_all_at_once_with_the_nearest_name_and_where_it_was_looked_for() {
    let lab = lab("param_groups:\n- name: inputs\n  params:\n  - {name: data, data_type: dataset, value: cels}\n\
         \x20 - {name: net, data_type: 'list[model]', value: [resnet]}\n  - {name: key, data_type: aws_secret, value: bucket}\n");
    dataset(&lab, "cells-1", "cells", "one", 1);

    lab.mendel(&["run", "--env", "system", "task"]).refused(&[
        "unknown dataset `cels`",
        "task.yaml:4",
        "did you mean `cells`?",
        "task/cels",
        "unknown model `resnet`",
        "unknown secret `bucket`",
        "MENDEL_SECRET_BUCKET",
    ]);
    assert_eq!((lab.executions(), lab.json(&["runs"])["total"].clone()), (0, json!(0)));

    let mut command = lab.command(&["run", "--env", "system", "task", "--set", "data=1", "--set", "net=[]"]);
    command.env("MENDEL_SECRET_BUCKET_KEY", "k").env("MENDEL_SECRET_BUCKET_VALUE", "v");
    assert!(
        command.output().expect("it starts").status.success(),
        "a dataset is found by number, a secret by variable"
    );
}

#[test]
fn ct_33_datasets_are_gridded_like_anything_else() {
    let lab = lab(TASK);
    dataset(&lab, "a-1", "a", "one", 1);
    lab.write("images/a.txt", "two");

    let grid = lab.json(&["run", "--env", "system", "task", "--grid", "data=a,images"]);

    let given: Vec<_> = grid["runs"].as_array().expect("runs").iter().map(|run| log(&lab, run)).collect();
    assert!(given[0].contains("datasets/a-1") && given[1].contains("work/images"), "{given:?}");
}
