//! Bad input: refused whole, with every fault at its place, and nothing run.

use super::lab::{ROOT, Tree};

#[track_caller]
fn refused(tree: &Tree, words: &[&str]) {
    tree.mendel(&["run", "tree", "--env", "system"]).refused(words);
    assert!(tree.counted().is_empty(), "nothing ran");
    let checked = tree.mendel(&["check", "tree"]);
    assert_eq!(checked.code, Some(2), "{}", checked.out);
}

#[test]
fn every_fault_of_a_tree_is_told_at_once_and_sound_tasks_stay_listed() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/a/task.yml", "config: [1, 2]\n");
    tree.lab.write("tree/b/task.yml", "input_ids: '4-2'\n");
    tree.lab.write("tree/c/task.yml", "base_config_path: nowhere.yml\n");
    tree.lab.write("tree/d/task.yml", "config: {segment: [\n");

    refused(&tree, &["tree/a/task.yml:1", "config", "tree/b/task.yml:1", "4-2", "nowhere.yml", "tree/d/task.yml"]);

    let listed = tree.mendel(&["--json", "status", "tree"]);
    assert_eq!(listed.code, Some(2));
    assert!(listed.json()["tasks"].to_string().contains("\"tree\""), "{}", listed.out);
    let answer = tree.mendel(&["--json", "run", "tree", "--env", "system", "--keep-going"]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(tree.counted().get("segment"), Some(&2));
}

#[test]
fn a_class_that_is_not_there_is_told_with_its_part_and_close_names() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Segment", "pkg.stages.Segmnt"));
    refused(&tree, &["tree/task.yml:2", "pkg.stages.Segmnt", "Segment"]);

    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Segment", "nopkg.stages.Segment"));
    refused(&tree, &["tree/task.yml:2", "nopkg"]);
}

#[test]
fn a_runnable_task_without_a_pipeline_is_told() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", "runnable: true\ninput_ids: 1\n");
    tree.lab.write("tree/x/task.yml", "config: {a: {b: 1}}\n");
    refused(&tree, &["tree/x", "no pipeline", "parents"]);
}

#[test]
fn an_order_that_cannot_be_names_classes_and_fields() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Load, ", ""));
    refused(&tree, &["tree/task.yml:2", "image", "pkg.stages.Blur"]);

    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Load,", "pkg.stages.Load, pkg.stages.Load,"));
    refused(&tree, &["tree/task.yml:2", "load"]);
}

#[test]
fn an_unknown_marginal_stage_is_told_with_the_known_ids() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", format!("{ROOT}marginal_stages: [lod]\n"));
    refused(&tree, &["tree/task.yml:6", "lod", "load", "segment"]);
}

#[test]
fn a_config_of_no_stage_is_a_warning_with_the_nearest_id() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit("tree/task.yml", "blur: {sigma: 2}", "blurr: {sigma: 2}");

    let answer = tree.mendel(&["run", "tree", "--env", "system"]);

    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("blurr") && answer.err.contains("did you mean `blur`"), "{}", answer.err);
}

#[test]
fn rp_16_what_runs_nothing_is_refused_and_a_task_that_is_not_there_is_told() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("runnable: true\n", ""));
    tree.mendel(&["run", "tree"]).refused(&["not_runnable", "tree"]);

    tree.mendel(&["run", "tree", "--task", "tree/y"]).refused(&["tree/y", "closest"]);
}

#[test]
fn a_wrong_module_is_told_with_close_names_of_its_part() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Segment", "pkg.stagse.Segment"));
    refused(&tree, &["tree/task.yml:2", "module `pkg` has no `stagse`", "did you mean `stages`"]);

    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Segment", "pgk.stages.Segment"));
    refused(&tree, &["tree/task.yml:2", "no module `pgk`", "did you mean `pkg`"]);
}

#[test]
fn a_pipeline_that_several_files_write_wrongly_is_told_once_with_its_tasks() {
    let Some(tree) = Tree::new() else { return };
    for task in ["a", "b", "c"] {
        tree.lab.write(&format!("tree/{task}/task.yml"), "pipeline: [pkg.stages.Lod]\n");
    }
    let answer = tree.mendel(&["run", "tree", "--env", "system"]);
    assert_eq!((answer.code, answer.err.matches("has no `Lod`").count()), (Some(2), 1), "{}", answer.err);
    answer.refused(&["tree/a/task.yml:1", "did you mean `Load`", "the same in `tree/b`, `tree/c`"]);
}

#[test]
fn a_lone_empty_file_is_a_node_and_a_grid_without_values_is_refused() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("lone/task.yml", "");
    tree.mendel(&["run", "lone"]).refused(&["not_runnable", "`lone`", "passes values down"]);
    assert_eq!(tree.mendel(&["status", "lone"]).code, Some(0));

    for grid in ["blur/sigma=", "k=", "blur/sigma=  "] {
        tree.mendel(&["run", "tree", "--grid", grid]).refused(&[grid, "gives no values", "=v1,v2"]);
    }
}

#[test]
fn a_failure_says_where_the_rest_of_its_console_is() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit("pkg/stages.py", "        count(\"load\")\n", "        raise ValueError('bad ' * input_id)\n");
    tree.lab.write("tree/task.yml", ROOT.replace("'1-2'", "'1-9'"));

    let answer = tree.mendel(&["run", "tree", "--env", "system", "--no-monitor"]);

    assert_eq!(answer.code, Some(1));
    assert!(answer.err.contains("`mendel logs @1` shows all of it"), "{}", answer.err);
    assert!(!answer.err.contains("not delivered"), "{}", answer.err);
    let log = tree.mendel(&["logs", "@1"]);
    assert_eq!(format!("{}{}", log.out, log.err).matches("Traceback").count(), 9);
}

#[test]
fn a_change_of_what_runs_at_import_is_told_in_words() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("pkg/first.py", "import os\n\nos.environ.setdefault('FIRST', '1')\n");
    tree.lab.write("pkg/second.py", "import os\n\nos.environ.setdefault('FIRST', '2')\n");
    tree.lab.edit("pkg/util.py", "def scale", "import pkg.first\nimport pkg.second\n\n\ndef scale");
    tree.run("tree", &[]);
    tree.lab.edit("pkg/util.py", "import pkg.first\nimport pkg.second", "import pkg.second\nimport pkg.first");

    let told = tree.mendel(&["status", "tree", "--explain"]).out;

    assert!(told.contains("order of what runs at import"), "{told}");
    assert!(!told.contains("): )") && !told.contains("import: )"), "{told}");
}
