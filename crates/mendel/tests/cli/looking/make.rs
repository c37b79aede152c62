//! Making projects and tasks, and judging them before they run.

use serde_json::json;

use crate::lab::{Lab, tree};

#[test]
fn ct_03_a_project_has_a_name_and_a_description_of_its_own() {
    let lab = Lab::new();

    let made = lab.json(&["project", "create", "cells", "--description", "finds cells"]);

    assert_eq!((&made["name"], &made["description"]), (&json!("cells"), &json!("finds cells")));
    lab.mendel(&["project", "create", "cells"]).refused(&["there is a project `cells` already"]);
    assert_eq!(lab.json(&["project", "show", "cells"])["description"], "finds cells");
    lab.mendel(&["project", "show", "cell"]).refused(&["`cell`", "`cells`"]);
}

#[test]
fn ct_04_a_project_has_a_type_that_exists() {
    let lab = Lab::new();

    assert_eq!(lab.json(&["project", "create", "a", "--type", "vision"])["type"], "computer-vision");
    assert_eq!(lab.json(&["project", "create", "b", "--type", "10"])["type"], "nlp");
    lab.mendel(&["project", "create", "c", "--type", "vison"]).refused(&["`vison`", "vision"]);
    assert_eq!(lab.json(&["project", "ls"])["projects"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_folder_becomes_a_project_with_a_workspace_once() {
    let lab = Lab::new();

    let made = lab.json(&["init", "demo", "--type", "nlp"]);

    assert_eq!(made["project"], "demo");
    assert!(made["workspace"].as_str().is_some_and(|path| path.ends_with("demo/.mendel")), "{made}");
    let file = lab.read("demo/mendel.toml");
    assert_eq!(lab.json(&["init", "demo"])["project"], "demo");
    assert_eq!(lab.read("demo/mendel.toml"), file, "what is there stays");
    lab.mendel(&["init", "other", "--type", "cooking"]).refused(&["`cooking` is not a project type"]);
    assert!(!lab.folder().join("other").exists());
}

#[test]
fn ct_09_every_template_runs_without_an_edit() {
    let lab = Lab::new();
    let templates = lab.json(&["templates"])["templates"].as_array().cloned().expect("a list");
    assert!(templates.len() >= 5);

    for template in &templates {
        let name = template["name"].as_str().expect("a name");
        assert_eq!(lab.json(&["new", name, "--template", name])["template"], name);
        assert_eq!(lab.json(&["check", name])["ok"], true, "{name}");
        let run = lab.run(&[name]);
        assert_eq!(run["status"], "completed", "{name}");
        assert!(run["params"].as_object().is_some_and(|params| !params.is_empty()), "{name}");
    }
}

#[test]
fn ct_08_a_task_is_made_of_a_folder_without_what_it_ignores() {
    let lab = Lab::new();
    lab.write("old/main.py", "print('x')\n");
    lab.write("old/deep/er/data.txt", "data");
    lab.write("old/__pycache__/main.pyc", "bytes");

    lab.json(&["new", "copy", "--from", "old"]);

    let copied: Vec<String> = tree(&lab.folder().join("copy"))
        .into_keys()
        .map(|path| path.strip_prefix(lab.folder().join("copy")).expect("below").display().to_string())
        .collect();
    assert_eq!(copied, ["deep/er/data.txt", "main.py"]);
    lab.mendel(&["new", "copy", "--empty"]).refused(&["`copy` exists and is not empty"]);
    lab.mendel(&["new", "other", "--template", "clasification"]).refused(&["`classification`"]);
}

#[test]
fn ct_11_an_empty_folder_is_told_all_it_lacks_at_once() {
    let lab = Lab::new();
    lab.json(&["new", "bare", "--empty"]);

    let answer = lab.mendel(&["check", "bare", "--json"]);

    assert_eq!(answer.code, Some(2));
    let found = answer.json();
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"][0]["code"], "entry_missing");
    assert!(found["problems"][0]["hint"].as_str().is_some_and(|hint| hint.contains("mendel new")), "{found}");
    let notes = found["notes"].to_string();
    assert!(notes.contains("task.yaml") && notes.contains("requirements.txt"), "{notes}");
}

#[test]
fn ct_20_every_fault_of_a_task_file_is_told_with_its_place() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('x')\n");
    lab.write(
        "task/task.yaml",
        "name: Demo\nparams:\n  lr: {type: float, default: fast}\n  depth: {type: integre, default: 3}\n",
    );

    let answer = lab.mendel(&["check", "task", "--json"]);

    assert_eq!(answer.code, Some(2));
    let found = answer.json();
    let lines: Vec<_> = found["problems"].as_array().into_iter().flatten().map(|fault| fault["line"].clone()).collect();
    assert_eq!(lines, [json!(3), json!(4)], "{found}");
    assert!(answer.err.is_empty(), "{}", answer.err);
}

#[test]
fn imports_are_looked_for_only_when_asked() {
    let lab = Lab::new();
    lab.write("task/main.py", "import json\nimport helper\nimport not_there_at_all\n");
    lab.write("task/helper.py", "");

    assert_eq!(lab.json(&["check", "task"])["ok"], true);
    let answer = lab.mendel(&["check", "task", "--imports", "--json"]);
    assert_eq!(answer.code, Some(2));
    let found = answer.json();
    assert_eq!(found["problems"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!((&found["problems"][0]["line"], &found["problems"][0]["key"]), (&json!(3), &json!("not_there_at_all")));
}
