//! One file for every heritage: both names, both dialects, parameters beside hyperparameters.

use super::*;

#[test]
fn rp_01_both_file_names_count_and_each_is_read_by_its_own_rules() {
    let grove = Grove::new(&[
        ("a/task.yml", "config: {s: {flag: on, small: 1e-3, octal: 012}}\n"),
        ("b/task.yaml", "config: {s: {word: yes, small: 1e-3, twelve: 012}}\n"),
        ("c/task.yaml", "input_ids: [1]\nnote: 1\n"),
        ("c/task.yml", "input_ids: [1]\nscopes: {s: a/%s}\n"),
    ]);
    let tree = grove.read("");
    assert!(!tree.problems.has_errors(), "{}", tree.problems);
    assert_eq!(tree.tasks[0].config, json!({"s": {"flag": true, "small": "1e-3", "octal": 10}}));
    assert_eq!(tree.tasks[1].config, json!({"s": {"word": "yes", "small": 0.001, "twelve": 12}}));
    assert_eq!(tree.tasks[2].full_spec, json!({"input_ids": [1], "note": 1, "scopes": {"s": "a/%s"}}));
    assert_eq!((tree.tasks[2].input_ids.len(), tree.tasks[2].scopes.len()), (1, 1));

    let torn = Grove::new(&[("task.yaml", "note: 1\ninput_ids: [1]\n"), ("task.yml", "input_ids: [2]\n")]).read("");
    let error = torn.problems.errors().next().unwrap();
    assert!(error.message.contains("task.yaml:2") && error.message.contains("task.yml:1"), "{error}");
    assert!(!torn.tasks[0].sound);
}

#[test]
fn rp_02_an_old_script_folder_inherits_nothing_unless_it_says_so() {
    let grove = Grove::new(&[
        ("t/task.yml", "note: 1\n"),
        ("t/old/task.yaml", "name: x\n"),
        ("t/old/main.py", ""),
        ("t/old/below/task.yml", ""),
        ("t/said/task.yaml", "inherit: true\n"),
        ("t/said/main.py", ""),
        ("t/yml/task.yml", ""),
        ("t/yml/main.py", ""),
        ("t/alone/task.yml", "inherit: false\n"),
    ]);
    let tree = grove.read("");
    for (name, inherits, kind) in
        [("old", false, Kind::Script), ("below", false, Kind::Node), ("said", true, Kind::Script)]
            .into_iter()
            .chain([("yml", true, Kind::Script), ("alone", false, Kind::Node)])
    {
        let (_, found) = task(&tree, name);
        assert_eq!((found.full_spec.get("note").is_some(), found.kind), (inherits, kind), "{name}");
    }
    assert_eq!(task(&tree, "below").1.parent, Some(task(&tree, "old").0));
    assert_eq!(grove.read("t/old/below").tasks.len(), 2, "what the old folder does not inherit from is not read");
}

const PARAMS: &str = "runnable: true\npipeline: [m.A]\nconfig: {a: {lr: 5, k: 1}}\nparam_groups:\n- name: inputs\n  params:\n  - {name: rate, value: 0.1, data_type: float, bind: a/lr}\n  - {name: free, value: 3}\n";

#[test]
fn rp_05_a_bound_parameter_is_put_after_the_own_config_and_before_what_is_set() {
    let grove = Grove::new(&[
        ("t/task.yml", PARAMS),
        ("t/x/task.yml", "config: {a: {lr: 7}}\nparam_groups:\n- params:\n  - {name: rate, value: 0.2}\n"),
    ]);
    let tree = grove.good();
    assert_eq!(tree.tasks[0].config, json!({"a": {"lr": 0.1, "k": 1}}));
    assert_eq!(tree.tasks[1].config, json!({"a": {"lr": 0.2, "k": 1}}));
    assert!(tree.origin(1, "config/a/lr").unwrap().to_string().contains("t/x/task.yml:4"));
    assert_eq!(Value::Object(tree.tasks[1].visible_params()), json!({"free": 3}));
    let set_both = TreeOptions { sets: [set("rate=0.3").sets, set("free=9").sets].concat(), ..TreeOptions::default() };
    let tree = grove.read_with("t", &set_both);
    assert_eq!(tree.tasks[1].config["a"]["lr"], 0.3);
    assert_eq!(tree.tasks[1].spec()["params"], json!({"free": 9}));
    assert_eq!(tree.origin(1, "config/a/lr").unwrap().to_string(), "--set rate=0.3");
    assert_eq!(grove.read_with("t", &set("a/lr=1")).tasks[1].config["a"]["lr"], 1);
}

#[test]
fn rp_05_a_child_changes_the_value_of_a_parameter_and_never_its_type() {
    let grove = Grove::new(&[
        ("t/task.yml", PARAMS),
        ("t/x/task.yml", "param_groups:\n- params:\n  - {name: free, data_type: str, value: a}\n"),
    ]);
    let problem = grove.one_problem();
    assert!(problem.message.contains("`free`") && problem.hint.contains("not its type"), "{problem}");
    let missing = Grove::new(&[
        ("t/task.yml", "runnable: true\npipeline: [m.A]\nparams: {n: {type: int, required: true}}\n"),
        ("t/x/task.yml", ""),
        ("t/y/task.yml", "runnable: false\n"),
    ]);
    let tree = missing.read("t");
    assert_eq!(tree.problems.0.len(), 1, "told once: {}", tree.problems);
    assert_eq!(tree.problems.0[0].code, "missing_value");
    assert!(missing.read_with("t", &set("n=4")).problems.is_empty());
}
