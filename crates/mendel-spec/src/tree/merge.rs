//! The merge of specifications: mappings key by key, all else replaced whole.

use serde_json::{Map, Value};

/// Keys that hold for the folder alone: labels, and what it is started with.
pub(crate) const OWN_KEYS: [&str; 11] = [
    "id",
    "name",
    "description",
    "is_active",
    "project_type",
    "inherit",
    "entry",
    "environment",
    "sweep",
    "resources",
    "train",
];

/// Lays `over` over `under`.
pub(super) fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => merge_maps(under, over),
        (under, over) => *under = over.clone(),
    }
}

/// Lays the keys of `over` over those of `under`.
pub(super) fn merge_maps(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match under.get_mut(key) {
            Some(under) => merge(under, value),
            None => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..9).prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    #[test]
    fn rp_07_mappings_merge_and_all_else_is_replaced_whole() {
        for (under, over, merged) in [
            (json!({"a": {"x": 1, "y": 2}}), json!({"a": {"y": 3}}), json!({"a": {"x": 1, "y": 3}})),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (json!({"a": {"x": 1}}), json!({"a": null}), json!({"a": null})),
            (json!({"a": {"x": 1}}), json!({"a": 5}), json!({"a": 5})),
            (json!({"a": 5}), json!({"a": {"x": 1}}), json!({"a": {"x": 1}})),
            (json!({"a": 5}), json!({}), json!({"a": 5})),
        ] {
            let mut value = under.clone();
            merge(&mut value, &over);
            assert_eq!(value, merged, "{under} and {over}");
        }
    }

    fn any_flat() -> impl Strategy<Value = Value> {
        prop::collection::btree_map("[a-c]", 0..9i64, 0..4).prop_map(|map| json!(map))
    }

    proptest! {
        #[test]
        fn rp_04_merging_the_same_twice_is_merging_it_once(under in any_value(), over in any_value()) {
            let mut once = under;
            merge(&mut once, &over);
            let mut twice = once.clone();
            merge(&mut twice, &over);
            prop_assert_eq!(twice, once);
        }

        #[test]
        fn rp_04_levels_of_plain_values_may_be_grouped_as_one_likes(a in any_flat(), b in any_flat(), c in any_flat()) {
            let merged = |under: &Value, over: &Value| { let mut value = under.clone(); merge(&mut value, over); value };
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        }
    }
}
