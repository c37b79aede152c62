//! The example, as a person works with it: change one stage, wait only for that stage.

use std::path::Path;

use serde_json::json;

use super::lab::{Tree, steps};

/// The example in the folder of a lab.
fn example() -> Option<Tree> {
    let tree = Tree::new()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/segmentation");
    for (path, bytes) in crate::lab::tree(&example) {
        let below = path.strip_prefix(&example).expect("it lies in the example").to_owned();
        if !below.to_string_lossy().contains("__pycache__") {
            tree.lab.write(&below.display().to_string(), bytes);
        }
    }
    Some(tree)
}

/// Status of the one task that the story is about.
#[track_caller]
fn plain(tree: &Tree) -> serde_json::Value {
    let document = tree.json(&["status", "tasks/plain"]);
    document["tasks"][0].clone()
}

#[test]
fn rp_11_change_one_stage_and_wait_only_for_that_stage() {
    let Some(tree) = example() else { return };
    let run = || tree.run("tasks/plain", &["--task", "tasks/plain"]).0;

    let first = run();
    assert_eq!(steps(&first), (20, 0), "five stages of four inputs");
    assert!(tree.lab.folder().join("tasks/plain/labels/1.npy").is_file());

    tree.lab.edit("cells/regions.py", "    region, open_", "    # begins a region\n        region, open_");
    assert_eq!(plain(&tree)["pending"], "");
    assert_eq!(steps(&run()), (0, 20));

    tree.lab.edit("cells/regions.py", "number += 1", "number += 2");
    let pending = plain(&tree);
    assert_eq!((&pending["pending"], &pending["stage"]), (&json!("pipeline"), &json!("label")));
    assert!(pending["reasons"].to_string().contains("cells/regions.py: components"), "{pending}");
    let second = run();
    assert_eq!(steps(&second), (8, 12), "stages four and five");

    tree.lab.edit("tasks/task.yml", "input_ids: 1-4", "input_ids: 1-5");
    assert_eq!(steps(&run()), (5, 20), "the new input alone");

    let shown = tree.json(&["show", second["runs"][0]["id"].as_str().expect("an id"), "--timing"]);
    let stages = shown["timing"]["stages"].as_array().expect("stages");
    let label = stages.iter().find(|stage| stage["stage"] == "label").expect("it was computed");
    assert_eq!(label["computed"], json!(4), "{shown}");
    let explained = tree.json(&["why", second["runs"][0]["id"].as_str().expect("an id")]);
    assert!(explained["reasons"][0]["subject"].as_str().is_some_and(|subject| subject.contains("components")));
}

#[test]
fn rp_47_a_tree_runs_what_is_pending_and_shares_what_is_common() {
    let Some(tree) = example() else { return };

    let (first, _) = tree.run("tasks", &[]);

    let computed: Vec<_> = first["runs"].as_array().expect("runs").iter().map(|run| run["steps"].clone()).collect();
    assert_eq!(
        computed,
        [
            json!({"computed": 20, "reused": 0}),
            json!({"computed": 12, "reused": 8}),
            json!({"computed": 16, "reused": 4})
        ]
    );
    let (again, _) = tree.run("tasks", &["--set", "count/unused=1"]);
    let computed = again["runs"].as_array().expect("runs").iter().map(|run| run["steps"]["computed"].as_u64());
    assert_eq!(computed.collect::<Option<Vec<_>>>(), Some(vec![4, 4, 4]), "a value of the last stage alone");
}

#[test]
fn rp_17_a_ready_made_pipeline_is_described_once_by_the_worker() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write(
        "pkg/made.py",
        "from mendel.pipeline import Pipeline\nfrom pkg.stages import Blur, Load\n\n\nclass Made(Pipeline):\n    \
         def __init__(self, scopes=None):\n        super().__init__([Load(), Blur()], scopes=scopes or {})\n",
    );
    tree.lab.write("tree/task.yml", "runnable: true\npipeline: pkg.made.Made\ninput_ids: '1-2'\n");

    let (_, counted) = tree.run("tree", &[]);
    assert_eq!(counted, super::lab::counts(&[("load", 2), ("blur", 2)]));
    let shown = tree.json(&["show", "tree"]);
    assert_eq!(shown["stages"][1]["id"], "blur", "{shown}");

    let answer =
        tree.command(&["--json", "run", "tree"]).env("MENDEL_PACKAGE", "/nowhere").output().expect("it starts");
    let answer = crate::lab::Answer::of(&answer);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(steps(&answer.json()), (0, 4), "an unchanged pipeline starts no Python");

    tree.lab.edit("pkg/util.py", "value * by", "value * by + 1");
    assert_eq!(tree.run("tree", &[]).1, super::lab::counts(&[("blur", 2)]));
}
