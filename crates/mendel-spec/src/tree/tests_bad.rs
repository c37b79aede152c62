//! What is wrong with a tree, and that sound tasks stay listable beside it.

use super::*;

#[test]
fn rp_01_every_kind_of_bad_value_names_its_line_its_key_what_was_found_and_what_is_expected() {
    for (text, line, key, parts) in [
        ("a: 1\n- 2\n", 2, "", &["not valid YAML"][..]),
        ("- 1\n", 1, "", &["a mapping of keys", "a list"]),
        ("runnable: 1\nconfig: [1]\n", 2, "config", &["`config` expects a mapping", "a list"]),
        ("config: 5\n", 1, "config", &["`config` expects a mapping", "int `5`"]),
        ("scopes: [a]\n", 1, "scopes", &["`scopes` expects a mapping", "a list"]),
        ("scopes: {a: [1]}\n", 1, "a", &["`a` expects a path pattern", "a list"]),
        ("pipeline: 5\n", 1, "pipeline", &["a list of dotted class paths", "int `5`"]),
        ("pipeline:\n- m.A\n- 5\n", 3, "pipeline", &["a dotted class path", "int `5`"]),
        ("pipeline: [m:A]\n", 1, "pipeline", &["`m:A` is not a dotted path"]),
        ("pipeline: Alone\n", 1, "pipeline", &["`Alone` is not a dotted path"]),
        ("marginal_stages: a\n", 1, "marginal_stages", &["a list of stage ids", "text `a`"]),
        ("marginal_stages: [1]\n", 1, "marginal_stages", &["the id of a stage", "int `1`"]),
        ("input_ids: '1,4-2'\n", 1, "input_ids", &["`4-2`"]),
        ("base_config_path: [a]\n", 1, "base_config_path", &["expects text", "a list"]),
    ] {
        let problem = Grove::new(&[("task.yml", text)]).one_problem();
        assert_eq!((problem.line, problem.key.as_str(), problem.is_error()), (Some(line), key, true), "{problem}");
        assert!(parts.iter().all(|part| problem.message.contains(part)), "{problem}");
        assert!(problem.file.as_ref().unwrap().ends_with("task.yml") && problem.source_line.is_some(), "{problem}");
    }
}

#[test]
fn rp_47_one_broken_task_hides_no_other_and_all_faults_are_told_once() {
    let grove = Grove::new(&[
        ("a/task.yml", "runnable: true\npipeline: [m.A]\ninput_ids: '3-'\n"),
        ("a/b/task.yml", ""),
        ("c/task.yml", "x: [\n"),
        ("c/d/task.yml", ""),
        ("e/task.yml", "runnable: true\npipeline: [m.A]\n"),
    ]);
    let tree = grove.read("");
    assert_eq!(grove.names(&tree, |_| true), ["a", "a/b", "c", "c/d", "e"]);
    assert_eq!(grove.names(&tree, |task| task.sound), ["e"]);
    assert_eq!(tree.problems.errors().count(), 2, "{}", tree.problems);
}

#[test]
fn rp_16_a_task_that_is_to_run_and_has_no_pipeline_is_named_unless_it_only_hands_down() {
    let grove = Grove::new(&[
        ("a/task.yml", "name: x\nrunnable: true\n"),
        ("a/b/task.yml", "pipeline: [m.A]\n"),
        ("a/c/task.yml", ""),
    ]);
    let tree = grove.read("a");
    let errors: Vec<_> = tree.problems.errors().collect();
    assert_eq!(errors.len(), 2, "{}", tree.problems);
    assert!(errors.iter().all(|error| error.code == "no_pipeline" && error.line == Some(2)));
    assert!(errors[1].message.contains("a/c`") && errors[1].message.contains("neither have its parents"));
    assert!(grove.read("a/b").problems.is_empty(), "an ancestor that is not asked for need not run");
}

#[test]
fn rp_01_an_unknown_key_is_kept_and_warned_about_with_the_nearest_known_one() {
    let grove = Grove::new(&[("task.yml", "name: x\ninputs_ids: [1]\n"), ("sub/task.yml", "")]);
    let tree = grove.read("");
    let [warning] = tree.problems.0.as_slice() else { panic!("{}", tree.problems) };
    assert_eq!((warning.severity, warning.line), (Severity::Warning, Some(2)));
    assert!(warning.hint.contains("`input_ids`"), "{warning}");
    assert_eq!(tree.tasks[1].full_spec["inputs_ids"], json!([1]));
    assert!(tree.tasks[1].sound);
}

#[test]
fn rp_47_only_what_is_asked_for_is_selected() {
    let grove = Grove::new(&[
        ("t/task.yml", ""),
        ("t/a/task.yml", ""),
        ("t/a/b/task.yml", ""),
        ("t/a/b/c/task.yml", ""),
        ("t/a/x/task.yml", ""),
    ]);
    let root = grove.root();
    let picked = |folder: &str, options: &TreeOptions| {
        let tree = grove.read_with(folder, options);
        assert!(tree.problems.is_empty(), "{}", tree.problems);
        grove.names(&tree, |task| task.selected)
    };
    let options = TreeOptions::default();
    assert_eq!(picked("t/a/b", &options), ["t/a/b", "t/a/b/c"]);
    assert_eq!(grove.read("t/a/b").tasks.len(), 4, "ancestors are inherited from");
    let around = TreeOptions { with_ancestors: true, ..options.clone() };
    assert_eq!(picked("t/a/b/c", &around), ["t", "t/a", "t/a/b", "t/a/b/c"]);
    let exact = TreeOptions { tasks: vec![root.join("t/a")], ..options.clone() };
    assert_eq!(picked("t", &exact), ["t/a"]);
    let under = TreeOptions { under: vec!["a/b".into()], ..options.clone() };
    assert_eq!(picked("t", &under), ["t/a/b", "t/a/b/c"]);
    let both = TreeOptions { under: vec!["a/b".into()], tasks: vec!["a/x".into()], ..options };
    assert_eq!(picked("t", &both), ["t/a/b", "t/a/b/c", "t/a/x"]);
}

#[test]
fn rp_47_a_selection_that_matches_nothing_names_the_closest_task() {
    let grove = Grove::new(&[("t/first/task.yml", ""), ("t/second/task.yml", "")]);
    let options = TreeOptions { tasks: vec!["secnd".into()], under: vec!["frist".into()], ..TreeOptions::default() };
    let tree = grove.read_with("t", &options);
    assert_eq!(tree.problems.errors().count(), 2, "{}", tree.problems);
    assert!(tree.problems.0[0].message.contains("--task secnd") && tree.problems.0[0].hint.contains("t/second`"));
    assert!(tree.problems.0[1].message.contains("--under frist") && tree.problems.0[1].hint.contains("t/first`"));
    assert!(grove.read("nowhere").problems.has_errors());
    fs::create_dir(grove.root().join("empty")).unwrap();
    assert_eq!(grove.read("empty").problems.0[0].code, "no_tasks");
}
