//! Holds a request against the table: what is missing, what has another type.
//!
//! Old callers send numbers as text and one value where a list is asked for; what can mean
//! only one thing is taken for it. `null` is as good as absent, and fields that the table
//! does not know pass.

use serde_json::{Number, Value};

use super::{Endpoint, Field, Kind, named};
use crate::trains::{Object, refusal::Refusal};

/// How deep a value may lie within a request.
const DEPTH: usize = 100;

/// Brings the fields of a request to the types of the table, or refuses it.
pub(crate) fn conform(endpoint: &Endpoint, request: &mut Object) -> Result<(), Refusal> {
    let query = endpoint.name.split_once('.').is_some_and(|(_, action)| action.starts_with("get_all"))
        || endpoint.name == "tasks.get_by_id_ex"
        || endpoint.name == "models.get_by_id_ex"
        || endpoint.name == "reports.get_task_data";
    for field in &endpoint.request {
        match request.get_mut(&field.name) {
            None | Some(Value::Null) if field.required => {
                return Err(Refusal::missing(&[&field.name]));
            }
            None | Some(Value::Null) => {}
            // A query takes a value or a list of them, with operators among the values.
            Some(Value::Array(_)) if query && !matches!(field.kind, Kind::Object | Kind::Fields(_)) => {}
            Some(value) => {
                let kind = match (&field.kind, query) {
                    (Kind::List(inner), true) if is_word(inner) => &Kind::Any,
                    (kind, _) => kind,
                };
                take(kind, value, &field.name, 0)?;
            }
        }
    }
    Ok(())
}

fn is_word(kind: &Kind) -> bool {
    match kind {
        Kind::Word(_) => true,
        Kind::Named(name) => is_word(named(name)),
        _ => false,
    }
}

/// Brings one value to its type.
fn take(kind: &Kind, value: &mut Value, path: &str, depth: usize) -> Result<(), Refusal> {
    if depth > DEPTH {
        return Err(Refusal::invalid("a value lies too deep").with("field", path));
    }
    if value.is_null() {
        return Ok(());
    }
    let wrong = |what: &str| Refusal::invalid(format!("`{path}` is not {what}")).with("field", path);
    match kind {
        Kind::Any => {}
        Kind::Named(name) => take(named(name), value, path, depth + 1)?,
        Kind::Text | Kind::Time => match value {
            Value::String(_) => {}
            Value::Number(number) => *value = Value::String(number.to_string()),
            Value::Bool(flag) => *value = Value::String(flag.to_string()),
            _ => return Err(wrong("a text")),
        },
        Kind::Int => {
            let number = whole(value).ok_or_else(|| wrong("a whole number"))?;
            *value = number.into();
        }
        Kind::Number => {
            let number = match &*value {
                Value::Number(number) => Some(number.clone()),
                Value::String(text) => text.trim().parse().ok().and_then(Number::from_f64),
                _ => None,
            };
            *value = number.ok_or_else(|| wrong("a number"))?.into();
        }
        Kind::Bool => {
            *value = match &*value {
                Value::Bool(flag) => (*flag).into(),
                Value::String(text) if text.eq_ignore_ascii_case("true") => true.into(),
                Value::String(text) if text.eq_ignore_ascii_case("false") => false.into(),
                Value::Number(number) if number.as_f64() == Some(0.0) => false.into(),
                Value::Number(number) if number.as_f64() == Some(1.0) => true.into(),
                _ => return Err(wrong("true or false")),
            };
        }
        Kind::Object => {
            value.as_object().ok_or_else(|| wrong("an object"))?;
        }
        Kind::Word(words) => {
            let text = match &*value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if !words.contains(&text) {
                return Err(wrong(&format!("one of {}", words.join(", "))));
            }
        }
        Kind::List(inner) => {
            if !value.is_array() {
                *value = Value::Array(vec![value.take()]);
            }
            for (index, item) in value.as_array_mut().into_iter().flatten().enumerate() {
                take(inner, item, &format!("{path}[{index}]"), depth + 1)?;
            }
        }
        Kind::Map(inner) => {
            let object = value.as_object_mut().ok_or_else(|| wrong("an object"))?;
            for (key, item) in object {
                take(inner, item, &format!("{path}.{key}"), depth + 1)?;
            }
        }
        Kind::Fields(fields) => {
            let object = value.as_object_mut().ok_or_else(|| wrong("an object"))?;
            for Field { name, kind, .. } in fields {
                if let Some(item) = object.get_mut(name) {
                    take(kind, item, &format!("{path}.{name}"), depth + 1)?;
                }
            }
        }
    }
    Ok(())
}

/// A whole number, however it is written.
fn whole(value: &Value) -> Option<i64> {
    let float = |number: f64| (number.fract() == 0.0 && number.abs() < 9e18).then_some(number as i64);
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(float)),
        Value::String(text) => text.trim().parse().ok().or_else(|| text.trim().parse().ok().and_then(float)),
        _ => None,
    }
}

/// Whether an answer holds its fields as the table says.
#[cfg(test)]
pub(crate) fn conforms(fields: &[Field], answer: &Object) -> Result<(), String> {
    for Field { name, kind, .. } in fields {
        if let Some(value) = answer.get(name) {
            let mut taken = value.clone();
            take(kind, &mut taken, name, 0).map_err(|refusal| refusal.message)?;
            if taken != *value {
                return Err(format!("`{name}` is `{value}`"));
            }
        }
    }
    Ok(())
}
