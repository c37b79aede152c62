//! What a pipeline may name: functions with `@stage`, classes of installed packages, and what is none of these.

use serde_json::json;

use super::lab::{ROOT, Tree, counts, steps};

const FUNCTIONS: &str = r#"
from mendel import stage
from pkg.stages import count
from pkg.util import scale


@stage(outputs="image")
def load(input_id, size=4):
    count("load")
    return [input_id * step for step in range(size)]


@stage(outputs="blurred")
def blur(image, sigma=1):
    count("blur")
    return scale(image, sigma)


def _measure(blurred):
    count("area")
    return sum(blurred)


area = stage(outputs="area", id="area")(_measure)


def plain(x):
    return x


NUMBER = 5
"#;

fn tree() -> Option<Tree> {
    let tree = Tree::new()?;
    tree.lab.write("pkg/functions.py", FUNCTIONS);
    tree.lab.write(
        "tree/task.yml",
        "runnable: true\npipeline: [pkg.functions.load, pkg.functions.blur, pkg.functions.area]\ninput_ids: '1-2'\nconfig:\n  blur: {sigma: 2}\n",
    );
    Some(tree)
}

#[test]
fn functions_with_stage_are_checked_run_and_followed_as_classes_are() {
    let Some(tree) = tree() else { return };
    assert_eq!(tree.json(&["check", "tree"])["ok"], json!(true));
    assert_eq!(tree.status("tree")["pending"], "incomplete");

    let all = counts(&[("load", 2), ("blur", 2), ("area", 2)]);
    assert_eq!(tree.run("tree", &[]).1, all);
    assert_eq!(tree.values("tree", "area"), json!({"1": 12, "2": 24}));
    assert_eq!(tree.status("tree")["pending"], "", "{}", tree.status("tree"));
    assert_eq!(steps(&tree.run("tree", &[]).0), (0, 6));

    tree.lab.edit("pkg/util.py", "value * by", "value * by + 0");
    assert_eq!(tree.status("tree")["pending"], "pipeline");
    assert_eq!(tree.run("tree", &[]).1.get("blur"), Some(&2));
    assert_eq!(tree.status("tree")["pending"], "");
    tree.lab.edit("pkg/functions.py", "return sum(blurred)", "return sum(blurred) + 1");
    assert_eq!(tree.status("tree")["pending"], "pipeline");
    assert_eq!(tree.run("tree", &[]).1.get("area"), Some(&2));
    assert_eq!(tree.values("tree", "area"), json!({"1": 13, "2": 25}));
    tree.lab.edit("pkg/functions.py", "def plain(x):", "def plain(x, y=1):");
    assert_eq!(tree.status("tree")["pending"], "");

    let root = tree.lab.folder().display().to_string();
    let printed = tree.json(&["fingerprint", "--root", &root, "pkg.functions.blur"]);
    assert!(printed["classes"][0]["symbols"].get("pkg/util.py:scale").is_some(), "{printed}");
}

#[test]
fn a_plain_function_or_a_constant_is_no_stage() {
    let Some(tree) = tree() else { return };
    for name in ["plain", "NUMBER"] {
        tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Load", &format!("pkg.functions.{name}")));
        let words = ["tree/task.yml:2", name, "is no stage", "`@stage`"];
        tree.mendel(&["run", "tree", "--env", "system"]).refused(&words);
        // What a value is, only Python could tell.
        let is_told = name == "plain";
        assert_eq!(tree.mendel(&["check", "tree"]).code, Some(if is_told { 2 } else { 0 }), "{name}");
    }
}

/// A package in an environment of its own.
fn install(tree: &Tree, version: &str) -> String {
    let site = tree.lab.outside("lib");
    let info = site.join(format!("cellkit-{version}.dist-info"));
    let _ = std::fs::remove_dir_all(&site);
    std::fs::create_dir_all(site.join("cellkit")).expect("ours");
    std::fs::create_dir_all(&info).expect("ours");
    let stages = super::lab::STAGES
        .replace("from pkg.util import scale", "scale = lambda values, by: [value * by for value in values]");
    std::fs::write(site.join("cellkit/__init__.py"), "").expect("ours");
    std::fs::write(site.join("cellkit/stages.py"), stages).expect("ours");
    std::fs::write(info.join("METADATA"), format!("Metadata-Version: 2.1\nName: cellkit\nVersion: {version}\n"))
        .expect("ours");
    std::fs::write(info.join("RECORD"), "cellkit/__init__.py,,\ncellkit/stages.py,,\n").expect("ours");
    site.display().to_string()
}

#[test]
fn stages_of_an_installed_package_count_by_its_version() {
    let Some(tree) = Tree::new() else { return };
    let run = |tree: &Tree, words: &[&str], site: &str| {
        let mut command = tree.command(&[&["--json"], words].concat());
        let answer = crate::lab::Answer::of(&command.env("PYTHONPATH", site).output().expect("the binary starts"));
        assert_eq!(answer.code, Some(0), "{words:?} {}{}", answer.out, answer.err);
        answer.json()
    };
    let site = install(&tree, "1.0");
    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages", "cellkit.stages"));
    let words = ["run", "tree", "--env", "system", "--no-monitor"];

    assert_eq!(run(&tree, &["check", "tree"], &site)["kind"], "staged");
    run(&tree, &words, &site);
    assert_eq!(tree.counted().len(), 3);
    tree.forget_counts();
    assert_eq!(run(&tree, &["status", "tree"], &site)["tasks"][0]["pending"], "");
    run(&tree, &words, &site);
    assert_eq!(tree.counted(), counts(&[]));

    let site = install(&tree, "1.1");
    assert_eq!(run(&tree, &["status", "tree"], &site)["tasks"][0]["pending"], "pipeline");
    run(&tree, &words, &site);
    assert_eq!(tree.counted(), counts(&[("load", 2), ("blur", 2), ("segment", 2)]));
    tree.lab.write("tree/task.yml", ROOT.replace("pkg.stages.Load", "cellkid.stages.Load"));
    let refused = tree.command(&["run", "tree", "--env", "system"]).env("PYTHONPATH", &site).output().expect("starts");
    crate::lab::Answer::of(&refused).refused(&["tree/task.yml:2", "no module `cellkid`"]);
}
