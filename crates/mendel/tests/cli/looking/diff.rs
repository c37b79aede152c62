//! What differs between two runs.

use serde_json::json;

use super::{report, train};
use crate::lab::Lab;

#[test]
fn ct_29_only_what_differs_is_listed() {
    let lab = Lab::new();
    let first = train(&lab, "0.1");
    report(&lab, &first, "loss", &[0.5]);
    lab.edit("train.py", "'done'", "'finished'");
    let second = lab.run(&["train.py", "--lr", "0.2"]);
    report(&lab, &second, "loss", &[0.25]);

    let found = lab.json(&["diff", "@1", "@2"]);

    assert_eq!(found["code"][0]["path"], "train.py");
    let hunk = found["code"][0]["diff"].as_str().unwrap_or_default();
    assert!(hunk.contains("-print('done')\n+print('finished')\n"), "{hunk}");
    assert_eq!(found["params"], json!([{"name": "lr", "before": 0.1, "after": 0.2}]));
    assert_eq!(found["environment"], json!([]));
    assert_eq!(found["metrics"], json!([{"name": "loss", "before": 0.5, "after": 0.25}]));
    let text = lab.mendel(&["diff", "@1", "@2"]).out;
    assert!(text.contains("lr         0.1     0.2    +0.1"), "{text}");
    assert!(!text.contains("environment"), "equal parts are not listed:\n{text}");
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let lab = Lab::new();
    train(&lab, "0.1");

    assert!(lab.mendel(&["diff", "@1", "@1"]).out.contains("nothing differs"));
    assert_eq!(lab.json(&["diff", "@1", "@1"])["code"], json!([]));
}

#[test]
fn an_input_that_changed_is_named() {
    let lab = Lab::new();
    lab.write("data.csv", "1,2\n");
    lab.write("sum.py", "print(open('data.csv').read())\n");
    lab.run(&["sum.py"]);
    lab.write("data.csv", "1,2,3\n");
    lab.run(&["sum.py"]);

    let found = lab.json(&["diff", "@1", "@2"]);

    assert_eq!(found["inputs"][0]["name"], "data.csv");
    assert_ne!(found["inputs"][0]["before"], found["inputs"][0]["after"]);
}
