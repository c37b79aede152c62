//! Values that come from the machine, and what a request means besides its words.

use std::process::Command;

use super::reason;
use crate::lab::{Answer, Lab, id};

fn with(lab: &Lab, name: &str, value: &str, words: &[&str]) -> serde_json::Value {
    let words = [&["--json", "run", "--no-monitor", "--env", "system"], words].concat();
    let mut command: Command = lab.command(&words);
    let answer = Answer::of(&command.env(name, value).output().expect("it starts"));
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    answer.json()["runs"][0].clone()
}

#[test]
fn p7_a_default_taken_from_the_environment_is_never_answered_with_its_old_value() {
    let lab = Lab::new();
    let script = "import argparse, os\nparser = argparse.ArgumentParser()\n\
        parser.add_argument('--data', default=os.environ.get('DATA_DIR', '/data'))\nprint(parser.parse_args().data)\n";
    lab.write("s.py", lab.counting() + script);

    let first = with(&lab, "DATA_DIR", "/a", &["s.py"]);
    let second = with(&lab, "DATA_DIR", "/b", &["s.py"]);

    assert_ne!(id(&first), id(&second));
    assert_eq!((first["params"]["data"].as_str(), second["params"]["data"].as_str()), (Some("/a"), Some("/b")));
    assert_eq!(lab.executions(), 2);
}

#[test]
fn p7_a_default_that_follows_from_code_files_and_variables_is_answered() {
    let lab = Lab::new();
    lab.write("helper.py", "def pick():\n    return 'a' + 'b'\n");
    lab.write("set.json", "{\"lr\": 0.1}");
    let script = "import argparse, json, os, pathlib, helper\nparser = argparse.ArgumentParser()\n\
        class A:\n    N = 3\n\
        with open('set.json') as file:\n    settings = json.load(file)\n\
        parser.add_argument('--out', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data'))\n\
        parser.add_argument('--runs', default=pathlib.Path('runs') / 'x', type=pathlib.Path)\n\
        parser.add_argument('--n', default=A.N, type=int)\n\
        parser.add_argument('--lr', default=settings['lr'], type=float)\n\
        parser.add_argument('--pick', default=helper.pick())\n\
        parser.add_argument('--workers', default=os.cpu_count(), type=int)\nparser.parse_args()\n";
    lab.write("s.py", lab.counting() + script);

    let first = lab.run(&["s.py"]);
    assert_eq!(id(&lab.run(&["s.py"])), id(&first));
    lab.edit("helper.py", "'b'", "'c'");
    assert_eq!(lab.run(&["s.py"])["params"]["pick"], "ac");
    lab.write("set.json", "{\"lr\": 0.2}");
    assert_eq!(lab.run(&["s.py"])["params"]["lr"], 0.2);
    assert_eq!(lab.executions(), 3);
}

#[test]
fn p7_a_default_of_a_passing_moment_is_followed_through_functions() {
    let lab = Lab::new();
    lab.write("helper.py", "import random\ndef draw():\n    return random.random()\ndef pick():\n    return draw()\n");
    let script = "import argparse\nfrom helper import pick\nparser = argparse.ArgumentParser()\n\
        parser.add_argument('--seed', default=pick(), type=float)\nparser.parse_args()\n";
    lab.write("s.py", lab.counting() + script);

    lab.run(&["s.py"]);
    lab.run(&["s.py"]);

    assert_eq!(lab.executions(), 2);
}

#[test]
fn p7_arguments_that_depend_on_the_machine_are_known_only_once_they_are_read() {
    let lab = Lab::new();
    let script = "import argparse, os, time\nparser = argparse.ArgumentParser()\n\
        if os.environ.get('DEBUG'):\n    parser.add_argument('--depth', default=3, type=int)\n\
        parser.add_argument('--name', default=time.strftime('%H%M%S') + str(time.time_ns()))\nparser.parse_args()\n";
    lab.write("s.py", lab.counting() + script);

    let first = lab.run(&["s.py"]);
    let second = lab.run(&["s.py"]);

    assert_ne!(first["params"]["name"], second["params"]["name"]);
    assert_eq!(lab.executions(), 2);
}

#[test]
fn p7_a_variable_that_the_code_asks_for_counts_and_a_copy_of_all_does_not() {
    let lab = Lab::new();
    let script = "import os\ncopy = {**os.environ}\nos.environ.copy()\nprint(os.environ.get('SCALE', '1'))\n";
    lab.write("s.py", lab.counting() + script);

    let first = with(&lab, "SCALE", "1", &["s.py"]);
    assert_eq!(id(&with(&lab, "SCALE", "1", &["s.py"])), id(&first));
    let second = with(&lab, "SCALE", "2", &["s.py"]);
    assert_ne!(id(&second), id(&first));
    let why = reason(&lab, &second);
    assert_eq!((why["kind"].as_str(), why["subject"].as_str()), (Some("variable"), Some("SCALE")));
    assert_eq!(lab.executions(), 2);
}

#[test]
fn p7_a_narrowed_request_answers_no_other_and_its_input_must_exist() {
    let lab = Lab::new();
    lab.write("a.txt", "1");
    lab.write("b.txt", "1");
    let command = ["--", "sh", "-c", "cat a.txt b.txt"];
    lab.run(&[&["--input", "a.txt"], &command[..]].concat());
    lab.write("b.txt", "2");

    let whole = lab.run(&command);
    assert_eq!(whole["reused"], serde_json::Value::Null);
    assert_eq!(lab.json(&["runs"])["total"], 2, "the narrowed one does not answer");
    lab.mendel(&["run", "--input", "nope", "--", "true"]).refused(&["nope"]);
}

#[test]
fn a_program_that_cannot_be_started_is_bad_input_and_leaves_nothing() {
    let lab = Lab::new();
    lab.write("plain", "text");
    lab.mendel(&["run", "--", "nosuchcmd-of-mendel"]).refused(&["nosuchcmd-of-mendel"]);
    lab.mendel(&["run", "--", "./plain"]).refused(&["./plain", "executed"]);
    assert_eq!(lab.json(&["runs"])["total"], 0);
}

#[test]
fn values_given_to_a_script_without_a_parser_are_its_parameters() {
    let lab = Lab::new();
    lab.write("ab.py", "import sys\nprint(sys.argv)\n");
    let document = lab.json(&["run", "--no-monitor", "--env", "system", "-p", "lr=1,2", "ab.py"]);
    let values: Vec<_> = document["runs"].as_array().expect("runs").iter().map(|run| &run["params"]["lr"]).collect();
    assert_eq!(values, ["1", "2"]);
}
