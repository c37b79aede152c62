//! Lists of runs, and what a person does with the runs in them.

use serde_json::json;

use super::{report, train};
use crate::lab::{Lab, id};

#[test]
fn tr_15_runs_are_listed_filtered_and_sorted() {
    let lab = Lab::new();
    let low = train(&lab, "0.1");
    let high = train(&lab, "0.5");
    report(&lab, &low, "loss", &[1.0, 0.25]);

    let all = lab.json(&["runs"]);
    assert_eq!(all["total"], 2);
    assert_eq!(all["runs"][0]["id"], high["id"], "newest first");
    assert_eq!(all["runs"][1]["params"], json!({"lr": 0.1}));
    assert_eq!(all["runs"][1]["metrics"], json!({"loss": 0.25}));

    let found = lab.json(&["runs", "--filter", "params.lr > 0.3 or metrics.loss < 0.1"]);
    assert_eq!((&found["total"], &found["runs"][0]["id"]), (&json!(1), &high["id"]));
    let sorted = lab.json(&["runs", "--sort", "params.lr", "--limit", "1"]);
    assert_eq!((&sorted["total"], &sorted["runs"][0]["id"]), (&json!(2), &low["id"]));
    let table = lab.mendel(&["runs", "--columns", "number,p.lr,m.loss"]).out;
    assert_eq!(table, "run   lr  loss\n@2   0.5\n@1   0.1  0.25\n");
}

#[test]
fn a_wrong_filter_says_where_and_what_there_is() {
    let lab = Lab::new();

    lab.mendel(&["runs", "--filter", "los < 3"]).refused(&["`los` is not a field", "column 1"]);
    lab.mendel(&["runs", "--columns", "colour"]).refused(&["`colour` is not a column", "status"]);
}

#[test]
fn tags_are_added_and_removed() {
    let lab = Lab::new();
    train(&lab, "0.1");

    assert_eq!(lab.json(&["tag", "@1", "best", "seen"])["tags"], json!(["best", "seen"]));
    assert_eq!(lab.json(&["tag", "@1", "--", "-seen", "+kept"])["tags"], json!(["best", "kept"]));
    assert_eq!(lab.json(&["tag", "@1", "best", "--remove"])["tags"], json!(["kept"]));
    assert_eq!(lab.json(&["runs", "--filter", "tags = kept"])["total"], 1);
}

#[test]
fn an_archived_run_is_out_of_the_list_and_comes_back() {
    let lab = Lab::new();
    train(&lab, "0.1");

    assert_eq!(lab.json(&["archive", "@1"])["archived"], true);
    assert_eq!(lab.json(&["runs"])["total"], 0);
    assert_eq!(lab.json(&["runs", "--archived"])["total"], 1);
    assert_eq!(lab.json(&["archive", "@1", "--undo"])["archived"], false);
    assert_eq!(lab.json(&["runs"])["total"], 1);
}

#[test]
fn a_run_is_deleted_only_when_that_was_said() {
    let lab = Lab::new();
    let run = train(&lab, "0.1");

    lab.mendel(&["delete", "@1"]).refused(&["nobody is there to answer", "--yes"]);
    assert_eq!(lab.json(&["runs"])["total"], 1);
    assert_eq!(lab.json(&["delete", "@1", "--yes"])["id"], run["id"]);
    assert_eq!(lab.json(&["runs"])["total"], 0);
    lab.mendel(&["show", id(&run)]).refused(&["there is no run"]);
}

#[test]
fn a_published_run_is_read_only() {
    let lab = Lab::new();
    train(&lab, "0.1");

    assert_eq!(lab.json(&["publish", "@1"])["status"], "published");
    lab.mendel(&["publish", "@1"]).refused(&["published"]);
    lab.mendel(&["delete", "@1", "--yes"]).refused(&["read-only"]);
    lab.mendel(&["reset", "@1", "--yes"]).refused(&["published"]);
}

#[test]
fn a_run_that_does_not_exist_is_bad_input_everywhere() {
    let lab = Lab::new();

    for command in ["show", "logs", "archive", "publish", "delete", "reset", "compare", "report"] {
        lab.mendel(&[command, "@99"]).refused(&["@99"]);
    }
    lab.mendel(&["diff", "@98", "@99"]).refused(&["@98"]);
    lab.mendel(&["tag", "@99", "x"]).refused(&["@99"]);
}
