//! Results computed again and compared: what is not deterministic is found, named and remembered.

use serde_json::json;

use super::lab::Tree;

/// The answer of an audit, and its exit code.
fn audit(tree: &Tree, words: &[&str]) -> (serde_json::Value, Option<i32>) {
    let answer = tree.mendel(&[&["--json", "audit"], words].concat());
    assert!(answer.code == Some(0) || answer.code == Some(1), "{}{}", answer.out, answer.err);
    (answer.json(), answer.code)
}

#[test]
fn a_stage_that_makes_something_else_each_time_is_found_and_named() {
    let Some(tree) = Tree::new() else { return };
    let random = "import random\n        return {\"mask\": [random.random() for value in blurred]}";
    tree.lab.edit(
        "pkg/stages.py",
        "return {\"mask\": [value + OFFSET > config.get(\"threshold\", 1) for value in blurred]}",
        random,
    );
    tree.run("tree", &[]);

    let (found, code) = audit(&tree, &["--sample", "100%"]);

    assert_eq!((code, &found["stored"], &found["sampled"], &found["same"]), (Some(1), &json!(6), &json!(6), &json!(4)));
    let differences = found["differences"].as_array().expect("differences");
    assert_eq!(differences.len(), 2, "{found}");
    for (one, input) in differences.iter().zip([1, 2]) {
        assert_eq!((&one["stage"], &one["input"], &one["field"]), (&json!("segment"), &json!(input), &json!("mask")));
        assert!(one["first"].as_str().is_some_and(|first| first.starts_with("byte ")), "{one}");
    }
    let input = &tree.json(&["results", "tree"])["inputs"][0]["fields"];
    assert_eq!(input["mask"]["nondeterministic"], json!(true), "{input}");
    assert_eq!(input["image"]["nondeterministic"], json!(false), "{input}");
    let table = tree.mendel(&["results", "tree"]).out;
    assert_eq!(table.matches("(nondeterministic)").count(), 2, "{table}");
    let told = tree.mendel(&["audit", "@1", "--sample", "6"]);
    assert_eq!(told.code, Some(1));
    for word in ["not deterministic: `segment`", "FIRST DIFFERENCE", "mask"] {
        assert!(told.out.contains(word), "`{word}` in {}", told.out);
    }
}

#[test]
fn stages_and_scripts_that_make_the_same_are_told_to_and_a_sample_is_chosen_by_its_seed() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);
    tree.lab.write("plain.py", "open('out.txt', 'w').write('same')\n");
    tree.json(&["run", "--no-monitor", "--env", "system", "plain.py"]);

    let (found, code) = audit(&tree, &["--sample", "100%"]);
    assert_eq!((code, &found["sampled"], &found["same"]), (Some(0), &json!(7), &json!(7)), "{found}");
    assert_eq!(found["differences"], json!([]));
    // The runs that an audit makes are none of those it looks at.
    let (found, _) = audit(&tree, &[]);
    assert_eq!((&found["stored"], &found["sampled"]), (&json!(7), &json!(1)), "{found}");
    let (found, code) = audit(&tree, &["tree", "--sample", "2", "--seed", "5"]);
    assert_eq!((code, &found["stored"], &found["sampled"]), (Some(0), &json!(6), &json!(2)), "{found}");
    tree.mendel(&["audit", "--sample", "0%"]).refused(&["0%"]);
}

#[test]
fn a_script_that_writes_something_else_each_time_is_found() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("dice.py", "import os\nopen('out.txt', 'w').write(os.urandom(8).hex())\n");
    tree.json(&["run", "--no-monitor", "--env", "system", "dice.py"]);

    let (found, code) = audit(&tree, &["--sample", "1"]);

    assert_eq!((code, found["differences"].as_array().map(Vec::len)), (Some(1), Some(1)), "{found}");
    assert_eq!(found["differences"][0]["field"], "out.txt", "{found}");
}
