use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Dialect, read_texts};

const TASK: &str = "\
params:
  lr: {type: float, default: 0.01, values: [0.1, 0.2]}
  depth: {type: int, default: 3, max: 9}
  model: {type: enum, choices: [a, b, c], default: a}
  layers: {type: 'list[int]', default: [64]}
  span: {type: range, default: {from: 0, to: 10, step: 1}}
  name: {type: str, default: x}
  data: {type: dataset, required: true}
";

fn schema() -> ParamSchema {
    let texts = [("task.yaml".to_owned(), TASK.to_owned())];
    read_texts(&texts, &["main.py".into()], &Default::default()).unwrap_or_else(|problems| panic!("{problems}")).schema
}

fn given(option: &str, words: &[&str]) -> Vec<Assignment> {
    words.iter().map(|word| Assignment::parse(option, word).unwrap()).collect()
}

fn grid(words: &[&str]) -> Result<Grid, Problems> {
    let sets = given("--set", &["data=1"]);
    members(&schema(), &GridRequest { sets: &sets, grids: &given("--grid", words), ..GridRequest::default() })
}

fn cells(grid: &Grid, names: &[&str]) -> Vec<Vec<Value>> {
    let cell = |member: &Member| {
        names.iter().map(|name| member.params.iter().find(|param| param.name == *name).unwrap().value.clone()).collect()
    };
    grid.members.iter().map(cell).collect()
}

#[test]
fn ct_33_several_values_give_every_combination_once() {
    let grid = grid(&["name=x,y", "depth=3,5,8", "lr=0.1,0.01"]).unwrap();

    assert_eq!(grid.members.len(), 12);
    let all = cells(&grid, &["lr", "depth", "name"]);
    assert_eq!(
        all[..3],
        [[json!(0.1), json!(3), json!("x")], [json!(0.1), json!(3), json!("y")], [json!(0.1), json!(5), json!("x")]]
    );
    assert_eq!(all[11], [json!(0.01), json!(8), json!("y")]);
    let unique: HashSet<String> = all.iter().map(|cell| format!("{cell:?}")).collect();
    assert_eq!(unique.len(), 12);
    assert_eq!((grid.members[0].suffix.as_str(), grid.members[11].suffix.as_str()), ("-1", "-12"));
    assert_eq!(grid.axes.iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>(), ["lr", "depth", "name"]);
    assert!(grid.members[0].params.iter().any(|param| param.origin == Origin::Grid));
}

#[test]
fn a_plain_run_is_one_member_without_a_suffix() {
    let one = grid(&[]).unwrap();

    assert_eq!((one.members.len(), one.members[0].suffix.as_str(), one.axes.len()), (1, "", 0));
}

#[test]
fn values_of_an_enum_and_whole_lists_are_swept() {
    assert_eq!(cells(&grid(&["model=*"]).unwrap(), &["model"]), [[json!("a")], [json!("b")], [json!("c")]]);
    assert_eq!(cells(&grid(&["layers=[64],[128,64]"]).unwrap(), &["layers"]), [[json!([64])], [json!([128, 64])]]);
    assert_eq!(cells(&grid(&["name='a,b',c"]).unwrap(), &["name"]), [[json!("a,b")], [json!("c")]]);
    assert_eq!(cells(&grid(&["data=1,./d"]).unwrap(), &["data"]), [[json!(1)], [json!("./d")]]);
}

#[test]
fn ct_34_a_type_that_is_one_value_is_not_sweepable() {
    for word in ["layers=64,128", "span=0:10,0:20", "span=0,10"] {
        let problems = grid(&[word]).unwrap_err();
        assert_eq!(problems.0[0].code, "not_sweepable", "{word}");
        assert!(problems.to_string().contains("not_sweepable"), "{problems}");
    }
    let text = "params:\n  span: {type: range, values: [{from: 0, to: 1, step: 1}, {from: 0, to: 2, step: 1}]}\n";
    let problems = read_texts(&[("task.yaml".into(), text.into())], &[], &Default::default()).unwrap_err();
    assert_eq!((problems.0[0].code, problems.0[0].line), ("not_sweepable", Some(2)));
}

#[test]
fn one_of_p_sets_and_several_make_a_grid() {
    let (schema, either) = (schema(), given("-p", &["lr=0.5", "depth=1,2", "data=d", "layers=[1,2]"]));
    let grid = members(&schema, &GridRequest { either: &either, ..GridRequest::default() }).unwrap();

    assert_eq!(
        cells(&grid, &["lr", "depth", "layers"]),
        [[json!(0.5), json!(1), json!([1, 2])], [json!(0.5), json!(2), json!([1, 2])]]
    );
}

#[test]
fn repeats_are_dropped_with_a_warning() {
    let grid = grid(&["depth=3,3,5,03"]).unwrap();

    assert_eq!(cells(&grid, &["depth"]), [[json!(3)], [json!(5)]]);
    assert_eq!(grid.warnings.0.len(), 2);
}

#[test]
fn a_grid_that_is_wrong_anywhere_makes_nothing() {
    for (word, message) in [
        ("lr=", "`lr` has no values, in `--grid lr=`"),
        ("lr=0.1,fast", "`lr` expects float, got `fast`, in `--grid lr=0.1,fast`"),
        ("lr=0.1,,0.2", "`lr` has an empty value"),
        ("depth=3,10", "`depth` must be at most 9, got 10"),
        ("model=a,d", "`model` expects one of `a`, `b`, `c`, got `d`"),
        ("lerning=1,2", "unknown parameter `lerning`"),
        ("layers=[1", "lacks a closing `]`"),
        ("data=null", "expects"),
    ] {
        match grid(&[word]) {
            Err(problems) => assert!(problems.to_string().contains(message), "{word}: {problems}"),
            // `null` is a good name for a dataset.
            Ok(_) => assert_eq!(word, "data=null"),
        }
    }
    assert_eq!(grid(&["lr=x,y", "depth=z"]).unwrap_err().0.len(), 3, "all faults at once");
}

#[test]
fn a_grid_over_the_limit_is_refused_before_it_is_made() {
    let many: String = (0..200).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
    let problems = grid(&[&format!("lr={many}"), &format!("name={many}")]).unwrap_err();

    assert_eq!(problems.0[0].code, "grid_too_large");
    assert!(problems.0[0].message.contains("40000 cells"), "{problems}");
}

#[test]
fn values_of_the_task_file_make_a_grid_only_when_asked() {
    let (schema, sets) = (schema(), given("--set", &["data=1"]));
    let asked = members(&schema, &GridRequest { sets: &sets, declared: true, ..GridRequest::default() }).unwrap();
    let file = ValuesFile::parse("values.yaml", "grid: true\ndepth: 4\n", Dialect::Core).unwrap();
    let by_file =
        members(&schema, &GridRequest { sets: &sets, values: Some(&file), ..GridRequest::default() }).unwrap();

    assert_eq!(cells(&asked, &["lr"]), [[json!(0.1)], [json!(0.2)]]);
    assert_eq!(cells(&by_file, &["lr", "depth"]), [[json!(0.1), json!(4)], [json!(0.2), json!(4)]]);
    assert_eq!(grid(&[]).unwrap().members.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_count_is_the_product_of_the_values(a in 1usize..6, b in 1usize..6, c in 1usize..4) {
        let list = |count: usize| (0..count).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        let words = [format!("lr={}", list(a)), format!("depth={}", list(b)), format!("name={}", list(c))];
        let grid = grid(&words.each_ref().map(String::as_str)).expect("a grid");
        prop_assert_eq!(grid.members.len(), a * b * c);
    }

    #[test]
    fn no_grid_makes_the_reader_panic(text in "[a-d0-9,.'\"\\[\\]{}*: -]{0,30}", index in 0usize..7) {
        let schema = schema();
        let word = format!("{}={text}", schema.inputs[index].name);
        let _ = grid(&[&word]);
    }
}
