//! Several runs side by side, on the terminal, on a page, in a report and in files.

use serde_json::json;

use super::{report, train};
use crate::lab::{Lab, id};

fn two(lab: &Lab) {
    let low = train(lab, "0.1");
    let high = train(lab, "0.5");
    report(lab, &low, "loss", &[1.0, 0.5]);
    report(lab, &high, "loss", &[1.0, 0.125]);
}

#[test]
fn parameters_that_differ_and_the_best_are_told() {
    let lab = Lab::new();
    two(&lab);

    let found = lab.json(&["compare", "@1", "@2", "--sort", "loss"]);

    assert_eq!(found["runs"][0]["number"], 2, "the best comes first");
    assert_eq!(found["params"], json!({"lr": [0.5, 0.1]}));
    assert_eq!(found["metrics"]["loss"][0]["last"], 0.125);
    assert_eq!(found["metrics"]["loss"][1]["max"], 1.0);
    assert_eq!(found["best"]["loss"]["run"], found["runs"][0]["id"]);
    assert!(lab.mendel(&["compare", "@1", "@2"]).out.contains("*0.125"));
    lab.mendel(&["compare", "@1", "@2", "--sort", "los"]).refused(&["`los`", "loss"]);
}

#[test]
fn a_batch_is_compared_by_its_id() {
    let lab = Lab::new();
    lab.write("train.py", super::SCRIPT);
    let grid = lab.json(&["run", "--env", "system", "--no-monitor", "--grid", "lr=0.1,0.2,0.3", "train.py"]);
    let batch = lab.json(&["show", id(&grid["runs"][0])])["batches"][0].as_str().expect("a batch").to_owned();

    let found = lab.json(&["compare", &batch]);

    assert_eq!(found["params"]["lr"], json!([0.1, 0.2, 0.3]));
}

#[test]
fn s40_the_page_needs_nobody_and_obeys_no_name() {
    let lab = Lab::new();
    two(&lab);
    lab.json(&["tag", "@1", "</script><script>alert(1)</script>"]);

    lab.json(&["compare", "@1", "@2", "--html", "page.html"]);
    lab.json(&["report", "@1", "--format", "html", "--title", "<img src=x>", "--out", "report.html"]);

    for page in ["page.html", "report.html"] {
        let page = lab.read(page);
        assert!(page.starts_with("<!doctype html>") && page.contains("default-src 'none'"));
        assert!(!page.contains("alert(1)</script>") && !page.contains("<img") && !page.contains("https://"));
    }
}

#[test]
fn a_report_tells_a_run_in_markdown() {
    let lab = Lab::new();
    two(&lab);

    let report = lab.mendel(&["report", "@1", "@2"]).out;

    for told in ["# Report on 2 runs", "| lr | 0.1 |", "0.125 (best)", "rate 0.5", "result.txt"] {
        assert!(report.contains(told), "`{told}` is told in:\n{report}");
    }
}

#[test]
fn exports_have_a_row_for_each_run_parameter_and_point() {
    let lab = Lab::new();
    two(&lab);

    let runs = lab.mendel(&["export", "runs", "@2", "@1"]).out;
    let points = lab.json(&["export", "metrics", "--out", "points.parquet"]);
    let csv = lab.mendel(&["export", "metrics", "@1"]).out;
    let params = lab.mendel(&["export", "params"]).out;

    assert_eq!(runs.lines().count(), 3);
    assert!(runs.lines().next().is_some_and(|head| head.ends_with("params.lr,metrics.loss")), "{runs}");
    assert_eq!((&points["rows"], &points["format"]), (&json!(4), &json!("parquet")));
    let file = std::fs::read(lab.folder().join("points.parquet")).expect("a file");
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.contains(",loss,,1,") && csv.contains(",0.5\r\n"), "{csv}");
    assert_eq!(params.lines().count(), 3);
    assert!(
        std::fs::read_dir(lab.folder())
            .expect("listed")
            .flatten()
            .all(|entry| { !entry.file_name().to_string_lossy().ends_with(".partial") })
    );
    lab.mendel(&["export", "runs", "--format", "parquet"]).refused(&["--out"]);
}

#[test]
fn ct_32_reruns_share_one_identity_and_are_told_as_repeats_with_their_spread() {
    let lab = Lab::new();
    let first = train(&lab, "0.1");
    let again = [&first, &first].map(|run| lab.json(&["rerun", id(run)])["runs"][0].clone());
    let other = train(&lab, "0.5");
    let all = [&first, &again[0], &again[1], &other];
    for (run, loss) in all.iter().zip([0.25, 0.5, 0.75, 0.0]) {
        report(&lab, run, "loss", &[1.0, loss]);
    }

    let found = lab.json(&["compare", "@1", "@2", "@3", "@4"]);

    assert_eq!(found["repeats"].as_array().map(Vec::len), Some(1), "{found}");
    let group = &found["repeats"][0];
    assert_eq!(group["identity"], first["identity"]);
    assert_eq!(group["runs"], json!([id(&first), id(&again[0]), id(&again[1])]));
    let spread = json!({"count": 3, "mean": 0.5, "deviation": 0.25, "min": 0.25, "max": 0.75});
    assert_eq!(group["metrics"], json!({"loss": spread}));
    let text = lab.mendel(&["compare", "@1", "@2", "@3"]).out;
    assert!(text.contains("repeats: @1 @2 @3") && text.contains("loss  0.5 ± 0.25  (0.25 … 0.75)"), "{text}");
}

#[test]
fn ct_37_members_of_a_batch_are_sorted_by_the_objective_and_the_best_is_marked() {
    let lab = Lab::new();
    lab.write("train.py", super::SCRIPT);
    let grid = lab.json(&["run", "--env", "system", "--no-monitor", "-p", "lr=0.1,0.2,0.3", "train.py"]);
    for (run, accuracy) in grid["runs"].as_array().expect("runs").iter().zip([0.5, 0.875, 0.75]) {
        report(&lab, run, "accuracy", &[0.0, accuracy]);
    }
    let batch = grid["batch"].as_str().expect("a batch");

    let found = lab.json(&["compare", batch, "--sort", "accuracy"]);

    assert_eq!(found["params"]["lr"], json!([0.2, 0.3, 0.1]));
    assert_eq!(found["best"]["accuracy"]["run"], grid["runs"][1]["id"]);
    let text = lab.mendel(&["compare", batch, "--sort", "accuracy"]).out;
    let marked: Vec<bool> = text.lines().map(|line| line.contains("*0.875")).collect();
    assert_eq!(marked[..4], [false, true, false, false], "the first below the head:\n{text}");
    let smallest = lab.json(&["compare", batch, "--sort", "accuracy", "--direction", "min"]);
    assert_eq!(smallest["params"]["lr"], json!([0.1, 0.3, 0.2]));
}
