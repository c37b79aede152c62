//! Short ways to read a request and to write an answer.

use serde_json::{Value, json};

use super::{Answer, Object, call::Call, refusal::Refusal};

/// The text of a field; what is absent, null or empty is none.
pub(super) fn text<'a>(data: &'a Object, key: &str) -> Option<&'a str> {
    data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The text of a field that must be given.
pub(super) fn needed<'a>(data: &'a Object, key: &str) -> Result<&'a str, Refusal> {
    text(data, key).ok_or_else(|| Refusal::missing(&[key]))
}

/// Whether a flag is set.
pub(super) fn flag(data: &Object, key: &str) -> bool {
    flag_or(data, key, false)
}

/// A flag with what it is when absent.
pub(super) fn flag_or(data: &Object, key: &str, absent: bool) -> bool {
    data.get(key).and_then(Value::as_bool).unwrap_or(absent)
}

/// A whole number.
pub(super) fn int(data: &Object, key: &str) -> Option<i64> {
    data.get(key).and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)))
}

/// A list of texts; none where the field is absent or null.
pub(super) fn texts(data: &Object, key: &str) -> Option<Vec<String>> {
    let items = data.get(key)?.as_array()?;
    Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The items of a list.
pub(super) fn items<'a>(data: &'a Object, key: &str) -> &'a [Value] {
    data.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An object; none where the field is absent, null or something else.
pub(super) fn object<'a>(data: &'a Object, key: &str) -> Option<&'a Object> {
    data.get(key).and_then(Value::as_object)
}

/// An object from what `json!` wrote.
pub(super) fn told(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// Marks sorted and each once; those that look like operators are refused.
pub(super) fn tags(data: &Object, key: &str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(mut tags) = texts(data, key) else { return Ok(None) };
    if let Some(bad) = tags.iter().find(|tag| tag.starts_with("__$")) {
        return Err(Refusal::bad(16, format!("Bad field value (`{bad}` cannot be a tag)")).with("field", key));
    }
    tags.sort();
    tags.dedup();
    Ok(Some(tags))
}

/// A name: stripped, and at least three characters.
pub(super) fn name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    match name.chars().count() {
        0..3 => Err(Refusal::invalid("a name has at least 3 characters").with("field", "name")),
        _ => Ok(name.to_owned()),
    }
}

/// The answer of a change that touched something or nothing.
pub(super) fn updated(count: usize, fields: Object) -> Object {
    told(json!({"updated": count, "fields": fields}))
}

/// Asks for each id in turn; what is refused is told beside what is not.
pub(super) async fn many<F>(call: &Call, key: &str, each: impl Fn(String) -> F) -> Answer
where
    F: Future<Output = Answer>,
{
    let ids = texts(&call.data, "ids").unwrap_or_default();
    if ids.is_empty() {
        return Err(Refusal::invalid("`ids` is empty").with("field", "ids"));
    }
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        match each(id.clone()).await {
            Ok(mut answer) => {
                if !key.is_empty() {
                    let count = answer.get(key).and_then(Value::as_u64);
                    answer.insert(key.to_owned(), count.is_none_or(|count| count > 0).into());
                }
                answer.insert("id".to_owned(), id.into());
                succeeded.push(Value::Object(answer));
            }
            Err(Refusal { code: 500, subcode, message, data, defect }) => {
                return Err(Refusal { code: 500, subcode, message, data, defect });
            }
            Err(refusal) => failed.push(json!({
                "id": id,
                "error": {"codes": [refusal.code, refusal.subcode], "msg": refusal.message, "data": refusal.data},
            })),
        }
    }
    Ok(told(json!({"succeeded": succeeded, "failed": failed})))
}
