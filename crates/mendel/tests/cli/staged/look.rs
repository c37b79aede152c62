//! Looking at trees: what is inherited, from where, and what would run.

use serde_json::json;

use super::lab::{ROOT, Tree, counts, steps};

#[test]
fn rp_05_the_effective_config_comes_from_parent_base_file_and_own_section() {
    let Some(tree) = Tree::new() else { return };
    let pipeline = "runnable: true\npipeline: [pkg.stages.Load]\n";
    tree.lab.write(
        "tree/task.yml",
        format!("{pipeline}base_config_path: base.yml\nconfig: {{a: {{p: 1, n: {{u: 1, v: 2}}}}}}\n"),
    );
    tree.lab.write("tree/base.yml", "{a: {p: 100, n: {u: 100, w: 3}}, b: {q: 7}}\n");
    tree.lab.write("tree/x/task.yml", "base_config_path: own.yml\nconfig:\n  a:\n    n: {v: 20}\n");
    tree.lab.write("tree/x/own.yml", "{a: {p: 55, n: {v: 5, u: 9}}}\n");

    let root = tree.json(&["show", "tree"]);
    assert_eq!(root["config"], json!({"a": {"p": 1, "n": {"u": 1, "w": 3, "v": 2}}, "b": {"q": 7}}));
    let child = tree.json(&["show", "tree/x"]);
    assert_eq!(child["config"], json!({"a": {"p": 55, "n": {"u": 9, "w": 3, "v": 20}}, "b": {"q": 7}}));
    assert_eq!(child["origins"]["config/a/n/v"], "tree/x/task.yml:4");
    assert_eq!(child["origins"]["config/a/n/w"], "tree/base.yml:1");
    assert_eq!(child["kind"], "staged");
}

#[test]
fn rp_41_scopes_are_resolved_for_the_task_that_inherits_them() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", format!("{ROOT}scopes: {{seg: 'seg/%d.json'}}\n"));
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"load\")\n",
        "        count(\"load\")\n        path = pipeline.resolve(\"seg\", input_id)\n        path.parent.mkdir(exist_ok=True)\n        path.write_text(str(input_id))\n",
    );

    tree.run("tree", &[]);

    for place in ["tree/seg/1.json", "tree/x/seg/1.json"] {
        assert_eq!(tree.lab.read(place), "1", "{place} is there, made or put back");
    }
}

#[test]
fn a_plan_tells_each_step_and_the_tree_above_is_inherited_only() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    tree.lab.write("tree/x/y/task.yml", "config: {segment: {threshold: 4}}\n");
    tree.run("tree", &["--task", "tree"]);

    let plan = tree.json(&["plan", "tree/x"]);

    assert_eq!((&plan["compute"], &plan["reuse"]), (&json!(4), &json!(8)), "{plan}");
    let steps = plan["steps"].as_array().expect("steps");
    assert!(steps.iter().all(|step| step["task"] != "tree"), "{plan}");
    let computed: Vec<_> = steps.iter().filter(|step| step["action"] == "compute").collect();
    assert!(computed.iter().all(|step| step["stage"] == "segment" && step["reason"] != ""), "{plan}");
    let (document, _) = tree.run("tree/x", &["--with-ancestors"]);
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(3), "{document}");
}

#[test]
fn why_explains_what_is_pending_and_what_a_run_was_made_for() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);
    tree.lab.edit("tree/task.yml", "sigma: 2", "sigma: 3");

    let now = tree.json(&["why", "tree"]);
    assert_eq!(now["reasons"][0]["subject"], "blur/sigma", "{now}");
    tree.run("tree", &[]);
    let past = tree.json(&["why", "@2"]);
    assert_eq!(past["reasons"], now["reasons"]);
    assert_eq!(tree.json(&["why", "tree"])["reasons"], json!([]));
}

#[test]
fn scripts_of_a_tree_run_as_scripts() {
    let Some(tree) = Tree::new() else { return };
    tree.lab
        .write("tree/task.yml", ROOT.replace("pipeline: [pkg.stages.Load, pkg.stages.Blur, pkg.stages.Segment]\n", ""));
    tree.lab.write("tree/a/task.yml", "pipeline: [pkg.stages.Load]\n");
    tree.lab.write("tree/b/task.yml", "name: plain\n");
    tree.lab.write("tree/b/main.py", "print('plain')\n");

    let (document, _) = tree.run("tree", &["--under", "tree/a", "--under", "tree/b"]);

    let kinds: Vec<_> = document["tasks"].as_array().expect("tasks").iter().map(|task| task["kind"].clone()).collect();
    assert_eq!(kinds, ["staged", "folder"], "{document}");
}

#[test]
fn fingerprints_are_printed_for_the_worker() {
    let Some(tree) = Tree::new() else { return };

    let root = tree.lab.folder().display().to_string();
    let printed = tree.json(&["fingerprint", "--root", &root, "pkg.stages.Blur", "pkg.stages.Nothing"]);

    let blur = &printed["classes"][0];
    assert_eq!(blur["declaration"]["outputs"], json!(["blurred"]), "{printed}");
    assert!(blur["symbols"].get("pkg/util.py:scale").is_some(), "{printed}");
    assert!(printed["classes"][1].get("digest").is_none() && printed["classes"][1]["error"].is_string(), "{printed}");
}

#[test]
fn a_plan_knows_what_auto_configuration_made_where_all_before_is_as_it_was() {
    let Some(tree) = Tree::new() else { return };
    let rules = "    def configure(self, pipeline, input_id, *args, **kwargs):\n        \
                 return {\"sigma\": [input_id, 2]}\n\n    def process(self, image,";
    tree.lab.edit("pkg/stages.py", "    def process(self, image,", rules);
    tree.lab.write("tree/task.yml", ROOT.replace("blur: {sigma: 2}", "segment: {threshold: 1}"));
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    tree.lab.write("tree/y/task.yml", "config: {blur: {AF_sigma: 3}}\n");
    tree.run("tree", &["--task", "tree"]);

    let plan = tree.json(&["plan", "tree/x"]);
    let (document, counted) = tree.run("tree/x", &[]);
    assert_eq!((plan["compute"].as_u64(), plan["reuse"].as_u64()), (Some(2), Some(4)), "{plan}");
    assert_eq!((steps(&document), counted), ((2, 4), counts(&[("segment", 2)])));
    let plan = tree.json(&["plan", "tree/y"]);
    assert_eq!((plan["compute"].as_u64(), plan["reuse"].as_u64()), (Some(4), Some(2)), "another factor is not known");

    tree.lab.edit("pkg/stages.py", "OFFSET = 0", "OFFSET = 1");
    let plan = tree.json(&["plan", "tree/x"]);
    assert_eq!((plan["compute"].as_u64(), plan["reuse"].as_u64()), (Some(2), Some(4)), "its own completion tells");
}

#[test]
fn what_code_reaches_is_kept_and_every_edit_is_seen() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);
    assert_eq!(tree.status("tree")["pending"], "");

    tree.lab.edit("pkg/util.py", "value * by", "value * by + 0");
    for _ in 0..2 {
        let status = tree.status("tree");
        assert_eq!((&status["pending"], &status["stage"]), (&json!("pipeline"), &json!("blur")), "{status}");
        let told = status["reasons"][0]["subject"].as_str().unwrap_or_default().to_owned();
        assert!(told.contains("scale"), "the symbol is named, however its code is known: {status}");
    }
    tree.lab.edit("pkg/util.py", "value * by + 0", "value * by");
    assert_eq!(tree.status("tree")["pending"], "");
    // A package beats a module of its name, which nobody touched.
    tree.lab.write("pkg/util/__init__.py", "def scale(values, by):\n    return values\n");
    assert_eq!(tree.status("tree")["pending"], "pipeline");
    std::fs::remove_dir_all(tree.lab.folder().join("pkg/util")).expect("it is there");
    assert_eq!(tree.status("tree")["pending"], "");
}

#[test]
fn a_task_of_many_inputs_is_completed_looked_at_and_reset() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("'1-2'", "'1-1200'"));
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");

    let (document, _) = tree.run("tree", &["--task", "tree"]);

    assert_eq!(steps(&document), (3600, 0));
    assert_eq!(tree.status("tree")["pending"], "");
    let plan = tree.json(&["plan", "tree"]);
    assert_eq!(
        (plan["compute"].as_u64(), plan["reuse"].as_u64()),
        (Some(1200), Some(6000)),
        "of the task and its child"
    );
    assert_eq!(tree.json(&["results", "tree"])["inputs"].as_array().map(Vec::len), Some(1200));
    assert_eq!(tree.values("tree", "mask").as_object().map(serde_json::Map::len), Some(1200));
    tree.json(&["reset", "tree", "--yes"]);
    assert_eq!(tree.status("tree")["pending"], "incomplete");
}
