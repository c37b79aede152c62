//! Several values: every combination once, as one batch.

use std::collections::BTreeSet;

use crate::lab::Lab;

const SCRIPT: &str = "import argparse\nparser = argparse.ArgumentParser()\n\
    parser.add_argument('--lr', type=float, default=0.1)\nparser.add_argument('--depth', type=int, default=2)\n\
    args = parser.parse_args()\nif args.depth == 13: raise SystemExit(3)\nprint(args.lr * args.depth)\n";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("train.py", lab.counting() + SCRIPT);
    lab
}

fn grid(lab: &Lab, words: &[&str]) -> serde_json::Value {
    lab.json(&[&["run", "--env", "system", "--no-monitor"], words, &["train.py"]].concat())
}

#[test]
fn ct_33_several_values_make_every_combination_once() {
    let lab = lab();

    let document = grid(&lab, &["-p", "lr=0.1,0.01", "-p", "depth=2,4,8"]);

    let runs = document["runs"].as_array().expect("runs");
    let cells: BTreeSet<_> = runs.iter().map(|run| run["params"].to_string()).collect();
    assert_eq!((runs.len(), cells.len(), lab.executions()), (6, 6, 6));
    assert_eq!(runs[1]["params"], serde_json::json!({"lr": 0.1, "depth": 4}), "the last parameter varies fastest");
    let snapshots: BTreeSet<_> = runs.iter().map(|run| run["snapshot"].to_string()).collect();
    assert_eq!(snapshots.len(), 1, "all share one snapshot");
}

#[test]
fn ct_36_a_grid_is_a_batch_and_finished_cells_join_it() {
    let lab = lab();
    grid(&lab, &["-p", "lr=0.1,0.01"]);

    let wider = grid(&lab, &["-p", "lr=0.1,0.01,0.001"]);

    assert_eq!(lab.executions(), 3);
    assert_eq!(wider["runs"].as_array().map(Vec::len), Some(3));
    let batch = wider["batch"].as_str().expect("a batch");
    let members = lab.json(&["runs", "--filter", &format!("batch = {batch}")]);
    assert_eq!(members["total"], 3);
}

#[test]
fn one_failing_member_does_not_stop_the_others_unless_asked() {
    let lab = lab();

    let patient = lab.mendel(&["--json", "run", "--env", "system", "-p", "depth=13,2,4", "train.py"]);
    assert_eq!(patient.code, Some(1));
    let statuses: Vec<_> =
        patient.json()["runs"].as_array().expect("runs").iter().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["failed", "completed", "completed"]);

    let hasty = lab.mendel(&["--json", "run", "--env", "system", "--fail-fast", "-p", "depth=13,16,32", "train.py"]);
    assert_eq!(hasty.code, Some(1));
    assert_eq!(lab.executions(), 4, "nothing starts after the failure");
}

#[test]
fn ct_35_a_dry_run_shows_the_count_and_starts_nothing() {
    let lab = lab();

    let plan = lab.json(&["run", "--env", "system", "--dry-run", "-p", "lr=1,2,3", "-p", "depth=1,2", "train.py"]);

    assert_eq!((plan["compute"].as_u64(), plan["reuse"].as_u64()), (Some(6), Some(0)));
    assert_eq!(lab.executions(), 0);
    assert_eq!(lab.json(&["runs"])["total"], 0);
}

#[test]
fn ct_40_members_run_side_by_side_as_far_as_there_is_room() {
    let lab = Lab::new();
    // Each waits for the other: with one slot this would never end well.
    let script = "import argparse, pathlib, sys, time\nparser = argparse.ArgumentParser()\nparser.add_argument('--me', type=int)\n\
        args = parser.parse_args()\nplace = pathlib.Path(sys.argv[0]).parent\nroot = pathlib.Path({root})\n\
        (root / f'here{args.me}').write_text('x')\nend = time.time() + 60\n\
        while time.time() < end:\n    if (root / f'here{1 - args.me}').exists(): sys.exit(0)\n    time.sleep(0.02)\nsys.exit(1)\n";
    let meeting = lab.outside("meeting");
    std::fs::create_dir(&meeting).expect("a folder");
    lab.write("meet.py", script.replace("{root}", &format!("{meeting:?}")));

    let document = lab.json(&["run", "--env", "system", "--jobs", "2", "-p", "me=0,1", "meet.py"]);

    assert_eq!(document["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_short_id_of_each_member_names_this_member_alone() {
    let lab = lab();
    let document = grid(&lab, &["-p", "depth=2,4,8"]);

    let printed = lab.mendel(&["runs", "--columns", "id"]).out;

    let shorts: BTreeSet<_> = printed.split_whitespace().filter(|word| word.len() == 12).collect();
    assert_eq!(shorts.len(), 3, "{printed}");
    let named: BTreeSet<_> = shorts.iter().map(|short| lab.json(&["show", short])["id"].to_string()).collect();
    let made: BTreeSet<_> =
        document["runs"].as_array().expect("runs").iter().map(|run| run["id"].to_string()).collect();
    assert_eq!(named, made);
}
