//! Getting things back, and keeping the workspace whole.

use serde_json::json;

use super::train;
use crate::lab::Lab;

#[test]
fn the_files_of_a_run_come_back_after_the_folder_changed() {
    let lab = Lab::new();
    train(&lab, "0.1");
    let script = lab.read("train.py");
    lab.write("train.py", "print('other')\n");

    let made = lab.json(&["snapshot", "@1", "--out", "back"]);

    assert_eq!(lab.read("back/train.py"), script);
    assert!(made["files"].as_u64().is_some_and(|files| files >= 1), "{made}");
    lab.mendel(&["snapshot", "@1", "--out", "back"]).refused(&["`back` is not empty"]);
}

#[test]
fn an_output_is_fetched_by_name_and_replaces_nothing_unasked() {
    let lab = Lab::new();
    train(&lab, "0.1");

    lab.json(&["artifact", "get", "@1", "result.txt", "--out", "fetched.txt"]);

    assert_eq!(lab.read("fetched.txt"), "0.1");
    lab.mendel(&["artifact", "get", "@1", "result.txt"]).refused(&["`result.txt` is there already", "--force"]);
    lab.mendel(&["artifact", "get", "@1", "results.txt"]).refused(&["no artifact `results.txt`", "`result.txt`"]);
    assert!(lab.mendel(&["artifact", "ls", "@1"]).out.contains("result.txt"));
}

#[test]
fn a_run_that_was_reset_answers_no_longer() {
    let lab = Lab::new();
    let first = train(&lab, "0.1");
    assert_eq!(train(&lab, "0.1")["id"], first["id"]);

    assert_eq!(lab.json(&["reset", "train.py", "--dry-run"])["reset"].as_array().map(Vec::len), Some(1));
    lab.mendel(&["reset", "@1"]).refused(&["--yes"]);
    let reset = lab.json(&["reset", "@1", "--yes"]);

    assert_eq!(reset["reset"][0]["id"], first["id"]);
    assert_eq!(lab.json(&["show", "@1"])["snapshot"], first["snapshot"], "snapshots stay");
    assert_ne!(train(&lab, "0.1")["id"], first["id"]);
}

#[test]
fn damage_is_found_and_taken_out_of_use() {
    let lab = Lab::new();
    let run = train(&lab, "0.1");
    assert_eq!(lab.json(&["doctor"])["ok"], true);
    let digest = run["snapshot"].as_str().expect("a snapshot");
    let blob = lab.workspace().join("blobs").join(&digest[..2]).join(digest);
    std::fs::remove_file(&blob).expect("it was there");
    std::fs::write(&blob, "other bytes").expect("damaged");

    let sick = lab.mendel(&["doctor", "--json"]);

    assert_eq!(sick.code, Some(3));
    assert!(sick.json()["damage"].to_string().contains(digest), "{}", sick.out);
}

#[test]
fn a_backup_is_a_workspace_of_its_own() {
    let lab = Lab::new();
    train(&lab, "0.1");

    lab.json(&["backup", "copy"]);
    lab.json(&["delete", "@1", "--yes"]);

    assert_eq!(lab.json(&["runs"])["total"], 0);
    let copied = lab.json(&["--workspace", "copy", "show", "@1"]);
    assert_eq!(copied["log"], "rate 0.1\ndone\n");
    lab.mendel(&["backup", "copy"]).refused(&["`copy` is not empty"]);
}

#[test]
fn garbage_is_counted_and_nothing_that_is_used_goes() {
    let lab = Lab::new();
    train(&lab, "0.1");

    let counted = lab.json(&["gc", "--dry-run"]);
    lab.json(&["gc"]);

    assert_eq!(counted["dry_run"], true);
    assert_eq!(lab.json(&["doctor"])["ok"], true);
    assert_eq!(lab.json(&["sync"])["journals"], 0);
}

#[test]
fn every_command_has_help_and_editors_get_schemas() {
    let lab = Lab::new();
    let help = lab.mendel(&["--help"]).out;
    let commands = ["init", "new", "check", "show", "runs", "diff", "compare", "report", "export", "doctor", "gc"];

    for command in commands {
        assert!(help.contains(command), "{command}");
        assert_eq!(lab.mendel(&[command, "--help"]).code, Some(0), "{command}");
    }
    assert!(lab.json(&["schema"]).to_string().contains("params"));
    assert!(lab.json(&["schema", "project"]).to_string().contains("environment"));
    assert!(lab.mendel(&["completions", "zsh"]).out.starts_with("#compdef mendel"));
    assert_eq!(lab.mendel(&["completions", "powershell"]).code, Some(0));
    assert_eq!(lab.json(&["templates"])["templates"][0]["name"], json!("script"));
}
