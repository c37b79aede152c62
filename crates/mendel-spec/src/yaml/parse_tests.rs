use proptest::prelude::*;

use super::*;
use crate::Dialect;

fn problems(text: &str, dialect: Dialect) -> Problems {
    match Document::parse("task.yaml", text) {
        Ok(mut document) => document.finish(dialect),
        Err(problems) => problems,
    }
}

fn value(text: &str, dialect: Dialect) -> serde_json::Value {
    let mut document = Document::parse("task.yaml", text).expect("valid YAML");
    assert!(document.finish(dialect).is_empty(), "{text}");
    document.root.expect("a value").value(dialect)
}

#[test]
fn ct_20_a_syntax_error_tells_file_line_column_and_a_hint() {
    for (text, line, column) in [
        ("a:\n\tb: 1\n", 2, 1),
        ("a: x\n\tb: 2\n", 2, 1),
        ("a: 1\n b: 2\n", 2, 3),
        ("a: [1, 2\nb: 3\n", 2, 2),
        ("a: b: c\n", 1, 5),
        ("a: *nope\n", 1, 4),
        ("a: @x\n", 1, 4),
        ("a: 1\n}\n", 2, 1),
        ("a: 1\n---\nb: 2\n", 2, 1),
        ("a:\n  - b\n - c\n", 3, 2),
        ("id: x\nparam_groups:\n- name: inputs\n  params:\n    -   name: a\n        - b\n", 6, 9),
    ] {
        let problem = problems(text, Dialect::Core).into_iter().next().expect("the text is faulty");
        assert_eq!((problem.line, problem.column), (Some(line), Some(column)), "{text:?}: {problem}");
        assert_eq!(problem.file.as_deref(), Some("task.yaml"));
        assert_eq!(problem.source_line.as_deref(), text.lines().nth(line - 1));
        assert!(!problem.hint.is_empty() || text.contains("---"), "{problem}");
    }
}

#[test]
fn a_key_written_twice_is_an_error_in_both_dialects() {
    for dialect in [Dialect::Core, Dialect::Yaml11] {
        let found = problems("a: 1\nb: {c: 1, c: 2}\na: 3\n", dialect);
        let messages: Vec<_> = found.iter().map(|problem| (problem.line, problem.message.as_str())).collect();

        assert_eq!(
            messages,
            [
                (Some(2), "the key `c` is written twice, on lines 2 and 2"),
                (Some(3), "the key `a` is written twice, on lines 1 and 3")
            ]
        );
    }
    assert!(!problems("1: a\n0x1: b\n", Dialect::Core).is_empty(), "equal numbers are equal keys");
}

#[test]
fn every_node_knows_its_place() {
    let document = Document::parse("t", "a: 1\nb:\n  c: [x, {d: e}]\n  f:\n  - g\n  - h: 1\n").unwrap();
    let root = document.root.unwrap();
    let place = |node: &Node| (node.line, node.column);

    let inner = root.get("b").unwrap();
    let list = inner.get("c").unwrap().sequence().unwrap();
    assert_eq!(place(inner), (3, 3));
    assert_eq!(place(&list[0]), (3, 7));
    assert_eq!(place(list[1].get("d").unwrap()), (3, 14));
    assert_eq!(place(&inner.get("f").unwrap().sequence().unwrap()[1]), (6, 5));
}

#[test]
fn anchors_merge_keys_and_tags_mean_what_they_mean() {
    let text = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\n";

    assert_eq!(
        value(text, Dialect::Yaml11),
        serde_json::json!({"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}})
    );
    assert_eq!(value(text, Dialect::Core)["b"], serde_json::json!({"<<": {"x": 1, "y": 2}, "y": 3}));
    assert_eq!(value("a: !!str 5\nb: !!int '6'\n", Dialect::Core), serde_json::json!({"a": "5", "b": 6}));
    assert_eq!(problems("a: !!python/object:os.system x\n", Dialect::Yaml11).0[0].code, "yaml_tag");
}

#[test]
fn files_over_the_limits_are_refused_at_once() {
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..10).map(|level| {
            let alias = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("a{level}: &a{level} [{alias}]\n")
        }))
        .collect();
    let long = "x".repeat(YAML_BYTES / 2);
    let wide = format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 100].join(", "));

    for text in [
        "[".repeat(YAML_BYTES),
        "- ".repeat(YAML_BYTES / 2),
        "{a: ".repeat(1000),
        "x".repeat(YAML_BYTES + 1),
        "- 1\n".repeat(YAML_NODES + 1),
        bomb,
        wide,
        "a: &a [*a]\n".to_owned(),
    ] {
        let found = problems(&text, Dialect::Core);
        let start: String = text.chars().take(20).collect();
        assert_eq!(found.0.first().map(|problem| problem.code), Some("yaml_limit"), "{start}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_read() {
    assert_eq!(value("\u{feff}a: 1\r\nb: x\r\n", Dialect::Core), serde_json::json!({"a": 1, "b": "x"}));
    assert!(Document::parse("t", "").unwrap().root.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "[ \\n\\t:&*!|>'\"%@`{}\\[\\],?#a-c0-2.~<-]{0,60}") {
        let _ = problems(&text, Dialect::Core);
        let _ = problems(&text, Dialect::Yaml11);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(text in "\\PC{0,80}") {
        let _ = problems(&text, Dialect::Core);
    }

    #[test]
    fn data_written_as_json_is_read_back(number in any::<i64>(), text in "[^\\p{C}]{0,20}", float in -1e9f64..1e9) {
        let json = serde_json::json!({"a": [number, text, null, true], "b": {"c": float}});
        prop_assert_eq!(value(&json.to_string(), Dialect::Core), json);
    }
}
