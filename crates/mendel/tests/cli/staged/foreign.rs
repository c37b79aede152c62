//! Files of repype: taken over as runs, and written so that the installed tool reads them.

use std::process::Command;

use serde_json::{Value, json};

use super::lab::{Tree, counts};

const STAGES: &str = r#"
import os

from repype.stage import Stage


def count(stage):
    with open(os.environ["COUNT"], "a") as file:
        file.write(stage + "\n")


class Load(Stage):
    inputs = ["input_id"]
    outputs = ["image"]

    def process(self, input_id, pipeline, config, status=None):
        count("load")
        return {"image": [input_id * step for step in range(config.get("size", 4))]}


class Total(Stage):
    inputs = ["image"]
    outputs = ["total"]

    def process(self, image, pipeline, config, status=None):
        count("total")
        return {"total": sum(image) + config.get("more", 0)}
"#;

const ROOT: &str = "runnable: true\npipeline: [cells.Load, cells.Total]\ninput_ids: 1-2\nconfig:\n  total: {more: 1}\n";

fn tree() -> Option<Tree> {
    let tree = Tree::new()?;
    tree.lab.write("cells.py", STAGES);
    tree.lab.write("tree/task.yml", ROOT);
    tree.lab.write("tree/x/task.yml", "config: {total: {more: 5}}\n");
    Some(tree)
}

/// The interpreter of an environment with the real tool, where MENDEL_TEST_REPYPE names one.
fn repype() -> Option<String> {
    let named = std::env::var("MENDEL_TEST_REPYPE").ok();
    if named.is_none() {
        let required = std::env::var("MENDEL_TEST_REQUIRE").unwrap_or_default();
        assert!(!required.contains("repype"), "MENDEL_TEST_REPYPE names a Python that has `repype`");
        eprintln!("skipped: MENDEL_TEST_REPYPE names no Python that has `repype`");
    }
    named
}

/// What a piece of code prints, run by the Python of the real tool at the root of the project.
#[track_caller]
fn python(tree: &Tree, python: &str, code: &str) -> Value {
    let mut command = Command::new(python);
    command.args(["-c", code]).current_dir(tree.lab.folder()).env("COUNT", tree.lab.outside("counted"));
    let done = command.output().expect("Python starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8_lossy(&done.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default()).expect("JSON")
}

#[test]
fn an_export_writes_the_files_and_leaves_those_of_others() {
    let Some(tree) = tree() else { return };
    tree.run("tree", &[]);
    tree.lab.write("tree/x/times.csv", "of somebody else\n");

    let answer = tree.mendel(&["--json", "export", "tree", "--format", "repype"]);

    assert_eq!(answer.code, Some(1), "{}{}", answer.out, answer.err);
    let told = answer.json()["tasks"].clone();
    assert_eq!(told[0]["files"], json!([".task.json", "data.dill.gz", "times.csv"]), "{told}");
    assert!(told[0]["note"].as_str().is_some_and(|note| note.contains(".sha.json")), "{told}");
    assert!(told[1]["error"].as_str().is_some_and(|error| error.contains("was not written by Mendel")), "{told}");
    assert_eq!(tree.lab.read("tree/x/times.csv"), "of somebody else\n");
    assert!(!tree.lab.folder().join("tree/x/.task.json").exists());
    let spec: Value = serde_json::from_str(&tree.lab.read("tree/.task.json")).expect("JSON");
    assert_eq!(spec["config"], json!({"total": {"more": 1}}));
    assert!(tree.lab.read("tree/times.csv").starts_with(",1,2\nload,"), "{}", tree.lab.read("tree/times.csv"));

    // Its own files are written anew.
    std::fs::remove_file(tree.lab.folder().join("tree/x/times.csv")).expect("ours");
    tree.json(&["export", "tree", "--format", "repype"]);
    tree.mendel(&["export", "tree"]).refused(&["`tree` is none of runs, metrics and params", "--format repype"]);
}

#[test]
fn the_real_tool_loads_what_was_exported() {
    let (Some(tree), Some(real)) = (tree(), repype()) else { return };
    tree.run("tree", &[]);
    tree.json(&["export", "tree", "--format", "repype"]);

    let code = "
import json, pathlib
from repype.batch import Batch
batch = Batch()
batch.load('tree')
found = {}
for context in batch.contexts:
    data = context.task.load(context.pipeline)
    times = context.task.times
    found[context.task.path.name] = [
        {str(key): {name: value for name, value in chunk.items()} for key, chunk in data.items()},
        context.task.digest['config']['total']['more'], sorted(times.df.index), float(times['load', '1']) >= 0]
print(json.dumps(found))";
    let found = python(&tree, &real, code);

    assert_eq!(found["tree"][0]["2"], json!({"input_id": 2, "image": [0, 2, 4, 6], "total": 13}), "{found}");
    assert_eq!((&found["x"][0]["1"]["total"], &found["x"][1]), (&json!(11), &json!(5)), "{found}");
    assert_eq!((&found["x"][2], &found["x"][3]), (&json!(["load", "total"]), &json!(true)), "{found}");
}

#[test]
fn what_the_real_tool_left_becomes_a_run_and_its_values_only_when_confirmed() {
    let (Some(tree), Some(real)) = (tree(), repype()) else { return };
    let code = "
import json
from repype.batch import Batch
batch = Batch()
batch.load('tree')
for context in batch.contexts:
    context.run()
print(json.dumps('done'))";
    python(&tree, &real, code);
    let before = tree.lab.read("tree/.sha.json");

    let told = tree.json(&["import", "repype", "tree"])["tasks"].clone();
    let run = told[0]["run"].as_str().expect("a run").to_owned();
    let shown = tree.json(&["show", &run]);
    assert_eq!((&shown["status"], shown["metrics"].is_null()), (&json!("completed"), false), "{shown}");
    assert!(shown.to_string().contains("times"), "{shown}");
    assert!(tree.json(&["import", "repype", "tree"])["tasks"][0]["skipped"].is_string());
    assert_eq!(tree.status("tree")["pending"], "incomplete");

    let refused = tree.mendel(&["import", "repype", "tree", "--with-data"]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains("executes code from that file"), "{}", refused.err);
    tree.json(&["import", "repype", "tree", "--with-data", "--yes"]);
    assert_eq!(tree.values("tree", "image")["2"], json!([0, 2, 4, 6]));
    assert_eq!(tree.status("tree")["pending"], "pipeline", "whose code made it is not known");
    assert_eq!(tree.lab.read("tree/.sha.json"), before, "files of others stay");
    assert_eq!(tree.run("tree", &["--task", "tree"]).1, counts(&[("load", 2), ("total", 2)]));
}

#[test]
fn times_and_hashes_in_a_folder_become_a_completed_run() {
    let Some(tree) = tree() else { return };
    tree.lab.write("tree/times.csv", ",1,2\nload,0.5,0.25\ntotal,0.125,2.0\n");
    tree.lab.write("tree/.sha.json", r#"{"stages": {"load": "aa", "total": "bb"}, "task": "cc"}"#);
    tree.lab.write("tree/.task.json", r#"{"runnable": true, "config": {"total": {"more": 1}}}"#);

    let told = tree.json(&["import", "repype", "tree"])["tasks"].clone();

    assert!(told[1]["skipped"].as_str().is_some_and(|why| why.contains("nothing")), "{told}");
    let run = told[0]["run"].as_str().expect("a run");
    let shown = tree.json(&["show", run]);
    assert_eq!((&shown["status"], &shown["tags"]), (&json!("completed"), &json!(["repype"])), "{shown}");
    assert!(shown.to_string().contains("\"bb\""), "the digest is kept: {shown}");
    let metrics = shown["metrics"].to_string();
    assert!(metrics.contains("times") && metrics.contains("0.25") && metrics.contains('2'), "{metrics}");
    assert_eq!(tree.lab.read("tree/times.csv"), ",1,2\nload,0.5,0.25\ntotal,0.125,2.0\n");

    tree.lab.write("tree/.sha.json", "no JSON");
    let answer = tree.mendel(&["import", "repype", "tree"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out.contains(".sha.json` is no JSON"), "{}", answer.out);
}
