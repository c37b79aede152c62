//! What is lost of a completed task: files of scopes, stored bytes, files that stages read.

use serde_json::json;

use super::lab::{ROOT, Tree, counts};

/// A tree whose first stage writes a file for each input, and reads another.
fn tree() -> Option<Tree> {
    let tree = Tree::new()?;
    tree.lab.write("tree/task.yml", format!("{ROOT}scopes: {{seg: 'seg/%d.txt', config: 'cfg/%d.yml'}}\n"));
    let body = "        count(\"load\")\n        open('data.txt').read()\n        path = pipeline.resolve(\"seg\", input_id)\n        path.parent.mkdir(exist_ok=True)\n        path.write_text(f'made {input_id}')\n";
    tree.lab.edit("pkg/stages.py", "        count(\"load\")\n", body);
    tree.lab.write("data.txt", "one");
    Some(tree)
}

#[test]
fn files_of_scopes_that_are_gone_or_changed_are_told_and_put_back() {
    let Some(tree) = tree() else { return };
    tree.run("tree", &[]);
    let config = tree.lab.read("tree/cfg/2.yml");
    std::fs::remove_dir_all(tree.lab.folder().join("tree/seg")).expect("it was there");
    std::fs::remove_file(tree.lab.folder().join("tree/cfg/2.yml")).expect("it was there");
    tree.lab.write("tree/cfg/1.yml", "other");

    let line = tree.status("tree");
    assert_eq!((&line["pending"], line["files"].as_array().map(Vec::len)), (&json!(""), Some(4)), "{line}");
    let told = tree.mendel(&["status", "tree", "--explain"]).out;
    let words = ["seg/1.txt` is missing", "cfg/1.yml` is not as its stage wrote it", "`mendel run` puts it back"];
    for word in words {
        assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(word), "`{word}` in {told}");
    }

    tree.forget_counts();
    let answer = tree.mendel(&["run", "tree", "--env", "system"]);
    assert_eq!((answer.code, tree.counted()), (Some(0), counts(&[])), "{}", answer.err);
    for word in ["put back `", "seg/1.txt`", "cfg/1.yml`, which had been changed", "up to date"] {
        assert!(answer.err.contains(word), "`{word}` in {}", answer.err);
    }
    assert_eq!((tree.lab.read("tree/seg/2.txt"), tree.lab.read("tree/cfg/2.yml")), ("made 2".to_owned(), config));
    assert!(tree.status("tree").get("files").is_none());
    let again = tree.mendel(&["run", "tree", "--env", "system"]);
    assert!(!again.err.contains("put back"), "{}", again.err);
}

#[test]
fn tasks_that_fill_one_path_differently_are_left_as_the_last_one_wrote_it() {
    let Some(tree) = tree() else { return };
    tree.lab.write("tree/task.yml", format!("{ROOT}scopes: {{config: '{{ROOTDIR}}/cfg/%d.yml'}}\n"));
    tree.lab.edit("pkg/stages.py", "\"seg\", input_id", "\"config\", 5");
    tree.lab.write("tree/x/task.yml", "config: {blur: {sigma: 5}}\n");
    tree.run("tree", &[]);
    let last = tree.lab.read("tree/cfg/1.yml");

    let again = tree.mendel(&["run", "tree", "--env", "system"]);

    assert!(!again.err.contains("put back"), "{}", again.err);
    assert_eq!(tree.lab.read("tree/cfg/1.yml"), last);
}

/// Spoils every stored byte.
fn spoil(tree: &Tree) -> usize {
    let mut open = vec![tree.lab.folder().join(".mendel/blobs"), tree.lab.outside("home/.mendel/blobs")];
    let mut spoiled = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o644)).expect("ours");
                std::fs::write(entry.path(), "spoiled").expect("ours");
                spoiled += 1;
            }
        }
    }
    spoiled
}

#[test]
fn stored_values_that_are_damaged_are_set_aside_computed_again_and_told() {
    let Some(tree) = tree() else { return };
    let (document, _) = tree.run("tree", &[]);
    assert!(spoil(&tree) > 0, "{document}");
    tree.lab.edit("tree/task.yml", "sigma: 2", "sigma: 4");

    tree.forget_counts();
    let answer = tree.mendel(&["run", "tree", "--env", "system", "--no-monitor"]);

    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(tree.counted().get("load"), Some(&2), "the damaged values are made again");
    for word in ["stage `load`, input 1", "damaged", "it is computed again"] {
        assert!(answer.err.contains(word), "`{word}` in {}", answer.err);
    }
    tree.run("tree", &[]);
    assert_eq!(tree.values("tree", "blurred")["2"], json!([0, 8, 16, 24]));
}

#[test]
fn a_damaged_file_of_a_scope_is_computed_again_and_told() {
    let Some(tree) = tree() else { return };
    tree.run("tree", &[]);
    spoil(&tree);
    tree.lab.write("tree/seg/1.txt", "other");

    tree.forget_counts();
    let answer = tree.mendel(&["run", "tree", "--env", "system", "--no-monitor"]);

    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(tree.lab.read("tree/seg/1.txt"), "made 1");
    assert!(answer.err.contains("seg/1.txt") && answer.err.contains("computed again"), "{}", answer.err);
}

#[test]
fn the_stage_that_read_a_changed_file_is_named() {
    let Some(tree) = tree() else { return };
    tree.run("tree", &[]);
    tree.lab.write("data.txt", "two");

    let line = tree.status("tree");

    assert_eq!((&line["pending"], &line["stage"]), (&json!("specification"), &json!("load")), "{line}");
    let told = tree.mendel(&["status", "tree", "--explain"]).out;
    assert!(told.contains("load: data.txt"), "{told}");
    let plan = tree.json(&["plan", "tree"]);
    let reason = plan["steps"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("file `data.txt` changed"), "{plan}");
    assert_eq!(tree.run("tree", &[]).1, counts(&[("load", 2)]));
}

#[test]
fn rp_46_a_field_that_a_later_stage_changed_in_place_is_listed_once() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit("pkg/stages.py", "count(\"blur\")\n", "count(\"blur\")\n        image[0] = 7\n");
    tree.run("tree", &[]);
    tree.lab.edit("tree/task.yml", "sigma: 2", "sigma: 3");
    tree.run("tree", &[]);

    for reference in ["@1", "@2", "tree"] {
        let inputs = tree.json(&["results", reference])["inputs"].clone();
        for input in inputs.as_array().expect("inputs") {
            let fields = input["fields"].as_object().expect("fields");
            for field in fields.values() {
                assert!(field["type"].is_string() && field["size"].is_u64() && field["run"].is_string(), "{field}");
                assert_eq!(field["hash"].as_str().map(str::len), Some(64), "{field}");
            }
            assert_eq!(fields["image"]["stage"], "blur", "{reference}: {input}");
        }
        let table = tree.mendel(&["results", reference, "--input", "1"]).out;
        assert_eq!(table.matches("image").count(), 1, "{table}");
        for word in ["INPUT", "FIELD", "TYPE", "SIZE", "DIGEST", "mask", "json"] {
            assert!(table.contains(word), "`{word}` in {table}");
        }
    }
    assert_eq!(tree.values("@1", "image")["1"], json!([7, 1, 2, 3]));
}

#[test]
fn a_pipeline_made_by_a_class_is_told_as_a_pipeline_by_check() {
    let Some(tree) = Tree::new() else { return };
    let class = "\n\nfrom mendel.pipeline import Pipeline\n\n\nclass Ready(Pipeline):\n    def __init__(self, scopes=None):\n        super().__init__([Load(), Blur(), Segment()], scopes)\n";
    let stages = tree.lab.read("pkg/stages.py");
    tree.lab.write("pkg/stages.py", format!("{stages}{class}"));
    tree.lab.write("tree/task.yml", "runnable: true\npipeline: pkg.stages.Ready\ninput_ids: 1\n");

    assert_eq!(tree.json(&["check", "tree"])["kind"], "staged");
    assert_eq!(tree.run("tree", &[]).1, counts(&[("load", 1), ("blur", 1), ("segment", 1)]));
    assert_eq!(tree.json(&["check", "tree"])["kind"], "staged");
}
