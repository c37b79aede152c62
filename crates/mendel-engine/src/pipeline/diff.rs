//! Which values of two specifications differ, by path.

use serde_json::Value;

/// The values at one path before and now; none where there is none.
pub(super) type Change<'a> = (Vec<&'a str>, Option<&'a Value>, Option<&'a Value>);

/// Every path at which `before` and `after` differ. Mappings are gone through key by key,
/// all else is compared whole and by value: `1` is not `1.0`, the order of keys is nothing.
pub(super) fn changes<'a>(before: &'a Value, after: &'a Value) -> Vec<Change<'a>> {
    let mut found = Vec::new();
    walk(&mut Vec::new(), Some(before), Some(after), &mut found);
    found
}

fn walk<'a>(path: &mut Vec<&'a str>, before: Option<&'a Value>, after: Option<&'a Value>, found: &mut Vec<Change<'a>>) {
    if before == after {
        return;
    }
    let (Some(Value::Object(one)), Some(Value::Object(other))) = (before, after) else {
        found.push((path.clone(), before, after));
        return;
    };
    let mut keys: Vec<&str> = one.keys().chain(other.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        path.push(key);
        walk(path, one.get(key), other.get(key), found);
        path.pop();
    }
}
