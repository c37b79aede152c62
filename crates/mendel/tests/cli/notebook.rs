//! Notebooks are run as scripts: their code cells in order, observed and reused alike.

use serde_json::json;

use crate::lab::{Lab, id};

fn notebook(cells: &[&str]) -> String {
    let mut all = vec![json!({"cell_type": "markdown", "source": ["# Words\n", "%run nothing"]})];
    all.extend(cells.iter().map(|source| json!({"cell_type": "code", "source": source, "outputs": []})));
    json!({"cells": all, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4}).to_string()
}

fn log(lab: &Lab, run: &serde_json::Value) -> String {
    lab.json(&["show", id(run), "--log"])["log"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn ct_18_a_notebook_is_an_entry_and_answers_the_second_time() {
    let lab = Lab::new();
    let cells =
        ["%matplotlib inline\nimport words", &lab.counting(), "words.count()\n", "!echo from {words.NAME} $PLACE"];
    lab.write("task/analysis.ipynb", notebook(&[&cells[..], &["PLACE = 'here'; !echo"][..0]].concat()));
    lab.write("task/words.py", "NAME = 'words'\ndef count():\n    return open('text.txt').read().split()\n");
    lab.write("task/text.txt", "one two");
    let words = ["run", "--env", "system", "--entry", "analysis.ipynb", "task"];

    let first = lab.json(&words);
    let log = log(&lab, &first["runs"][0]);
    assert!(log.contains("['one', 'two']"), "the value of the last line is shown:\n{log}");
    assert_eq!(lab.json(&words)["runs"][0]["id"], first["runs"][0]["id"], "nothing changed");
    lab.write("task/words.py", "NAME = 'words'\ndef count():\n    return 2\n");
    let edited = lab.json(&words);

    assert_ne!(edited["runs"][0]["id"], first["runs"][0]["id"], "a module that it imports is code of it");
    assert_eq!(lab.executions(), 2);
    lab.write("task/text.txt", "one two three");
    assert_eq!(lab.json(&words)["runs"][0]["id"], edited["runs"][0]["id"], "the file is not read any more");
}

#[test]
fn an_edited_cell_makes_the_result_stale() {
    let lab = Lab::new();
    lab.write("a.ipynb", notebook(&["import sys\nprint(sys.argv[1:])", &lab.counting()]));
    let first = lab.run(&["a.ipynb", "x"]);
    assert!(log(&lab, &first).contains("['x']"));
    assert_eq!(id(&lab.run(&["a.ipynb", "x"])), id(&first));
    lab.write("a.ipynb", notebook(&["import sys\nprint(sys.argv)", &lab.counting()]));

    assert_ne!(id(&lab.run(&["a.ipynb", "x"])), id(&first));
    assert_eq!(lab.executions(), 2);
}

#[test]
fn the_parser_of_a_notebook_gives_it_parameters() {
    let lab = Lab::new();
    let parser =
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float, default=0.1)";
    lab.write("a.ipynb", notebook(&[parser, "args = parser.parse_args()\nargs.lr"]));

    let run = lab.run(&["--set", "lr=0.5", "a.ipynb"]);

    assert_eq!(run["params"], json!({"lr": 0.5}));
    assert!(log(&lab, &run).contains("0.5"));
}

#[test]
fn a_fault_of_a_cell_is_told_with_cell_and_line() {
    let lab = Lab::new();
    lab.write("a.ipynb", notebook(&["x = 1", "y = 2\nz = x / (y - 2)\n"]));
    let answer = lab.mendel(&["run", "--env", "system", "a.ipynb"]);
    assert_eq!(answer.code, Some(1));
    let told = answer.out.clone() + &answer.err;
    assert!(told.contains("a.ipynb, cell 2") && told.contains("line 2") && told.contains("z = x / (y - 2)"), "{told}");
    assert!(!told.contains("notebook.py"), "only frames of the notebook are told:\n{told}");

    lab.write("a.ipynb", notebook(&[&lab.counting(), "%run other.py\n", "x = 1\n!pip install numpy"]));
    lab.mendel(&["run", "--env", "system", "a.ipynb"]).refused(&[
        "cell 2, line 1",
        "%run",
        "cell 3, line 2",
        "requirements.txt",
    ]);
    assert_eq!(lab.executions(), 0);
}

#[test]
fn ct_28_a_notebook_is_replayed_from_its_snapshot() {
    let lab = Lab::new();
    lab.write("task/a.ipynb", notebook(&["print('before')"]));
    let first = lab.json(&["run", "--env", "system", "--entry", "a.ipynb", "task"]);
    lab.write("task/a.ipynb", notebook(&["print('after')"]));

    let again = lab.json(&["rerun", "--env", "system", id(&first["runs"][0])]);

    assert!(log(&lab, &again["runs"][0]).contains("before"));
}
