use proptest::prelude::*;

use super::*;
use crate::Identity;

fn field(name: &str, rule: Rule, value: FieldValue) -> ConfigurationField {
    ConfigurationField { name: name.into(), rule, optional: false, value: Some(value), default: None }
}

fn object(type_id: &str, fields: Vec<ConfigurationField>) -> Configuration {
    Configuration { type_id: type_id.into(), fields, ..Configuration::default() }
}

fn identity(graph: &Configurations, index: usize) -> Identity {
    Meaning::of(graph).identity(index).unwrap()
}

fn of_value(value: FieldValue) -> Identity {
    let mut graph = Configurations::default();
    let index = graph.add(object("lab.box", vec![field("x", Rule::Counts, value)]));
    identity(&graph, index)
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.as_bytes().to_vec())
}

/// Nodes `a → b → c → a`, by name.
fn ring(names: &[&str]) -> Configurations {
    let mut graph = Configurations::default();
    for (index, name) in names.iter().enumerate() {
        let next = FieldValue::Object((index + 1) % names.len());
        graph.add(object("lab.node", vec![field("name", Rule::Counts, text(name)), field("next", Rule::Counts, next)]));
    }
    graph
}

#[test]
fn tt_075_frozen_configurations_never_change() {
    assert_eq!(of_value(FieldValue::integer(7)).to_string(), include_str!("../../vectors/configuration.txt").trim());
    assert_eq!(
        identity(&ring(&["a", "b"]), 0).to_string(),
        include_str!("../../vectors/configuration-ring.txt").trim()
    );
}

#[test]
fn tt_071_tags_and_lengths_keep_values_apart() {
    let list = |items: &[&str]| FieldValue::List(items.iter().map(|item| text(item)).collect());
    assert_ne!(of_value(list(&["a\u{3}b", "c"])), of_value(list(&["a", "b\u{3}c"])));
    let map = |pairs: Vec<(&str, FieldValue)>| FieldValue::Map(pairs.into_iter().map(|(k, v)| (text(k), v)).collect());
    let one = FieldValue::integer(1);
    assert_ne!(
        of_value(map(vec![("a", map(vec![("b", one.clone())]))])),
        of_value(map(vec![("a", map(vec![])), ("b", one)]))
    );
}

#[test]
fn tt_073_numbers_have_one_form_each() {
    assert_eq!(of_value(FieldValue::Float(0.0)), of_value(FieldValue::Float(-0.0)));
    assert_eq!(of_value(FieldValue::Float(f64::NAN)), of_value(FieldValue::Float(-f64::NAN)));
    assert_eq!(of_value(FieldValue::integer(-3)), of_value(FieldValue::big_integer(true, &[0, 0, 3])));
    assert_eq!(of_value(FieldValue::integer(0)), of_value(FieldValue::big_integer(true, &[0])));
    assert_ne!(of_value(FieldValue::integer(1)), of_value(FieldValue::Float(1.0)));
    assert_ne!(of_value(FieldValue::integer(1)), of_value(FieldValue::Bool(true)));
}

#[test]
fn tt_090_a_cycle_means_what_is_seen_from_where_it_is_entered() {
    let graph = ring(&["a", "b", "c"]);
    assert_eq!(identity(&graph, 0), identity(&ring(&["a", "b", "c"]), 0));
    assert_ne!(identity(&graph, 0), identity(&graph, 1));
    assert_eq!(identity(&graph, 1), identity(&ring(&["b", "c", "a"]), 0));
    let mut both = ring(&["a", "b"]);
    let pair = |graph: &mut Configurations, one, other| {
        let places = vec![FieldValue::Object(one), FieldValue::Object(other)];
        graph.add(object("lab.pair", vec![field("x", Rule::Counts, FieldValue::List(places))]))
    };
    let (forward, backward) = (pair(&mut both, 0, 1), pair(&mut both, 1, 0));
    let mut meaning = Meaning::of(&both);
    let first = meaning.identity(forward).unwrap();
    let second = meaning.identity(backward).unwrap();
    assert_eq!(second, Meaning::of(&both).identity(backward).unwrap(), "what was asked before does not count");
    assert_ne!(first, second);
}

#[test]
fn tt_091_sharing_counts_only_where_it_was_asked_for() {
    let pair = |sharing_counts: bool, same: bool| {
        let mut graph = Configurations::default();
        for _ in 0..2 {
            let leaf = object("lab.leaf", vec![field("v", Rule::Counts, FieldValue::integer(1))]);
            graph.add(Configuration { sharing_counts, ..leaf });
        }
        let places = vec![FieldValue::Object(0), FieldValue::Object(usize::from(!same))];
        let root = graph.add(object("lab.pair", vec![field("x", Rule::Counts, FieldValue::List(places))]));
        identity(&graph, root)
    };
    assert_eq!(pair(false, true), pair(false, false));
    assert_ne!(pair(true, true), pair(true, false));
    assert_eq!(pair(true, true), pair(false, true), "one object means the same in both kinds");
}

#[test]
fn tt_160_a_marked_output_means_its_owner_too_but_not_within_its_owner() {
    let mut graph = Configurations::default();
    let output = graph.add(object("lab.topics", vec![]));
    let task = graph.add(object("lab.fold", vec![field("topics", Rule::Counts, FieldValue::Object(output))]));
    let plain = identity(&graph, output);
    let before = identity(&graph, task);
    graph.set(output, Configuration { owner: Some(FieldValue::Object(task)), ..object("lab.topics", vec![]) });
    assert_ne!(identity(&graph, output), plain);
    assert_eq!(identity(&graph, task), before);
}

#[test]
fn a_configuration_that_is_too_deep_is_refused() {
    let mut graph = Configurations::default();
    for index in 0..=crate::limits::CONFIGURATION_DEPTH {
        graph.add(object("lab.node", vec![field("next", Rule::Counts, FieldValue::Object(index + 1))]));
    }
    graph.add(object("lab.node", vec![]));
    assert_eq!(Meaning::of(&graph).identity(0), Err(TooEntangled::Depth));
}

fn any_value() -> impl Strategy<Value = FieldValue> {
    let leaf = prop_oneof![
        Just(FieldValue::None),
        any::<bool>().prop_map(FieldValue::Bool),
        (-9_i64..9).prop_map(FieldValue::integer),
        (-9_i32..9).prop_map(|value| FieldValue::Float(f64::from(value) / 2.0)),
        "[ab\u{3}]{0,3}".prop_map(|value| text(&value)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(FieldValue::List),
            prop::collection::vec(inner.clone(), 0..4).prop_map(FieldValue::Tuple),
            prop::collection::btree_map("[ab]{0,2}", inner, 0..4)
                .prop_map(|pairs| FieldValue::Map(pairs.into_iter().map(|(key, value)| (text(&key), value)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn tt_071_different_values_have_different_identities(one in any_value(), other in any_value()) {
        prop_assert_eq!(one == other, of_value(one.clone()) == of_value(other.clone()));
    }

    #[test]
    fn tt_070_the_order_of_mappings_does_not_count(value in any_value()) {
        fn reversed(value: &FieldValue) -> FieldValue {
            match value {
                FieldValue::List(items) => FieldValue::List(items.iter().map(reversed).collect()),
                FieldValue::Tuple(items) => FieldValue::Tuple(items.iter().map(reversed).collect()),
                FieldValue::Map(pairs) => {
                    FieldValue::Map(pairs.iter().rev().map(|(key, item)| (key.clone(), reversed(item))).collect())
                }
                other => other.clone(),
            }
        }
        prop_assert_eq!(of_value(reversed(&value)), of_value(value));
    }
}
