//! The table of types: every row, good and bad, in files and as text.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Dialect, Node, read_texts};

fn node(text: &str, dialect: Dialect) -> Node {
    let mut document = crate::Document::parse("task.yaml", text).unwrap();
    assert!(document.finish(dialect).is_empty());
    document.root.unwrap_or_else(|| Node::text(""))
}

fn kind(name: &str) -> ParamType {
    ParamType::named(name).unwrap()
}

/// The value in a file of old, with the options `adam` and `sgd` for enums.
fn in_file(name: &str, text: &str) -> Result<Value, Fault> {
    from_node(kind(name), &options(), &node(text, Dialect::Yaml11), Dialect::Yaml11)
}

fn options() -> Vec<Value> {
    vec![json!("adam"), json!("sgd")]
}

const ENUM: &str = "options: [adam, sgd]";

#[test]
fn ct_23_every_type_takes_its_values() {
    for (name, text, value) in [
        ("int", "5", json!(5)),
        ("int", "-5", json!(-5)),
        ("int", "0x10", json!(16)),
        ("float", "0.5", json!(0.5)),
        ("float", "5", json!(5.0)),
        ("float", "1.0e-3", json!(0.001)),
        ("float", ".inf", json!("Infinity")),
        ("str", "text", json!("text")),
        ("str", "''", json!("")),
        ("str", "1e-3", json!("1e-3")),
        ("bool", "true", json!(true)),
        ("bool", "off", json!(false)),
        ("enum", "{selected: 1, options: [adam, sgd]}", json!("sgd")),
        ("enum", "{selected: null, options: [adam, sgd]}", json!(null)),
        ("enum", "{selected: sgd, options: [adam, sgd]}", json!("sgd")),
        ("enum", "0", json!("adam")),
        ("enum", "sgd", json!("sgd")),
        ("enum", "null", json!(null)),
        ("range", "{from: 0, to: 100, step: 1}", json!({"from": 0, "to": 100, "step": 1})),
        ("range", "{from: 0, to: 4294967296, step: 7}", json!({"from": 0, "to": 4_294_967_296_i64, "step": 7})),
        ("range", "{from: -5, to: 0, step: 5}", json!({"from": -5, "to": 0, "step": 5})),
        ("range", "null", json!(null)),
        ("IMUVectors", "{x: [1, 2]}", json!({"x": [1, 2]})),
        ("file", "data/x.csv", json!("data/x.csv")),
        ("dataset", "7", json!(7)),
        ("dataset", "./digits", json!("./digits")),
        ("model", "7", json!(7)),
        ("model", "best", json!("best")),
        ("aws_secret", "key", json!("key")),
        ("git_secret", "key", json!("key")),
        ("credentials_secret", "key", json!("key")),
        ("list[int]", "[1, 2]", json!([1, 2])),
        ("list[int]", "[]", json!([])),
        ("list[float]", "[1, 2.5]", json!([1.0, 2.5])),
        ("list[str]", "[a, 'b c']", json!(["a", "b c"])),
        ("list[dataset]", "[1, a]", json!([1, "a"])),
        ("list[model]", "[1, a]", json!([1, "a"])),
        ("list[aws_secret]", "[a]", json!(["a"])),
        ("list[git_secret]", "[a]", json!(["a"])),
        ("list[credentials_secret]", "[a]", json!(["a"])),
        ("list[enum]", "{selected: [1, 1, 0], options: [adam, sgd]}", json!(["sgd", "sgd", "adam"])),
        ("list[enum]", "[adam, 1]", json!(["adam", "sgd"])),
        ("list[enum]", "{selected: [], options: [adam, sgd]}", json!([])),
    ] {
        assert_eq!(in_file(name, text), Ok(value), "{name}: {text}");
    }
}

#[test]
fn ct_23_every_type_refuses_other_values_and_says_what_it_expects() {
    for (name, text, message) in [
        ("int", "5.0", "expects int, got float `5.0`"),
        ("int", "true", "expects int, got bool `true`"),
        ("int", "'5'", "expects int, got text `5`"),
        ("int", "[1]", "expects int, got a list"),
        ("int", "99999999999999999999", "does not fit 64 bits"),
        ("float", "true", "expects float, got bool `true`"),
        ("float", "1e-3", "expects float, got text `1e-3`"),
        ("str", "5", "expects str, got int `5`"),
        ("str", "on", "expects str, got bool `true`"),
        ("str", "2001-01-01", "expects str, got date `2001-01-01`"),
        ("bool", "1", "expects bool, got int `1`"),
        ("bool", "'true'", "expects bool, got text `true`"),
        ("enum", "{selected: 2, options: [adam, sgd]}", "has no option 2; the index runs from 0 to 1"),
        ("enum", "{selected: -1, options: [adam, sgd]}", "has no option -1"),
        ("enum", "{selected: true, options: [adam, sgd]}", "expects an option by index or text, got bool"),
        ("enum", "{selected: 0}", "is an enum without `options`"),
        ("enum", "{options: [adam]}", "is an enum without `selected`"),
        ("enum", "{selected: 0, options: []}", "has an empty list of options"),
        ("enum", "{selected: 0, options: [1]}", "has option 0 that is not text: int `1`"),
        ("enum", "{selected: 0, options: ['']}", "has an empty option 0"),
        ("enum", "{selected: 0, options: [adam], more: 1}", "exactly `selected` and `options`; `more` is neither"),
        ("enum", "adm", "expects one of `adam`, `sgd`, got `adm`"),
        ("range", "{from: 0, to: 10, step: 0}", "`step` is 0; it must be 1 or more"),
        ("range", "{from: 0, to: 10, step: -1}", "`step` is -1; it must be 1 or more"),
        ("range", "{from: 10, to: 10, step: 1}", "`to` must be greater than `from`"),
        ("range", "{from: 0, to: 4294967297, step: 1}", "at most 4294967296 is allowed"),
        ("range", "{from: 0, to: 10, step: 11}", "`step` 11 is greater than `to` - `from`"),
        ("range", "{from: 0, to: 10}", "is a range without `step`"),
        ("range", "{from: null, to: 10, step: 1}", "is a range whose `from` is null"),
        ("range", "{from: 0.5, to: 10, step: 1}", "`from` must be an int, got float"),
        ("range", "{from: 0, to: 10, step: 1, by: 1}", "`by` is none of them"),
        ("range", "[0, 10, 1]", "expects range, a mapping"),
        ("IMUVectors", "[1]", "expects a mapping (IMUVectors), got a list"),
        ("file", "5", "expects file (a path), got int `5`"),
        ("file", "''", "got an empty text"),
        ("dataset", "1.5", "expects dataset (a number, name or path)"),
        ("dataset", "true", "got bool `true`"),
        ("model", "''", "got an empty text"),
        ("aws_secret", "5", "expects aws_secret (the name of a secret), got int `5`"),
        ("git_secret", "{a: 1}", "got a mapping"),
        ("credentials_secret", "[a]", "got a list"),
        ("list[int]", "5", "expects list[int], got int `5`"),
        ("list[int]", "[1, 2.5]", "element [1] expects int, got float `2.5`"),
        ("list[int]", "[1, null]", "has an element that is null: [1]"),
        ("list[int]", "[true]", "element [0] expects int, got bool"),
        ("list[float]", "[a]", "element [0] expects float, got text `a`"),
        ("list[str]", "[1]", "element [0] expects str, got int `1`"),
        ("list[dataset]", "[1.5]", "element [0] expects dataset"),
        ("list[model]", "[[]]", "got a list"),
        ("list[aws_secret]", "[1]", "element [0] expects aws_secret"),
        ("list[git_secret]", "a", "expects list[git_secret], got text `a`"),
        ("list[credentials_secret]", "['']", "got an empty text"),
        ("list[enum]", "{selected: [2], options: [adam, sgd]}", "has no option 2"),
        ("list[enum]", "{selected: 1, options: [adam, sgd]}", "expects a list of options"),
    ] {
        let fault = in_file(name, text).expect_err(text);
        assert!(fault.message.contains(message), "{name}: {text}: {}", fault.message);
        assert!(fault.at.is_some() || text == "''", "{name}: {text} has no place");
    }
    assert_eq!(in_file("float", "1e-3").unwrap_err().hint, "write 1.0e-3");
    assert_eq!(in_file("str", "5").unwrap_err().hint, "quote it: \"5\"");
    assert!(ENUM.contains("adam"));
}

#[test]
fn text_is_parsed_by_the_type_it_is_given_for() {
    for (name, text, value) in [
        ("int", "5", json!(5)),
        ("int", "-5", json!(-5)),
        ("float", "1e-3", json!(0.001)),
        ("float", "5", json!(5.0)),
        ("str", "5", json!("5")),
        ("str", "", json!("")),
        ("bool", "TRUE", json!(true)),
        ("bool", "False", json!(false)),
        ("enum", "1", json!("sgd")),
        ("enum", "sgd", json!("sgd")),
        ("enum", "{\"selected\": 0, \"options\": [\"adam\", \"sgd\"]}", json!("adam")),
        ("list[enum]", "0 1", json!(["adam", "sgd"])),
        ("list[enum]", "0,sgd,0", json!(["adam", "sgd", "adam"])),
        ("list[enum]", "[1]", json!(["sgd"])),
        ("range", "0 10", json!({"from": 0, "to": 10, "step": 1})),
        ("range", "0,10,2", json!({"from": 0, "to": 10, "step": 2})),
        ("range", "0:10:2", json!({"from": 0, "to": 10, "step": 2})),
        ("IMUVectors", "{'x': [1]}", json!({"x": [1]})),
        ("list[int]", "[1, 2]", json!([1, 2])),
        ("list[int]", "1,2", json!([1, 2])),
        ("list[int]", "", json!([])),
        ("list[float]", "1e-3, 2", json!([0.001, 2.0])),
        ("list[str]", "[\"a,b\", \"c\"]", json!(["a,b", "c"])),
        ("list[str]", "a,'b,c'", json!(["a", "b,c"])),
        ("list[str]", "[1, b]", json!(["1", "b"])),
        ("dataset", "7", json!(7)),
        ("dataset", "./d", json!("./d")),
        ("model", "m", json!("m")),
        ("file", "x.csv", json!("x.csv")),
        ("aws_secret", "k", json!("k")),
        ("list[dataset]", "1,a", json!([1, "a"])),
        ("int", "null", json!(null)),
    ] {
        assert_eq!(from_text(kind(name), &options(), text), Ok(value), "{name}: {text}");
    }
    for (name, text) in [
        ("int", "5.0"),
        ("int", "a"),
        ("int", ""),
        ("int", "true"),
        ("float", "fast"),
        ("bool", "yes"),
        ("bool", "1"),
        ("enum", "2"),
        ("enum", "adm"),
        ("enum", ""),
        ("list[enum]", "5"),
        ("range", "5"),
        ("range", "1 2 3 4"),
        ("range", "10 0"),
        ("range", "a b"),
        ("IMUVectors", "[1]"),
        ("IMUVectors", "x"),
        ("list[int]", "1,a"),
        ("list[int]", "1,,2"),
        ("list[int]", "[1"),
        ("list[float]", "[true]"),
        ("dataset", ""),
        ("file", ""),
        ("git_secret", ""),
    ] {
        assert!(from_text(kind(name), &options(), text).is_err(), "{name}: {text}");
    }
}

fn declared(params: &str) -> crate::TaskFile {
    let text = format!("param_groups:\n- name: inputs\n  params:\n{params}");
    read_texts(&[("task.yaml".into(), text)], &["main.py".into()], &Default::default())
        .unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_type_that_is_not_named_comes_from_the_default() {
    for (value, expected) in [
        ("null", "str"),
        ("true", "bool"),
        ("5", "int"),
        ("5.5", "float"),
        ("text", "str"),
        ("[1, 2]", "list[int]"),
        ("[]", "list[int]"),
        ("[1.5]", "list[float]"),
        ("[1, 1.5]", "list[float]"),
        ("[a, b]", "list[str]"),
    ] {
        let task = declared(&format!("  - name: x\n    value: {value}\n"));
        assert_eq!(task.schema.inputs[0].kind.name(), expected, "{value}");
    }
    for (value, message) in [
        ("[true]", "lists of bool do not exist"),
        ("[a, 1]", "no type fits both"),
        ("{a: 1}", "has a mapping as its value and names no type"),
    ] {
        let text = format!("param_groups:\n- params:\n  - name: x\n    value: {value}\n");
        let problems = read_texts(&[("task.yaml".into(), text)], &[], &Default::default()).unwrap_err();
        assert!(problems.to_string().contains(message), "{problems}");
        assert_eq!(problems.0[0].line, Some(4));
    }
}

#[test]
fn unknown_keys_of_old_templates_are_warnings() {
    let task = declared("  - name: x\n    data_byte: bool\n    value: true\n    dynamic: true\n    type: 3\n");

    assert_eq!(task.schema.inputs[0].kind, ParamType::Bool);
    assert!(task.schema.inputs[0].dynamic);
    let warnings: Vec<_> = task.warnings.iter().map(|problem| (problem.line, &*problem.hint)).collect();
    assert_eq!(warnings, [(Some(5), "did you mean `data_type`?")]);
    let secret = declared("  - name: s\n    data_type: aws_secret\n    value: null\n");
    assert!(secret.warnings.is_empty());
}

#[test]
fn limits_of_a_parameter_are_held() {
    let mut decl = ParamDecl::new("x", kind("float"));
    (decl.min, decl.max) = (Some(0.0), Some(1.0));
    for (value, good) in [
        (json!(0.0), true),
        (json!(1.0), true),
        (json!(1.1), false),
        (json!(-0.1), false),
        (json!("NaN"), false),
        (json!(null), true),
    ] {
        assert_eq!(check_bounds(&decl, &value).is_ok(), good, "{value}");
    }
    decl.kind = kind("list[float]");
    assert!(check_bounds(&decl, &json!([0.5, 2.0])).is_err());
    let mut named = ParamDecl::new("x", kind("str"));
    named.choices = vec![json!("a"), json!("b")];
    assert!(check_bounds(&named, &json!("a")).is_ok());
    assert!(check_bounds(&named, &json!("c")).is_err());
    assert_eq!(
        check_bounds(&ParamDecl::new("x", kind("str")), &json!("x".repeat(70_000))).unwrap_err().code,
        "too_large"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_type_panic(text in "\\PC{0,30}", index in 0usize..22) {
        let kind = ParamType::all().nth(index).expect("a type");
        let _ = from_text(kind, &options(), &text);
        if let Ok(document) = crate::Document::parse("t", &text)
            && let Some(root) = document.root
        {
            let _ = from_node(kind, &options(), &root, Dialect::Core);
            let _ = from_node(kind, &options(), &root, Dialect::Yaml11);
        }
    }

    #[test]
    fn a_value_written_as_text_is_the_value_in_a_file(numbers in proptest::collection::vec(any::<i64>(), 0..5), number in any::<i64>()) {
        let list = json!(numbers).to_string();
        prop_assert_eq!(from_text(kind("list[int]"), &[], &list), in_file("list[int]", &list));
        prop_assert_eq!(from_text(kind("int"), &[], &number.to_string()).expect("an int"), json!(number));
    }
}
