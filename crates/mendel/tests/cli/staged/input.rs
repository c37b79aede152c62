//! Inputs that come and go, and tasks that are reset.

use serde_json::json;

use super::lab::{Tree, counts, steps};

#[test]
fn rp_35_a_new_input_alone_is_computed_and_a_removed_one_is_dropped() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);

    tree.lab.edit("tree/task.yml", "'1-2'", "'1-2,30'");
    let (document, counted) = tree.run("tree", &[]);
    assert_eq!(counted, counts(&[("load", 1), ("blur", 1), ("segment", 1)]));
    assert_eq!(steps(&document), (3, 6));

    tree.lab.edit("tree/task.yml", "'1-2,30'", "'2'");
    let (_, counted) = tree.run("tree", &[]);
    assert_eq!(counted, counts(&[]));
    let stored = tree.json(&["results", "tree"]);
    assert_eq!(stored["inputs"].as_array().map(Vec::len), Some(1), "{stored}");
    assert_eq!(stored["inputs"][0]["id"], json!(2));
}

#[test]
fn a_failing_input_leaves_the_others_and_other_tasks_done() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit("pkg/stages.py", "        count(\"blur\")\n", "        count(\"blur\")\n        if image[1] == config.get('bad', 0):\n            raise ValueError('too bright')\n");
    tree.lab.write("tree/task.yml", super::lab::ROOT.replace("'1-2'", "[1, 20]"));
    tree.lab.write("tree/x/task.yml", "config: {blur: {bad: 20}}\n");

    let answer = tree.mendel(&["--json", "run", "tree", "--env", "system"]);

    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let runs = answer.json()["runs"].clone();
    assert_eq!((&runs[0]["status"], &runs[1]["status"]), (&json!("completed"), &json!("failed")), "{runs}");
    assert!(answer.err.contains("too bright"), "{}", answer.err);
    let shown = tree.json(&["show", runs[1]["id"].as_str().expect("an id"), "--log"]);
    let log = shown["log"].as_str().unwrap_or_default();
    for word in ["tree/x", "input `20`", "stage `blur`", "ValueError", "Traceback"] {
        assert!(log.contains(word), "`{word}` is told in {log}");
    }
    assert_eq!(runs[1]["steps"]["computed"], json!(1), "the sound input is kept: {runs}");

    tree.lab.edit("tree/x/task.yml", "bad: 20", "bad: 9");
    assert_eq!(tree.mendel(&["run", "tree", "--env", "system"]).code, Some(0));
}

#[test]
fn rp_40_a_reset_forgets_the_completion_and_leaves_shared_content() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    tree.run("tree", &[]);

    let dry = tree.json(&["reset", "tree/x", "--dry-run"]);
    assert_eq!(dry["tasks"].as_array().map(Vec::len), Some(1), "{dry}");
    tree.json(&["reset", "tree/x", "--yes"]);

    assert_eq!(tree.status("tree/x")["pending"], "incomplete");
    assert_eq!(tree.status("tree")["pending"], "");
    assert_eq!(tree.run("tree", &[]).1, counts(&[("segment", 2)]));
}

#[test]
fn a_file_that_a_stage_reads_counts() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("raw/1.txt", "5");
    tree.lab.write("raw/2.txt", "7");
    tree.lab.write("tree/task.yml", format!("{}scopes: {{raw: '{{ROOTDIR}}/../raw/%d.txt'}}\n", super::lab::ROOT));
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"load\")\n",
        "        count(\"load\")\n        if pipeline.scopes:\n            return {\"image\": [int(open(pipeline.resolve(\"raw\", input_id)).read())]}\n",
    );
    tree.run("tree", &[]);
    assert_eq!(tree.values("tree", "blurred"), json!({"1": [10], "2": [14]}));

    tree.lab.write("raw/2.txt", "8");

    let status = tree.status("tree");
    assert_eq!(status["pending"], "specification", "{status}");
    assert!(status["reasons"].to_string().contains("raw/2.txt"), "{status}");
    assert_eq!(tree.run("tree", &[]).1, counts(&[("load", 1), ("blur", 1), ("segment", 1)]));
    assert_eq!(tree.values("tree", "blurred"), json!({"1": [10], "2": [16]}));
}
