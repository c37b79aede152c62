use std::fs;

use serde_json::json;

use super::*;
use crate::ParamType;

struct Place(tempfile::TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = place.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    fn read(&self, folder: &str) -> Result<TaskFile, Problems> {
        read_folder(&self.0.path().join(folder))
    }

    fn good(&self) -> TaskFile {
        self.read("").unwrap_or_else(|problems| panic!("{problems}"))
    }
}

#[test]
fn the_kind_is_decided_by_keys_and_files_and_says_by_which() {
    for (files, kind, file, line) in [
        (&[("main.py", "")][..], Kind::Script, "main.py", None),
        (&[("main.R", "")], Kind::Script, "main.R", None),
        (&[("run.sh", ""), ("task.yaml", "name: x\nentry: run.sh\n")], Kind::Script, "task.yaml", Some(2)),
        (&[("main.py", ""), ("task.yml", "name: x\npipeline: [a.B]\n")], Kind::Staged, "task.yml", Some(2)),
        (&[("task.yaml", "name: x\n\nstages:\n- epochs: 3\n")], Kind::Training, "task.yaml", Some(3)),
        (&[("task.yaml", "architecture: unet\n")], Kind::Training, "task.yaml", Some(1)),
        (&[("task.yaml", "train: {}\n")], Kind::Training, "task.yaml", Some(1)),
        (&[("config.yaml", "architecture: unet\nstages: [{epochs: 1}]\n")], Kind::Training, "config.yaml", Some(1)),
        (&[("task.yml", "runnable: true\n")], Kind::Node, "task.yml", None),
        (&[("task.yml", "")], Kind::Node, "task.yml", None),
        (&[("readme.md", "")], Kind::Node, "", None),
    ] {
        let task = Place::new(files).good();
        assert_eq!(task.kind, kind, "{files:?}");
        assert!(task.decision.file.ends_with(file), "{files:?}: {:?}", task.decision);
        assert_eq!(task.decision.line, line, "{files:?}");
    }
}

#[test]
fn a_pipeline_of_the_folder_around_makes_a_folder_staged() {
    let place = Place::new(&[
        ("task.yml", "pipeline: [a.B]\n"),
        ("x/task.yml", "config: {}\n"),
        ("old/task.yaml", "name: old\n"),
        ("old/main.py", ""),
        ("new/task.yaml", "inherit: true\n"),
        ("new/main.py", ""),
        ("gap/y/task.yml", "{}"),
    ]);

    assert_eq!(place.read("x").unwrap().kind, Kind::Staged);
    assert_eq!(place.read("old").unwrap().kind, Kind::Script, "old folders mean the same wherever they lie");
    assert_eq!(place.read("new").unwrap().kind, Kind::Staged);
    assert_eq!(place.read("gap/y").unwrap().kind, Kind::Node, "a gap breaks the chain");
}

#[test]
fn parameters_are_inherited_and_their_values_changed_but_never_their_types() {
    let place = Place::new(&[
        (
            "task.yml",
            "param_groups:\n- name: inputs\n  params:\n  - {name: a, value: 1, description: first}\n  - {name: b, value: x}\n",
        ),
        ("x/task.yml", "params: {a: 5, c: 0.5}\n"),
        ("y/task.yml", "params: {a: {type: str, default: z}}\n"),
    ]);
    let schema = place.read("x").unwrap().schema;

    assert_eq!(schema.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((&schema.inputs[0].default, &*schema.inputs[0].description), (&json!(5), "first"));
    assert!(place.read("y").unwrap_err().to_string().contains("`a` is int in the folder around"));
}

#[test]
fn ct_17_main_py_is_the_entry_and_without_it_there_is_none() {
    let place = Place::new(&[("main.py", ""), ("main.r", ""), ("other.py", "")]);
    assert_eq!(place.good().entry.as_deref(), Some("main.py"));
    assert!(place.good().entry_problem().is_none());

    fs::remove_file(place.0.path().join("main.py")).unwrap();
    assert_eq!(place.good().entry.as_deref(), Some("main.r"));
    fs::remove_file(place.0.path().join("main.r")).unwrap();
    let problem = place.good().entry_problem().unwrap();
    assert_eq!(problem.code, "entry_missing");
    assert!(problem.message.contains("looked for `main.py`, `main.r`, `main.R`"), "{problem}");
    assert!(problem.hint.contains("`other.py`"), "{problem}");
}

#[test]
fn ct_18_the_entry_of_a_run_can_be_chosen_within_the_folder() {
    let place = Place::new(&[("task/main.py", ""), ("task/tools/validate.py", ""), ("outside.py", "")]);
    let read = |entry| read_folder_with(&place.0.path().join("task"), &ReadOptions { entry: Some(entry) });

    assert_eq!(read("tools/validate.py").unwrap().entry.as_deref(), Some("tools/validate.py"));
    assert_eq!(read("./main.py").unwrap().entry.as_deref(), Some("main.py"));
    for (entry, message) in [
        ("../outside.py", "lies outside the task folder"),
        ("/etc/hosts", "lies outside the task folder"),
        ("tools/validat.py", "did you mean `tools/validate.py`?"),
        ("nothing.sh", "candidates: `main.py`, `tools/validate.py`"),
        ("tools", "is not a file"),
    ] {
        let problems = read(entry).unwrap_err();
        assert_eq!(problems.0[0].code, "entry_missing");
        assert!(problems.to_string().contains(message), "{entry}: {problems}");
    }
}

#[test]
fn ct_21_a_declaration_keeps_name_type_description_default_and_required() {
    let text = "params:\n  lr: {type: float, default: 0.01, min: 0, help: learning rate, unit: 1/s, label: Rate}\n  data: {type: dataset, required: true}\n  plain: 5\n";
    let task = Place::new(&[("task.yaml", text), ("main.py", "")]).good();
    let told = serde_json::to_value(&task.schema).unwrap();

    assert_eq!(
        told["inputs"][0],
        json!({"name": "lr", "type": "float", "description": "learning rate", "group": "", "default": 0.01,
            "required": false, "min": 0.0, "label": "Rate", "unit": "1/s",
            "at": {"file": task.files[0], "line": 2, "column": 3},
            "default_at": {"file": task.files[0], "line": 2, "column": 30}})
    );
    assert_eq!(told["inputs"][1]["required"], true);
    assert_eq!((told["inputs"][2]["type"].as_str(), &told["inputs"][2]["default"]), (Some("int"), &json!(5)));
}

#[test]
fn the_group_outputs_is_what_a_run_produces() {
    let text = "param_groups:\n- name: Outputs\n  params:\n  - {name: model, data_type: model, required: true}\n- name: inputs\n  params:\n  - {name: model, data_type: model}\n- name: empty\n  params:\n";
    let task = Place::new(&[("task.yaml", text), ("main.py", "")]).good();

    assert_eq!((task.schema.inputs.len(), task.schema.outputs.len()), (1, 1));
    assert_eq!(task.schema.inputs[0].kind, ParamType::Model);
    assert!(crate::resolve(&task.schema, None, &[]).is_ok(), "an output is not asked for");
}

#[test]
fn every_fault_of_a_file_is_told_at_once() {
    let text = "\
nmae: x
is_active: maybe
project_type: 99
param_groups:
- name: inputs
  params:
  - name: a
    data_type: itn
  - description: nameless
  - name: b
    value: 5
  - name: b
    value: 6
  - name: c
    data_type: int
    value: 1.5
";
    let problems = Place::new(&[("task.yaml", text), ("main.py", "")]).read("").unwrap_err();
    let told: Vec<_> = problems.iter().map(|problem| (problem.line.unwrap(), problem.code, &*problem.hint)).collect();

    assert_eq!(
        told,
        [
            (1, "unknown_key", "did you mean `name`?"),
            (2, "bad_value", ""),
            (3, "bad_value", problems.0[2].hint.as_str()),
            (8, "unknown_type", "did you mean `int`?"),
            (9, "bad_value", "give it a `name`"),
            (12, "duplicate_param", "rename one of them"),
            (16, "bad_value", ""),
        ]
    );
    assert!(problems.to_string().contains("declared twice, on lines 10 and 12"), "{problems}");
}

#[test]
fn ct_20_broken_yaml_names_file_line_and_column() {
    let problems = Place::new(&[("task.yaml", "a: 1\n b: 2\n")]).read("").unwrap_err();

    assert!(problems.to_string().contains("task.yaml:2:3\n     b: 2"), "{problems}");
}

#[test]
fn two_files_of_one_folder_are_two_views_of_one_task() {
    let place = Place::new(&[("task.yaml", "name: x\nparams: {a: 1}\n"), ("task.yml", "name: x\nconfig: {b: 2}\n")]);
    assert_eq!(place.good().document["config"], json!({"b": 2}));
    assert_eq!(place.good().schema.inputs.len(), 1);

    let place = Place::new(&[("task.yaml", "id: 1\nname: x\n"), ("task.yml", "name: y\n")]);
    let problems = place.read("").unwrap_err();
    assert!(
        problems.0[0].message.contains("task.yaml:2") && problems.0[0].message.contains("task.yml:1"),
        "{problems}"
    );
}

#[test]
fn the_dialect_follows_the_kind_of_file() {
    let rate = |file: &str, text: &str| {
        Place::new(&[(file, text), ("main.py", "")]).read("").map(|task| task.schema.inputs[0].kind)
    };

    assert_eq!(rate("task.yaml", "params: {lr: 1e-3}\n"), Ok(ParamType::Float));
    assert_eq!(rate("task.yml", "params: {lr: 1e-3}\n"), Ok(ParamType::Str));
    assert_eq!(rate("task.yaml", "params: {lr: 1e-3}\nparam_groups:\n"), Ok(ParamType::Str));
    assert_eq!(rate("task.yaml", "params: {flag: yes}\n"), Ok(ParamType::Str));
    assert_eq!(rate("task.yml", "params: {flag: yes}\n"), Ok(ParamType::Bool));
}

#[test]
fn sweep_resources_environment_and_labels_are_read() {
    let text = "\
name: segmentation
description: finds cells
project_type: vision
is_active: false
environment: requirements.txt
params:
  lr: 0.1
  optimizer: {choices: [adam, sgd], default: adam}
sweep:
  grid: {lr: [0.1, 0.01], optimizer: '*'}
  objective: loss
  direction: min
resources: {cpu: 2, gpu: 0, time: 10m, memory: 16G}
";
    let task = Place::new(&[("task.yaml", text), ("main.py", ""), ("requirements.txt", "")]).good();

    assert_eq!((task.name.as_str(), task.description.as_str(), task.active), ("segmentation", "finds cells", false));
    assert_eq!(task.project_type, Some(ProjectType::ComputerVision));
    assert_eq!(task.environment.as_deref(), Some("requirements.txt"));
    assert_eq!(task.schema.inputs[1].kind, ParamType::Enum);
    let sweep = task.sweep.unwrap();
    assert_eq!(sweep.grid[1], ("optimizer".to_owned(), vec![json!("adam"), json!("sgd")]));
    assert_eq!(task.resources, Resources { cpu: Some(2.0), gpu: Some(0), memory: Some(16 << 30), time: Some(600) });
    let bad = "environment: other.txt\nsweep: {grid: {rate: [1]}, direction: up}\nresources: {time: soon}\n";
    let problems = Place::new(&[("task.yaml", bad), ("main.py", "")]).read("").unwrap_err();
    assert_eq!(problems.0.len(), 4, "{problems}");
}

#[test]
fn a_snapshot_is_read_as_its_folder_was() {
    let texts = [("task.yaml".to_owned(), "entry: a/b.py\nparams: {x: 1}\n".to_owned())];
    let listing = ["task.yaml".to_owned(), "a/b.py".to_owned()];
    let task = read_texts(&texts, &listing, &ReadOptions::default()).unwrap();

    assert_eq!((task.kind, task.entry.as_deref()), (Kind::Script, Some("a/b.py")));
    assert!(read_texts(&texts, &listing[..1], &ReadOptions::default()).is_err());
}

#[test]
fn a_folder_that_is_not_there_is_said_so() {
    assert_eq!(read_folder(Path::new("nowhere/at/all")).unwrap_err().0[0].code, "folder_missing");
}
