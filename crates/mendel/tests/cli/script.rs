//! A plain script: recorded, answered, explained.

use std::process::Stdio;

use serde_json::json;

use crate::lab::{Lab, id};

fn training(lab: &Lab) {
    let script = "import argparse, math\n\
        parser = argparse.ArgumentParser()\n\
        parser.add_argument('--lr', type=float, default=0.1)\n\
        parser.add_argument('--steps', type=int, default=3)\n\
        args = parser.parse_args()\n\
        loss = 1.0\n\
        for step in range(args.steps):\n\
        \x20   loss *= math.exp(-args.lr)\n\
        \x20   print(f'step {step} loss {loss:.6f}')\n\
        open('loss.txt', 'w').write(str(loss))\n";
    lab.write("train.py", lab.counting() + script);
}

#[test]
fn ct_12_a_plain_script_is_tracked_without_an_edit() {
    let lab = Lab::new();
    training(&lab);

    let run = lab.run(&["train.py", "--lr", "0.2"]);

    assert_eq!(run["status"], "completed");
    assert_eq!(run["params"], json!({"lr": 0.2, "steps": 3}));
    let shown = lab.json(&["show", id(&run), "--log"]);
    assert!(shown["log"].as_str().is_some_and(|log| log.contains("step 2 loss 0.548812")), "{shown}");
    assert!(lab.read("loss.txt").starts_with("0.5488"), "it runs where it was started");
}

#[test]
fn ct_19_the_same_request_is_answered_and_an_edit_undone_finds_the_first() {
    let lab = Lab::new();
    training(&lab);

    let first = lab.run(&["train.py", "--lr", "0.2"]);
    let again = lab.run(&["train.py", "--lr=0.2", "--steps", "3"]);
    assert_eq!((id(&again), lab.executions()), (id(&first), 1));
    assert_eq!(again["steps"], json!({"computed": 0, "reused": 1}));

    lab.edit("train.py", "loss = 1.0", "loss = 2.0");
    let edited = lab.run(&["train.py", "--lr", "0.2"]);
    assert_ne!(id(&edited), id(&first));
    assert_eq!(lab.executions(), 2);

    lab.edit("train.py", "loss = 2.0", "loss = 1.0");
    let undone = lab.run(&["train.py", "--lr", "0.2"]);
    assert_eq!((id(&undone), lab.executions()), (id(&first), 2));

    let forced = lab.json(&["run", "--force", "--env", "system", "train.py", "--lr", "0.2"]);
    assert_ne!(forced["runs"][0]["id"], first["id"]);
    assert_eq!(lab.executions(), 3);
}

#[test]
fn why_and_diff_name_the_line_that_changed() {
    let lab = Lab::new();
    training(&lab);
    let first = lab.run(&["train.py"]);
    lab.edit("train.py", "loss = 1.0", "loss = 2.0");
    let edited = lab.run(&["train.py"]);

    let why = lab.json(&["why", id(&edited)]);
    assert_eq!(why["reasons"][0]["kind"], "code");
    assert_eq!(why["reasons"][0]["subject"], "train.py");
    assert_eq!(why["reasons"][0]["line"], 7);

    let diff = lab.mendel(&["diff", id(&first), id(&edited)]);
    assert!(diff.out.contains("-loss = 1.0") && diff.out.contains("+loss = 2.0"), "{}", diff.out);
    assert!(!diff.out.contains("numpy"), "identical parts are not listed");
}

#[test]
fn a_changed_parameter_is_the_reason() {
    let lab = Lab::new();
    training(&lab);
    lab.run(&["train.py", "--lr", "0.2"]);

    let run = lab.run(&["train.py", "--lr", "0.3"]);

    let why = lab.json(&["why", id(&run)]);
    let reason = &why["reasons"][0];
    assert_eq!((reason["kind"].as_str(), reason["subject"].as_str()), (Some("parameter"), Some("lr")));
    assert_eq!((reason["before"].as_str(), reason["after"].as_str()), (Some("0.2"), Some("0.3")));
}

#[test]
fn modules_and_files_that_were_read_count_and_others_do_not() {
    let lab = Lab::new();
    lab.write("helper.py", "SCALE = 2\n");
    lab.write("data.csv", "1\n2\n");
    lab.write("notes.txt", "not read\n");
    lab.write(
        "main.py",
        lab.counting() + "import helper\nprint(sum(float(line) for line in open('data.csv')) * helper.SCALE)\n",
    );
    let first = lab.run(&["main.py"]);

    lab.write("notes.txt", "edited\n");
    assert_eq!(id(&lab.run(&["main.py"])), id(&first));

    lab.write("data.csv", "1\n3\n");
    let second = lab.run(&["main.py"]);
    assert_ne!(id(&second), id(&first));
    assert_eq!(lab.json(&["why", id(&second)])["reasons"][0]["subject"], "data.csv");

    lab.write("helper.py", "SCALE = 3\n");
    let third = lab.run(&["main.py"]);
    assert_eq!(lab.json(&["why", id(&third)])["reasons"][0]["subject"], "helper.py");
    assert_eq!(lab.executions(), 3);
}

#[test]
fn outputs_that_are_missing_are_put_back_and_changed_ones_kept() {
    let lab = Lab::new();
    training(&lab);
    lab.run(&["train.py"]);
    let written = lab.read("loss.txt");

    std::fs::remove_file(lab.folder().join("loss.txt")).expect("it was written");
    lab.run(&["train.py"]);
    assert_eq!(lab.read("loss.txt"), written);

    lab.write("loss.txt", "mine");
    let answer = lab.mendel(&["run", "--env", "system", "train.py"]);
    assert_eq!(lab.read("loss.txt"), "mine");
    assert!(answer.err.contains("loss.txt"), "{}", answer.err);
    assert_eq!(lab.executions(), 1);
}

#[test]
fn a_failed_run_never_answers_and_tells_its_last_lines() {
    let lab = Lab::new();
    lab.write("bad.py", lab.counting() + "print('so far')\nraise ValueError('no luck')\n");

    let first = lab.mendel(&["run", "--env", "system", "bad.py"]);
    let second = lab.mendel(&["run", "--env", "system", "bad.py"]);

    assert_eq!((first.code, second.code, lab.executions()), (Some(1), Some(1), 2));
    assert!(first.err.contains("ValueError") && first.err.contains("no luck"), "{}", first.err);
    let runs = lab.json(&["runs"]);
    assert_eq!(runs["runs"][0]["status"], "failed");
}

#[test]
fn a_parser_built_in_a_loop_is_learned_from_the_first_run() {
    let lab = Lab::new();
    let script = "import argparse\nparser = argparse.ArgumentParser()\n\
        for name, default in [('lr', 0.1), ('momentum', 0.9)]:\n    parser.add_argument('--' + name, type=float, default=default)\n\
        print(parser.parse_args())\n";
    lab.write("train.py", lab.counting() + script);

    let first = lab.run(&["train.py", "--lr", "0.5"]);
    assert_eq!(first["params"], json!({"lr": 0.5, "momentum": 0.9}));
    let again = lab.run(&["train.py", "--lr", "0.5"]);
    assert_eq!((id(&again), lab.executions()), (id(&first), 1));
    let respelled = lab.run(&["train.py", "--momentum=0.9", "--lr=0.50"]);
    assert_eq!((id(&respelled), lab.executions()), (id(&first), 1));
    lab.mendel(&["run", "--env", "system", "--set", "momentun=1", "train.py"]).refused(&["momentun", "momentum"]);
}

#[test]
fn a_script_that_refuses_its_words_leaves_no_run() {
    let lab = Lab::new();
    let script = "import argparse\nparser = argparse.ArgumentParser()\n\
        for name in ['lr']:\n    parser.add_argument('--' + name, type=float)\nparser.parse_args()\n";
    lab.write("train.py", lab.counting().replace("open", "0 and open") + script);

    lab.mendel(&["run", "--env", "system", "train.py", "--lr", "fast"]).refused(&["invalid float value", "fast"]);

    assert_eq!(lab.json(&["runs"])["total"], 0);
}

#[test]
fn two_commands_on_one_workspace_both_work() {
    let lab = Lab::new();
    lab.write("one.py", "import time; time.sleep(0.3); print('one')\n");
    lab.write("two.py", "import time; time.sleep(0.3); print('two')\n");
    let children: Vec<_> = ["one.py", "two.py", "one.py", "two.py"]
        .iter()
        .map(|script| lab.command(&["run", "--env", "system", script]).spawn().expect("it starts"))
        .collect();

    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }

    let runs = lab.json(&["runs"]);
    assert!(runs["runs"].as_array().expect("runs").iter().all(|run| run["status"] == "completed"), "{runs}");
}

#[test]
fn the_words_of_a_parser_with_subcommands_are_answered_once_they_have_run() {
    let lab = Lab::new();
    let script = "import argparse, options\nparser = argparse.ArgumentParser()\ncommands = parser.add_subparsers(dest='command')\n\
        fit = commands.add_parser('fit')\nfit.add_argument('--lr', type=float, default=options.LR)\n\
        args = parser.parse_args()\nprint(args.lr)\n";
    lab.write("train.py", lab.counting() + script);
    lab.write("options.py", "LR = 0.1\n");

    let first = lab.run(&["train.py", "fit"]);
    assert_eq!(first["params"], json!({"command": "fit", "lr": 0.1}));
    let again = lab.run(&["train.py", "fit"]);
    assert_eq!((id(&again), lab.executions()), (id(&first), 1));
    assert_eq!(again["params"], first["params"]);

    let given = lab.run(&["train.py", "fit", "--lr", "0.2"]);
    assert_eq!((given["params"]["lr"].clone(), lab.executions()), (json!(0.2), 2));
    lab.write("options.py", "LR = 0.2\n");
    let edited = lab.run(&["train.py", "fit"]);
    assert_eq!(
        (edited["params"]["lr"].clone(), lab.executions()),
        (json!(0.2), 3),
        "a default that changed is noticed"
    );
    lab.write("options.py", "LR = 0.3\n");
    assert_eq!(lab.run(&["train.py", "fit"])["params"]["lr"], json!(0.3), "equal words do not mean what they meant");
}

#[test]
fn p08_equal_requests_at_once_are_computed_once() {
    let lab = Lab::new();
    lab.write("train.py", lab.counting() + "import time\ntime.sleep(1)\n");
    let ask = || lab.command(&["--quiet", "run", "train.py"]).stdout(Stdio::null()).spawn().expect("started");
    let asked: Vec<_> = (0..3).map(|_| ask()).collect();
    assert!(asked.into_iter().all(|mut child| child.wait().expect("an end").success()));
    assert_eq!(lab.executions(), 1);
}
