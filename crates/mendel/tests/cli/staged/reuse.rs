//! What is reused: by children, by siblings, by a second run.

use super::lab::{Tree, counts, steps};

#[test]
fn rp_15_a_second_run_computes_nothing_makes_no_run_and_starts_no_python() {
    let Some(tree) = Tree::new() else { return };

    let (first, counted) = tree.run("tree", &[]);
    assert_eq!(counted, counts(&[("load", 2), ("blur", 2), ("segment", 2)]));
    assert_eq!(steps(&first), (6, 0));
    assert_eq!(tree.status("tree")["pending"], "");

    let mut command = tree.command(&["--json", "run", "tree", "--env", "system"]);
    // With an interpreter that cannot run anything.
    let answer = crate::lab::Answer::of(&command.env("MENDEL_PACKAGE", "/nowhere").output().expect("it starts"));
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(steps(&answer.json()), (0, 6));
    assert_eq!(answer.json()["runs"][0]["id"], first["runs"][0]["id"]);
    assert!(answer.err.contains("same work as @1"), "{}", answer.err);
    assert_eq!(tree.json(&["runs"])["total"], 1);
}

#[test]
fn rp_23_a_child_that_changes_the_last_stage_runs_only_that() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    tree.run("tree", &["--task", "tree"]);

    let (document, counted) = tree.run("tree", &[]);

    assert_eq!(counted, counts(&[("segment", 2)]));
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(2), "{document}");
    assert_eq!(tree.values("tree/x", "mask")["1"], serde_json::json!([false, false, true, true]));
    assert_eq!(tree.values("tree", "mask")["1"], serde_json::json!([false, true, true, true]));
}

#[test]
fn rp_25_siblings_under_an_abstract_parent_share_their_first_stages() {
    let Some(tree) = Tree::new() else { return };
    let root = super::lab::ROOT.replace("runnable: true\n", "");
    tree.lab.write("tree/task.yml", root);
    tree.lab.write("tree/a/task.yml", "runnable: true\nconfig: {segment: {threshold: 2}}\n");
    tree.lab.write("tree/b/task.yml", "runnable: true\nconfig: {segment: {threshold: 3}}\n");

    let (_, counted) = tree.run("tree", &["--jobs", "2"]);

    assert_eq!(counted, counts(&[("load", 2), ("blur", 2), ("segment", 4)]), "shared work is done once, side by side");
    assert_eq!(tree.status("tree")["runnable"], false);
}

#[test]
fn rp_28_pickup_can_be_turned_off() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);

    let (_, counted) = tree.run("tree", &["--no-pickup"]);

    assert_eq!(counted, counts(&[("load", 2), ("blur", 2), ("segment", 2)]));
}

#[test]
fn rp_32_marginal_outputs_are_not_stored_and_made_again_when_they_are_needed() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", format!("{}marginal_stages: [load]\n", super::lab::ROOT));
    tree.run("tree", &[]);
    let stored = tree.json(&["results", "tree"]);
    let fields: Vec<_> = stored["inputs"][0]["fields"].as_object().expect("fields").keys().cloned().collect();
    assert_eq!(fields, ["blurred", "mask"]);

    tree.lab.edit("tree/task.yml", "sigma: 2", "sigma: 3");
    let (_, counted) = tree.run("tree", &[]);

    assert_eq!(counted, counts(&[("load", 2), ("blur", 2), ("segment", 2)]));
}

#[test]
fn early_cut_off_spares_what_follows_equal_bytes() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);

    tree.lab.edit("pkg/util.py", "value * by", "by * value");
    let (document, counted) = tree.run("tree", &[]);
    assert_eq!(counted, counts(&[("blur", 2)]));
    assert_eq!(steps(&document), (2, 4));

    tree.lab.edit("pkg/util.py", "by * value", "value * by + 0");
    let (_, counted) = tree.run("tree", &["--no-cutoff"]);
    assert_eq!(counted, counts(&[("blur", 2), ("segment", 2)]));
}

#[test]
fn a_grid_makes_a_child_for_each_cell_and_shares_their_stages() {
    let Some(tree) = Tree::new() else { return };

    let (document, counted) = tree.run("tree", &["--grid", "segment/threshold=1,2,3"]);

    assert_eq!(counted, counts(&[("load", 2), ("blur", 2), ("segment", 6)]));
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(3), "{document}");
    assert!(document["batch"].is_string(), "{document}");
}

#[test]
fn rp_29_marginal_outputs_are_stored_when_they_are_asked_for() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", format!("{}marginal_stages: [pkg.stages.Load]\n", super::lab::ROOT));

    tree.run("tree", &["--keep-marginals"]);

    let stored = tree.json(&["results", "tree"]);
    let fields: Vec<_> = stored["inputs"][0]["fields"].as_object().expect("fields").keys().cloned().collect();
    assert_eq!(fields, ["blurred", "image", "mask"]);
}

#[test]
fn rp_39_a_run_tells_what_each_stage_took_and_how_much_was_reused() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    tree.run("tree", &[]);

    let shown = tree.json(&["show", "@2", "--timing"]);

    let stages = shown["timing"]["stages"].as_array().cloned().expect("stages");
    let counts: Vec<_> = stages
        .iter()
        .map(|stage| (stage["stage"].as_str(), stage["computed"].as_u64(), stage["reused"].as_u64()))
        .collect();
    let wanted = [("load", 0, 2), ("blur", 0, 2), ("segment", 2, 0)];
    assert_eq!(counts, wanted.map(|(stage, computed, reused)| (Some(stage), Some(computed), Some(reused))));
    assert!(tree.mendel(&["show", "@2", "--timing"]).out.contains("reused"));
}
