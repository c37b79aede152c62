//! What a task file says reaches stages in the kinds that YAML 1.1 gives it.

use serde_json::json;

use super::lab::{Tree, counts, steps};

const CONFIG: &str = "config:
  load:
    big: 123456789012345678901234567890
    day: 2001-02-03
    moment: 2001-12-14t21:59:43.10-05:00
    table: {1: one, '1': text, 2.5: half, no: truth, ~: none, 2001-02-03: day}
    odd: [.nan, '!!int 5', 'NaN', 0x1_0000_0000_0000_0000]
";

/// A tree whose first stage answers its hyperparameters as Python shows them.
fn tree() -> Option<Tree> {
    let tree = Tree::new()?;
    tree.lab.edit("pkg/stages.py", "return {\"image\": [input_id * step for step in range(config.get(\"size\", 4))]}", "return {\"image\": [repr(sorted(config.entries.items())), config.get('table', {}).get(1, 'x') if 'table' in config else '']}");
    tree.lab.write("tree/task.yml", format!("runnable: true\npipeline: [pkg.stages.Load]\ninput_ids: 7\n{}", CONFIG));
    Some(tree)
}

#[test]
fn stages_get_whole_numbers_of_any_size_days_and_keys_as_they_are_written() {
    let Some(tree) = tree() else { return };

    tree.run("tree", &[]);

    let told = tree.values("tree", "image")["7"].to_string();
    for word in [
        "('big', 123456789012345678901234567890)",
        "('day', datetime.date(2001, 2, 3))",
        "datetime.datetime(2001, 12, 14, 21, 59, 43, 100000, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400)))",
        "{False: 'truth', 2.5: 'half', 1: 'one', None: 'none', datetime.date(2001, 2, 3): 'day', '1': 'text'}",
        "[nan, '!!int 5', 'NaN', 18446744073709551616]",
    ] {
        assert!(told.contains(word), "{word} in {told}");
    }
    let shown = &tree.json(&["show", "tree"])["config"]["load"];
    assert_eq!(shown["big"], "!!int 123456789012345678901234567890");
    assert_eq!(shown["day"], "!!timestamp 2001-02-03");
    assert_eq!(shown["odd"], json!(["!!float .nan", "!!str !!int 5", "NaN", "!!int 18446744073709551616"]));
    let keys = json!({"!!int 1": "one", "1": "text", "!!float 2.5": "half", "!!bool false": "truth", "!!null null": "none", "!!timestamp 2001-02-03": "day"});
    assert_eq!(shown["table"], keys);
    let effective = tree.json(&["results", "tree"])["inputs"][0]["config"]["load"].clone();
    assert_eq!(effective["moment"], "!!timestamp 2001-12-14T21:59:43.100000-05:00");
    assert_eq!((&effective["table"], &effective["enabled"]), (&shown["table"], &json!(true)));
    // Another spelling of the same, by every reader on the way, is the same.
    assert_eq!(tree.status("tree")["pending"], "");
    assert_eq!(tree.run("tree", &[]).1, counts(&[]));
    tree.lab.edit("tree/task.yml", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1 -5");
    assert_eq!(tree.run("tree", &[]).1, counts(&[]));
}

#[test]
fn a_kind_that_changes_is_a_change_and_one_that_comes_back_is_reused() {
    let Some(tree) = tree() else { return };
    tree.run("tree", &[]);

    for (from, to) in
        [("{1: one, '1'", "{3: one, '1'"), ("day: 2001-02-03", "day: '2001-02-03'"), ("'!!int 5'", "!!int 55")]
    {
        tree.lab.edit("tree/task.yml", from, to);
        assert_eq!(tree.status("tree")["pending"], "specification", "{to}");
        assert_eq!(tree.run("tree", &[]).1, counts(&[("load", 1)]), "{to}");
        tree.lab.edit("tree/task.yml", to, from);
        assert_eq!(steps(&tree.run("tree", &[]).0), (0, 1), "{from}");
    }
}

#[test]
fn grids_replays_and_children_keep_kinds() {
    let Some(tree) = tree() else { return };
    tree.lab.write("tree/x/task.yml", "config: {load: {table: {1: uno, 9: nine}}}\n");

    let (document, _) =
        tree.run("tree/x", &["--grid", "load/big=1,99999999999999999999", "--set", "load/table/9=neuf"]);

    assert_eq!(document["runs"].as_array().map(Vec::len), Some(2), "{document}");
    let told = tree.values("@1", "image").to_string();
    assert!(told.contains("1: 'uno', 9: 'neuf'") && told.contains("'1': 'text'"), "{told}");
    let all: Vec<_> = (1..=2).map(|run| tree.values(&format!("@{run}"), "image").to_string()).collect();
    assert!(all.iter().any(|told| told.contains("('big', 99999999999999999999)")), "{all:?}");
    tree.json(&["rerun", "@1", "--no-monitor"]);
    assert_eq!(tree.values("@3", "image").to_string(), told);
}

#[test]
fn a_day_that_is_none_is_bad_input() {
    let Some(tree) = tree() else { return };
    tree.lab.edit("tree/task.yml", "day: 2001-02-03", "day: 2001-02-30");
    tree.mendel(&["run", "tree"]).refused(&["tree/task.yml:7", "2001-02-30", "quote"]);
    assert_eq!(tree.mendel(&["check", "tree"]).code, Some(2));
}
