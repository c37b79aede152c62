//! What an edit makes pending, and what runs then.

use serde_json::json;

use super::lab::{ROOT, Tree, counts};

#[test]
fn rp_13_an_edit_of_a_stage_is_named_and_runs_from_there() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);

    tree.lab.edit(
        "pkg/stages.py",
        "scale(image, config.get(\"sigma\", 1))",
        "scale(image, 1 + config.get(\"sigma\", 1))",
    );

    let status = tree.status("tree");
    assert_eq!((&status["pending"], &status["stage"]), (&json!("pipeline"), &json!("blur")));
    assert!(status["reasons"].to_string().contains("pkg/stages.py: Blur.process"), "{status}");
    let (_, counted) = tree.run("tree", &[]);
    assert_eq!(counted, counts(&[("blur", 2), ("segment", 2)]));
    assert_eq!(tree.values("tree", "blurred")["1"], json!([0, 3, 6, 9]));
}

#[test]
fn rp_22_helpers_and_constants_count_comments_and_docstrings_do_not() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);

    tree.lab.edit(
        "pkg/util.py",
        "def scale(values, by):\n",
        "# a comment\ndef scale(values, by):\n    '''Scales.'''\n",
    );
    assert_eq!(tree.status("tree")["pending"], "");
    assert_eq!(tree.run("tree", &[]).1, counts(&[]));

    tree.lab.edit("pkg/util.py", "value * by", "value * by + 1");
    let status = tree.status("tree");
    assert!(status["reasons"].to_string().contains("pkg/util.py: scale"), "{status}");
    assert_eq!(tree.run("tree", &[]).1, counts(&[("blur", 2), ("segment", 2)]));

    tree.lab.edit("pkg/stages.py", "OFFSET = 0", "OFFSET = 5");
    assert_eq!(tree.status("tree")["stage"], "segment");
    assert_eq!(tree.run("tree", &[]).1, counts(&[("segment", 2)]));
}

#[test]
fn rp_14_a_changed_hyperparameter_is_told_with_both_values_and_its_line() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);

    tree.lab.edit("tree/task.yml", "sigma: 2", "sigma: 3");

    let status = tree.status("tree");
    assert_eq!((&status["pending"], &status["stage"]), (&json!("specification"), &json!("blur")));
    let reason = &status["reasons"][0];
    assert_eq!((&reason["before"], &reason["after"]), (&json!("2"), &json!("3")), "{status}");
    assert_eq!((&reason["file"], &reason["line"]), (&json!("tree/task.yml"), &json!(5)), "{status}");
    let told = tree.mendel(&["status", "tree", "--explain"]);
    assert!(told.out.contains("blur: sigma 2 -> 3 (tree/task.yml:5)"), "{}", told.out);
}

#[test]
fn rp_10_the_order_of_keys_and_list_values_make_nothing_pending() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("{sigma: 2}", "{sigma: 2, sizes: [1, 2]}"));
    tree.run("tree", &[]);

    tree.lab.write("tree/task.yml", ROOT.replace("{sigma: 2}", "{sizes: [1, 2], sigma: 2}"));

    assert_eq!(tree.status("tree")["pending"], "");
    assert_eq!(tree.run("tree", &[]).1, counts(&[]));
}

#[test]
fn rp_24_a_stage_that_came_or_went_is_the_pipeline_that_changed() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace(", pkg.stages.Segment", ""));
    tree.run("tree", &[]);

    tree.lab.write("tree/task.yml", ROOT);
    let status = tree.status("tree");
    assert_eq!((&status["pending"], &status["stage"]), (&json!("pipeline"), &json!("segment")));
    assert_eq!(tree.run("tree", &[]).1, counts(&[("segment", 2)]));

    tree.lab.write("tree/task.yml", ROOT.replace(", pkg.stages.Segment", ""));
    assert_eq!(tree.status("tree")["pending"], "pipeline");
    assert_eq!(tree.run("tree", &[]).1, counts(&[]));
    let stored = tree.json(&["results", "tree"]);
    assert!(stored["inputs"][0]["fields"].get("mask").is_none(), "{stored}");
}

#[test]
fn a_disabled_stage_is_absent_by_choice() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("config:\n", "config:\n  segment: {enabled: false}\n"));

    let (_, counted) = tree.run("tree", &[]);
    assert_eq!(counted, counts(&[("load", 2), ("blur", 2)]));
    assert_eq!(tree.run("tree", &[]).1, counts(&[]));

    tree.lab.write("tree/task.yml", ROOT.replace("{sigma: 2}", "{sigma: 2, enabled: false}"));
    tree.mendel(&["run", "tree"]).refused(&["segment", "blurred", "blur", "enabled"]);
}

#[test]
fn rp_12_a_task_that_was_never_run_is_incomplete() {
    let Some(tree) = Tree::new() else { return };

    let status = tree.status("tree");

    assert_eq!((&status["pending"], &status["stage"]), (&json!("incomplete"), &json!("load")));
    let plan = tree.json(&["plan", "tree"]);
    assert_eq!((&plan["compute"], &plan["reuse"]), (&json!(6), &json!(0)), "{plan}");
}
