use std::{fs, path::Path};

use mendel_model::InputId;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Assignment, Kind, Problem, Severity};

/// A tree of files in a folder of its own.
struct Grove(tempfile::TempDir);

impl Grove {
    fn new(files: &[(&str, &str)]) -> Self {
        let grove = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| grove.write(name, text));
        grove
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, folder: &str) -> Tree {
        self.read_with(folder, &TreeOptions::default())
    }

    fn read_with(&self, folder: &str, options: &TreeOptions) -> Tree {
        read_tree(&self.0.path().join(folder), options)
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    /// The tree, which has to be without problems.
    fn good(&self) -> Tree {
        let tree = self.read("");
        assert!(tree.problems.is_empty(), "{}", tree.problems);
        tree
    }

    /// Names of tasks below the folder, in the tree's order, where `which` holds.
    fn names(&self, tree: &Tree, which: impl Fn(&TreeTask) -> bool) -> Vec<String> {
        let root = self.root();
        let below = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
        tree.tasks.iter().filter(|task| which(task)).map(|task| below(&task.path)).collect()
    }

    /// The one problem of the tree read whole.
    fn one_problem(&self) -> Problem {
        let tree = self.read("");
        assert_eq!(tree.problems.0.len(), 1, "{}", tree.problems);
        tree.problems.0[0].clone()
    }
}

fn task<'t>(tree: &'t Tree, name: &str) -> (usize, &'t TreeTask) {
    tree.tasks.iter().enumerate().find(|(_, task)| task.dirname == name).unwrap()
}

fn set(words: &str) -> TreeOptions {
    TreeOptions { sets: vec![Assignment::parse("--set", words).unwrap()], ..TreeOptions::default() }
}

#[test]
fn rp_01_rp_02_folders_with_a_task_file_are_tasks_and_their_nesting_is_the_tree() {
    let grove = Grove::new(&[
        ("t/task.yml", ""),
        ("t/b/task.yaml", ""),
        ("t/b/c/task.yml", "{}"),
        ("t/a/task.yml", "name: first\n"),
        ("t/a/gap/d/task.yml", ""),
        ("t/.hidden/task.yml", "pipeline: 5\n"),
        ("t/a/data/notes.txt", ""),
    ]);
    let tree = grove.good();
    assert_eq!(grove.names(&tree, |_| true), ["t", "t/a", "t/a/gap/d", "t/b", "t/b/c"]);
    let parents: Vec<_> = tree.tasks.iter().map(|task| task.parent).collect();
    assert_eq!(parents, [None, Some(0), None, Some(0), Some(3)]);
    assert_eq!((tree.tasks[1].name.as_str(), tree.tasks[3].name.as_str()), ("first", "b"));
    assert_eq!(tree.tasks[2].rootdir, grove.root().join("t/a/gap/d"));
}

#[test]
fn rp_03_ancestors_are_walked_nearest_first() {
    let grove = Grove::new(&[("a/task.yml", ""), ("a/b/task.yml", ""), ("a/b/c/task.yml", "")]);
    let tree = grove.good();
    assert_eq!(tree.ancestors(2).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(tree.ancestors(0).count(), 0);
}

#[test]
fn rp_04_a_key_of_the_grandparent_is_in_the_full_spec_with_its_origin() {
    let grove = Grove::new(&[
        ("a/task.yml", "name: top\nrunnable: true\npipeline: [m.A]\nnote: 7\n"),
        ("a/b/task.yml", "input_ids: 1-3\n"),
        ("a/b/c/task.yml", "note: 8\n"),
    ]);
    let tree = grove.read("");
    let spec = &tree.tasks[2].full_spec;
    assert_eq!(spec, &json!({"runnable": true, "pipeline": ["m.A"], "input_ids": "1-3", "note": 8}));
    let origins = tree.origins(2);
    assert!(origins["pipeline"].to_string().ends_with("a/task.yml:3"), "{origins:?}");
    assert!(origins["note"].to_string().ends_with("a/b/c/task.yml:1"), "{origins:?}");
    assert_eq!(tree.tasks[1].full_spec["note"], 7);
    assert!(tree.tasks[0].full_spec.get("name").is_some(), "a name is the folder's own");
    assert_eq!(&*tree.tasks[2].input_ids, &[InputId::Int(1), InputId::Int(2), InputId::Int(3)]);
}

#[test]
fn rp_05_hyperparameters_come_from_the_parent_then_the_base_file_then_the_own_section() {
    let grove = Grove::new(&[
        ("r/task.yml", "base_config_path: base.yml\nconfig:\n  a:\n    p: 1\n    n: {u: 1, v: 2}\n"),
        ("r/base.yml", "a: {p: 100, n: {u: 100, w: 3}}\nb:\n  q: 7\n"),
        ("r/x/task.yml", "base_config_path: base.yml\nconfig:\n  a: {n: {v: 20}}\n"),
        ("r/x/base.yml", "a:\n  p: 55\n  n: {v: 5, u: 9}\n"),
        ("r/y/task.yml", ""),
    ]);
    let tree = grove.good();
    let root = json!({"a": {"p": 1, "n": {"u": 1, "w": 3, "v": 2}}, "b": {"q": 7}});
    assert_eq!(tree.tasks[0].config, root);
    assert_eq!(tree.tasks[1].config, json!({"a": {"p": 55, "n": {"u": 9, "w": 3, "v": 20}}, "b": {"q": 7}}));
    // The file is not applied again where it is only inherited.
    assert_eq!(tree.tasks[2].config, root);
    assert_eq!(tree.tasks[2].full_spec["base_config_path"], "base.yml");
    for (path, end) in [
        ("config/a/p", "r/x/base.yml:2"),
        ("config/a/n/u", "r/x/base.yml:3"),
        ("config/a/n/w", "r/base.yml:1"),
        ("config/a/n/v", "r/x/task.yml:3"),
        ("config/b/q", "r/base.yml:3"),
    ] {
        let origin = tree.origin(1, path).unwrap().to_string();
        assert!(origin.ends_with(end), "{path}: {origin}");
        assert_eq!(tree.origins(1)[path].to_string(), origin);
    }
    assert!(tree.origin(1, "config/a/z").is_none());
}

#[test]
fn rp_05_a_value_that_replaces_a_mapping_hides_what_lies_below() {
    let grove = Grove::new(&[("a/task.yml", "config: {s: {m: {x: 1}}}\n"), ("a/b/task.yml", "config: {s: {m: 5}}\n")]);
    let tree = grove.good();
    assert_eq!(tree.tasks[1].config, json!({"s": {"m": 5}}));
    assert!(tree.origin(1, "config/s/m/x").is_none());
    assert!(tree.origin(0, "config/s/m/x").is_some());
}

#[test]
fn rp_06_a_base_file_is_found_beside_the_task_that_names_it_under_either_name() {
    let grove = Grove::new(&[
        ("r/task.yml", "base_config: '{ROOTDIR}/{DIRNAME}.yml'\n"),
        ("r/r.yml", "a: {p: 1}\n"),
        ("r/x/task.yml", "base_config: ../shared.yml\nbase_config_path: ../shared.yml\n"),
        ("r/y/task.yml", "base_config_path: '{ROOTDIR}/shared.yml'\n"),
        ("r/shared.yml", "a: {q: yes}\n"),
        ("r/z/task.yml", "base_config_path: empty.yml\n"),
        ("r/z/empty.yml", "# nothing\n"),
    ]);
    let tree = grove.good();
    let configs: Vec<_> = tree.tasks.iter().map(|task| task.config.clone()).collect();
    let shared = json!({"a": {"p": 1, "q": true}});
    assert_eq!(configs, [json!({"a": {"p": 1}}), shared.clone(), shared, json!({"a": {"p": 1}})]);
}

#[test]
fn rp_06_a_base_file_that_is_missing_or_no_mapping_or_named_twice_is_an_error_with_its_place() {
    let missing = Grove::new(&[("task.yml", "config: {}\nbase_config_path: lost.yml\n")]);
    let problem = missing.one_problem();
    assert_eq!((problem.code, problem.line), ("base_config_missing", Some(2)));
    assert!(problem.message.contains(&missing.root().join("lost.yml").display().to_string()), "{problem}");

    let list = Grove::new(&[("task.yml", "base_config_path: b.yml\n"), ("b.yml", "- 1\n")]).one_problem();
    assert!(list.message.contains("is a mapping, got a list") && list.file.unwrap().ends_with("b.yml"));

    let twice =
        Grove::new(&[("task.yml", "base_config: a\nbase_config_path: b\n"), ("a", ""), ("b", "")]).one_problem();
    assert!(twice.message.contains("task.yml:1") && twice.message.contains("task.yml:2"), "{twice}");
}

#[test]
fn rp_08_rp_09_a_value_set_by_hand_is_in_the_spec_that_would_run_and_says_so() {
    let grove = Grove::new(&[("a/task.yml", "config: {s: {x: 1}}\n"), ("a/b/task.yml", "")]);
    for words in ["s/x=1e-3", "s.x=0.001"] {
        let tree = grove.read_with("a/b", &set(words));
        assert!(tree.problems.is_empty(), "{}", tree.problems);
        assert_eq!(tree.tasks[1].config, json!({"s": {"x": 0.001}}));
        assert_eq!(tree.tasks[1].spec()["config"], tree.tasks[1].config);
        assert_eq!(tree.tasks[0].config, json!({"s": {"x": 1}}), "what is not selected stays as it is");
        assert_eq!(tree.origin(1, "config/s/x").unwrap().to_string(), format!("--set {words}"));
    }
    assert_eq!(
        grove.read_with("a", &set("s/n/y=[1, a]")).tasks[0].config,
        json!({"s": {"x": 1, "n": {"y": [1, "a"]}}})
    );
    assert_eq!(fs::read_to_string(grove.root().join("a/task.yml")).unwrap(), "config: {s: {x: 1}}\n");
    let bad = grove.read_with("a", &set("s/x=[1"));
    assert!(bad.problems.iter().any(|problem| problem.is_error() && problem.message.contains("--set s/x=[1")));
    let bad = grove.read_with("a", &set("alone=1"));
    assert!(bad.problems.0[0].message.contains("--set alone=1"), "{}", bad.problems);
}

#[test]
fn rp_10_the_digest_of_a_spec_knows_values_and_neither_the_order_of_keys_nor_labels() {
    let digest = |text: &str| Grove::new(&[("task.yml", text)]).good().tasks[0].spec_digest();
    let one = digest("pipeline: [m.A]\nconfig: {a: {x: 1, y: [1, 2], z: .nan}}\n");
    for same in [
        "# a comment\nconfig: {a: {z: .NaN, y: [1, 2], x: 1}}\npipeline: [m.A]\n",
        "name: other\ndescription: words\npipeline: [m.A]\nconfig: {a: {x: 1, y: [1, 2], z: .nan}}\n",
    ] {
        assert_eq!(digest(same), one, "{same}");
    }
    for other in [
        "pipeline: [m.A]\nconfig: {a: {x: 1.0, y: [1, 2], z: .nan}}\n",
        "pipeline: [m.A]\nconfig: {a: {x: 1, y: [2, 1], z: .nan}}\n",
        "pipeline: [m.B]\nconfig: {a: {x: 1, y: [1, 2], z: .nan}}\n",
    ] {
        assert_ne!(digest(other), one, "{other}");
    }
}

#[test]
fn rp_16_runnable_is_inherited_and_any_truth_counts() {
    for (text, truth) in [("true", true), ("1", true), ("'no'", true), ("[0]", true), ("yes", true)]
        .into_iter()
        .chain([("no", false), ("0", false), ("''", false), ("[]", false), ("~", false), ("{}", false), ("0.0", false)])
    {
        let grove = Grove::new(&[
            ("a/task.yml", "runnable: true\npipeline: [m.A]\n"),
            ("a/b/task.yml", &format!("runnable: {text}\n")),
            ("a/b/c/task.yml", ""),
        ]);
        let tree = grove.good();
        assert_eq!((tree.tasks[1].runnable, tree.tasks[2].runnable), (truth, truth), "{text}");
    }
}

#[test]
fn rp_17_the_pipeline_is_a_list_of_stages_or_one_class_and_a_child_replaces_it_whole() {
    let grove = Grove::new(&[
        ("a/task.yml", "pipeline:\n- m.A\n- m.sub.B\n"),
        ("a/b/task.yml", "pipeline: m.Whole\n"),
        ("a/c/task.yml", "pipeline: [m.A]\n"),
        ("a/d/task.yml", "pipeline: ~\n"),
    ]);
    let tree = grove.good();
    let paths = |index: usize| match &tree.tasks[index].pipeline {
        Some(PipelineSpec::Stages(stages)) => stages.iter().map(|stage| stage.path.clone()).collect(),
        Some(PipelineSpec::Class(class)) => vec![format!("class {}", class.path)],
        None => vec![],
    };
    assert_eq!(paths(0), ["m.A", "m.sub.B"]);
    assert_eq!((paths(1), paths(2), paths(3)), (vec!["class m.Whole".into()], vec!["m.A".into()], vec![]));
    let Some(PipelineSpec::Stages(stages)) = &tree.tasks[0].pipeline else { panic!("stages") };
    assert_eq!((stages[1].at.line, stages[1].at.column), (3, 3));
    let kinds: Vec<_> = tree.tasks.iter().map(|task| task.kind).collect();
    assert_eq!(kinds, [Kind::Staged, Kind::Staged, Kind::Staged, Kind::Node]);
}

#[test]
fn rp_32_marginal_stages_are_ids_or_classes_and_are_replaced_whole() {
    let grove = Grove::new(&[
        ("a/task.yml", "runnable: yes\npipeline: [m.A, m.TheSegStage]\nmarginal_stages: [a, m.TheSegStage]\n"),
        ("a/b/task.yml", "marginal_stages: []\n"),
        ("a/c/task.yml", "config: {a: {x: 1}, the-sge: {y: 2}}\nmarginal_stages:\n- segg\n"),
    ]);
    let tree = grove.good();
    let stages = [("m.A".to_owned(), "a".to_owned()), ("m.seg.TheSegStage".to_owned(), "the-seg".to_owned())];
    assert_eq!(tree.tasks[0].marginal_ids(&stages).unwrap(), ["a", "the-seg"]);
    assert!(tree.tasks[1].marginal_ids(&stages).unwrap().is_empty());
    let problems = tree.check_stages(&|_| Some(&stages));
    assert_eq!(problems.0.len(), 2, "{problems}");
    let (warning, error) = (problems.warnings().next().unwrap(), problems.errors().next().unwrap());
    assert!(error.message.contains("`segg`") && error.line == Some(3) && error.hint.contains("`the-seg`"), "{error}");
    assert!(warning.key == "the-sge" && warning.line == Some(1) && warning.hint.contains("`the-seg`"), "{warning}");
}

#[test]
fn rp_41_scopes_are_resolved_for_the_task_that_inherits_them() {
    let grove = Grove::new(&[
        ("r/task.yml", "scopes: {seg: seg/%s.png, all: '{ROOTDIR}/all/{DIRNAME}-%03d', gone: g/%s}\n"),
        ("r/x/task.yml", "scopes: {own: o/%d, gone: ~}\n"),
    ]);
    let tree = grove.good();
    let root = grove.root().join("r");
    let path = |index: usize, scope: &str, id: InputId| tree.tasks[index].scope_path(scope, Some(&id)).unwrap();
    let shown = |end: &str| Some(root.join(end).display().to_string());
    assert_eq!(path(0, "seg", 3.into()), shown("seg/3.png"));
    assert_eq!(path(1, "seg", "a".into()), shown("x/seg/a.png"));
    assert_eq!(path(1, "all", 3.into()), shown("all/x-003"));
    assert_eq!(path(1, "own", 3.into()), shown("x/o/3"));
    assert_eq!((path(0, "own", 3.into()), path(1, "gone", 3.into())), (None, None));
    assert_eq!(tree.tasks[1].scope_path("seg", None).unwrap(), None);
    assert!(tree.tasks[1].scope_path("own", Some(&"a".into())).is_err());
}

#[path = "tests_bad.rs"]
mod bad;
#[path = "tests_union.rs"]
mod union;

fn any_level() -> impl Strategy<Value = String> {
    let config = prop::collection::btree_map("[ab]", prop::collection::btree_map("[xy]", 0..9i64, 0..3), 0..3);
    (config, prop::option::of(any::<bool>()), prop::option::of(0..4i64)).prop_map(|(config, runnable, inputs)| {
        let mut spec = serde_json::Map::from_iter([("config".to_owned(), json!(config))]);
        spec.extend(runnable.map(|runnable| ("runnable".to_owned(), json!(runnable))));
        spec.extend(inputs.map(|last| ("input_ids".to_owned(), json!((0..last).collect::<Vec<_>>()))));
        spec.insert("pipeline".to_owned(), json!(["m.A"]));
        Value::Object(spec).to_string()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn rp_04_a_part_of_a_tree_means_what_it_means_in_the_whole(levels in prop::collection::vec(any_level(), 1..5), gap in 0..6usize) {
        let grove = Grove::new(&[]);
        let mut folder = "t".to_owned();
        let mut folders = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            if index > 0 {
                folder.push_str(if index == gap { "/gap/n" } else { "/n" });
            }
            grove.write(&format!("{folder}/task.yml"), level);
            folders.push(folder.clone());
        }
        let whole = grove.read("t");
        prop_assert_eq!(whole.tasks.len(), levels.len());
        for (index, folder) in folders.iter().enumerate() {
            let part = grove.read(folder);
            let (place, task) = part.selected().next().unwrap();
            let same = &whole.tasks[index];
            prop_assert_eq!((task.spec(), &task.path), (same.spec(), &same.path));
            prop_assert_eq!((&task.input_ids, task.runnable), (&same.input_ids, same.runnable));
            prop_assert_eq!(part.origins(place), whole.origins(index));
            // Every value of the config has an origin.
            for (stage, keys) in task.config.as_object().unwrap() {
                for key in keys.as_object().unwrap().keys() {
                    let path = format!("config/{stage}/{key}");
                    prop_assert!(part.origin(place, &path).is_some(), "{}", path);
                }
            }
        }
    }
}
