use serde_json::json;

use super::*;
use crate::{Dialect, read_texts};

const TASK: &str = "\
params:
  data: {type: dataset, required: true, help: the images}
  lr: {type: float, default: 0.01, min: 0, help: learning rate}
  steps: {type: int, default: 5}
  optimizer: {type: enum, choices: [adam, sgd], default: adam}
  layers: {type: 'list[int]', default: [64]}
  tags: {type: 'list[str]', required: true}
";

fn schema() -> ParamSchema {
    let texts = [("task.yaml".to_owned(), TASK.to_owned())];
    read_texts(&texts, &["main.py".into()], &Default::default()).unwrap_or_else(|problems| panic!("{problems}")).schema
}

fn sets(words: &[&str]) -> Vec<Assignment> {
    words.iter().map(|word| Assignment::parse("--set", word).unwrap()).collect()
}

#[test]
fn each_value_says_where_it_came_from_and_the_stronger_wins() {
    let file = ValuesFile::parse("values.yaml", "lr: 1e-3\nsteps: 7\ndata: 3\n", Dialect::Core).unwrap();
    let params = resolve(&schema(), Some(&file), &sets(&["steps=8", "tags=a,b", "steps=9"])).unwrap();

    let told: Vec<_> =
        params.iter().map(|param| (param.name.as_str(), param.value.clone(), param.origin.to_string())).collect();
    assert_eq!(
        told,
        [
            ("data", json!(3), "values.yaml:3".into()),
            ("lr", json!(0.001), "values.yaml:1".into()),
            ("steps", json!(9), "--set steps=9".into()),
            ("optimizer", json!("adam"), "default (task.yaml:5)".into()),
            ("layers", json!([64]), "default (task.yaml:6)".into()),
            ("tags", json!(["a", "b"]), "--set tags=a,b".to_owned()),
        ]
    );
}

#[test]
fn ct_25_defaults_are_filled_in_for_every_untouched_parameter() {
    let params = resolve(&schema(), None, &sets(&["data=1", "tags=a"])).unwrap();
    let defaults: Vec<_> = params.iter().filter(|param| matches!(param.origin, Origin::Default { .. })).collect();

    assert_eq!(defaults.iter().map(|param| &*param.name).collect::<Vec<_>>(), ["lr", "steps", "optimizer", "layers"]);
    assert_eq!(defaults[0].value, json!(0.01));
}

#[test]
fn ct_24_required_parameters_without_a_value_are_all_named_with_type_description_and_an_example() {
    let problems = resolve(&schema(), None, &[]).unwrap_err();
    let told: Vec<_> = problems.iter().map(|problem| (&*problem.message, &*problem.hint)).collect();

    assert_eq!(
        told,
        [
            ("`data` is required and no value is given (dataset: the images)", "give one, such as `--set data=NAME`"),
            ("`tags` is required and no value is given (list[str])", "give one, such as `--set tags=A,B`"),
        ]
    );
    let empty = resolve(&schema(), None, &sets(&["data=1", "tags=[]"])).unwrap_err();
    assert!(empty.to_string().contains("`tags` must not be empty"), "{empty}");
}

#[test]
fn every_fault_is_reported_at_once_with_its_place() {
    let file = ValuesFile::parse("values.yaml", "lr: fast\nstesp: 1\n", Dialect::Core).unwrap();
    let problems =
        resolve(&schema(), Some(&file), &sets(&["optimizer=adm", "lerning=1", "data=1", "tags=x"])).unwrap_err();
    let text = problems.to_string();

    assert_eq!(problems.0.len(), 4, "{text}");
    for part in [
        "unknown parameter `stesp`\n  values.yaml:2:1\n    stesp: 1\n",
        "did you mean `steps`?",
        "unknown parameter `lerning`, in `--set lerning=1`",
        "`lr` expects float, got text `fast`\n  values.yaml:1:5",
        "`optimizer` expects one of `adam`, `sgd`, got `adm`, in `--set optimizer=adm`",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
}

#[test]
fn ct_26_a_value_of_a_run_leaves_the_declaration_as_it_is() {
    let schema = schema();
    let before = schema.clone();
    resolve(&schema, None, &sets(&["data=1", "tags=a", "lr=0.5"])).unwrap();

    assert_eq!(schema, before);
    assert_eq!(resolve(&schema, None, &sets(&["data=1", "tags=a", "x=0.5"])).unwrap_err().0[0].code, "unknown_param");
}

#[test]
fn ct_27_five_hundred_parameters_are_read_and_resolved() {
    let text: String = (0..500).map(|index| format!("  p{index}: {{type: int, default: {index}}}\n")).collect();
    let texts = [("task.yaml".to_owned(), format!("params:\n{text}"))];
    let task = read_texts(&texts, &["main.py".into()], &Default::default()).unwrap();

    assert_eq!(resolve(&task.schema, None, &sets(&["p499=1"])).unwrap()[499].value, json!(1));
}
