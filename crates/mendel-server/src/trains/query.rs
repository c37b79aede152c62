//! The query language of `get_all`: which documents fit, in which order, which part of
//! them, and which page.
//!
//! Everything here works on documents as they are told, and knows no noun but by the lists
//! of its fields in [`Fields`].

mod condition;
mod list;
mod order;
mod page;
mod pattern;
mod projection;

pub(super) use condition::{Conditions, Fields};
pub(super) use order::Order;
pub(super) use page::Page;
pub(crate) use page::Scrolls;
pub(super) use pattern::Pattern;
pub(super) use projection::{Projection, expand};

use serde_json::Value;

use super::Object;

/// The value at a dotted path; lists on the way stand for each of their items.
pub(super) fn values<'a>(document: &'a Object, path: &str) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = Vec::new();
    let (first, rest) = split(document, path);
    if let Some(value) = document.get(first) {
        descend(value, rest, &mut found);
    }
    found
}

/// The first key of a path and what follows. A key may hold dots itself, so that the longest
/// one that is there counts.
fn split<'p>(object: &Object, path: &'p str) -> (&'p str, &'p str) {
    if object.contains_key(path) {
        return (path, "");
    }
    let mut ends: Vec<usize> = path.match_indices('.').map(|(at, _)| at).collect();
    ends.reverse();
    let found = ends.into_iter().find(|end| object.contains_key(&path[..*end]));
    match found.or_else(|| path.find('.')) {
        Some(end) => (&path[..end], &path[end + 1..]),
        None => (path, ""),
    }
}

fn descend<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| descend(item, path, found)),
        Value::Null => {}
        value if path.is_empty() => found.push(value),
        Value::Object(object) => {
            let (first, rest) = split(object, path);
            if let Some(inner) = object.get(first) {
                descend(inner, rest, found);
            }
        }
        _ => {}
    }
}

/// The text of a value, as conditions compare it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_through_lists_and_keys_with_dots() {
        let document = json!({"models": {"input": [{"model": "a"}, {"model": "b"}]}, "hyperparams": {"Args": {"a.b": {"value": "1"}}}});
        let document = document.as_object().expect("an object");
        assert_eq!(values(document, "models.input.model"), [&json!("a"), &json!("b")]);
        assert_eq!(values(document, "hyperparams.Args.a.b.value"), [&json!("1")]);
        assert!(values(document, "models.output.model").is_empty());
    }
}
