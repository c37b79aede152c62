//! What is told of one run, and of a task that did not run yet.

use serde_json::json;

use super::{report, train};
use crate::lab::Lab;

#[test]
fn a_run_shows_what_it_was_given_and_what_it_made() {
    let lab = Lab::new();
    train(&lab, "0.2");

    let shown = lab.json(&["show", "@1"]);

    assert_eq!(shown["status"], "completed");
    assert_eq!(shown["params"], json!({"lr": 0.2}));
    assert_eq!(shown["log"], "rate 0.2\ndone\n");
    assert_eq!(shown["outputs"]["result.txt"]["size"], 3);
    assert_eq!(shown["exit_code"], 0);
    assert_eq!(shown["environment"]["manager"], "system");
    assert!(shown["snapshot"].is_string() && shown["origins"]["lr"].is_string(), "{shown}");
    let text = lab.mendel(&["show", "@1", "--log"]).out;
    for told in ["@1", "completed", "result.txt", "rate 0.2"] {
        assert!(text.contains(told), "`{told}` is told in:\n{text}");
    }
}

#[test]
fn points_come_back_with_what_json_cannot_spell() {
    let lab = Lab::new();
    let run = train(&lab, "0.2");
    report(&lab, &run, "loss", &[1.0, f64::NAN, 0.5]);

    let shown = lab.json(&["show", "@1", "--metrics"]);

    assert_eq!(shown["metrics"], json!({"loss": [[0, 1.0], [1, "NaN"], [2, 0.5]]}));
    assert_eq!(shown["last_metrics"], json!({"loss": 0.5}));
    assert!(shown.get("log").is_none(), "only what was asked for: {shown}");
    let text = lab.mendel(&["show", "@1", "--plot", "loss"]).out;
    assert!(text.contains("1 ┤") && text.contains("0.5 ┤"), "{text}");
    lab.mendel(&["show", "@1", "--plot", "lss"]).refused(&["no metric `lss`", "`loss`"]);
}

#[test]
fn ct_21_a_task_shows_all_of_a_parameter() {
    let lab = Lab::new();
    lab.write(
        "task/task.yaml",
        "name: Demo\ndescription: shows\nparams:\n  lr: {type: float, default: 0.1, min: 0, help: rate}\n  data: {type: str, required: true}\n",
    );
    lab.write("task/main.py", "print('x')\n");
    lab.write("task/validate.py", "print('y')\n");

    let shown = lab.json(&["show", "task"]);

    let rate = &shown["params"]["lr"];
    assert_eq!((&rate["name"], &rate["type"], &rate["description"]), (&json!("lr"), &json!("float"), &json!("rate")));
    assert_eq!((&rate["default"], &rate["required"]), (&json!(0.1), &json!(false)));
    assert_eq!(shown["params"]["data"]["required"], true);
    assert_eq!(shown["kind"], "script");
    assert_eq!(shown["entries"], json!(["main.py", "validate.py"]));
    assert!(shown["decided"]["reason"].is_string(), "{shown}");
    assert!(shown["origins"]["lr"].as_str().is_some_and(|origin| origin.contains("task.yaml:4")), "{shown}");
}

#[test]
fn ct_16_a_task_shows_its_environment_and_the_file_that_decided_it() {
    let lab = Lab::new();
    lab.write("task/main.py", "print('x')\n");
    lab.write("task/requirements.txt", "");

    let shown = lab.json(&["show", "task"]);

    assert_eq!(shown["environment"]["manager"], "venv");
    assert!(shown["environment"]["because"].as_str().is_some_and(|told| told.contains("requirements.txt")), "{shown}");
}

#[test]
fn a_script_shows_the_parameters_of_its_parser() {
    let lab = Lab::new();
    lab.write("train.py", super::SCRIPT);

    let shown = lab.json(&["show", "train.py"]);

    assert_eq!(shown["params"]["lr"]["default"], 0.1);
    assert_eq!(shown["params_known"], true);
    lab.mendel(&["show", "nothing.py"]).refused(&["`nothing.py` is neither a run nor a path"]);
}

#[test]
fn the_console_is_printed_from_its_end() {
    let lab = Lab::new();
    train(&lab, "0.2");

    assert_eq!(lab.mendel(&["logs", "@1"]).out, "rate 0.2\ndone\n");
    assert_eq!(lab.mendel(&["logs", "@1", "--tail", "1"]).out, "done\n");
    assert_eq!(lab.mendel(&["logs", "@1", "--follow"]).out, "rate 0.2\ndone\n");
    assert_eq!(lab.json(&["logs", "@1"])["log"], "rate 0.2\ndone\n");
}

#[test]
fn s53_what_a_script_prints_is_not_obeyed_by_the_terminal() {
    let lab = Lab::new();
    lab.write("train.py", "print('\\x1b]0;title\\x07 \\x1b[31mred\\x1b[0m')\n");
    lab.run(&["train.py"]);

    let text = lab.mendel(&["logs", "@1"]).out;

    assert_eq!(text, "\\u{1b}]0;title\\u{7} red\n");
    assert!(lab.mendel(&["logs", "@1", "--raw"]).out.contains("\x1b[31mred"));
}
