//! Values as JSON that keeps what YAML tells apart and JSON does not.
//!
//! A value that JSON has no kind for is text with YAML's own tag before it: `!!int` for a whole number of
//! more than 64 bits, `!!timestamp`, `!!float .nan`. So is a key that is no text: `!!int 1`. Text that
//! begins with `!!` itself has `!!str ` before it. Scalars stay scalars and mappings stay mappings, so
//! that merging, paths and digests need know nothing of this.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::{Content, Dialect, Node, Scalar, moment};

/// What every tag begins with.
const MARK: &str = "!!";

impl Node {
    /// It as data, every kind kept.
    pub fn typed(&self, dialect: Dialect) -> Value {
        match &*self.content {
            Content::Scalar { text, plain } => {
                typed_scalar(Scalar::resolve(text, *plain, self.tag.as_deref(), dialect))
            }
            Content::Sequence(items) => items.iter().map(|item| item.typed(dialect)).collect(),
            Content::Mapping(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (key.name(dialect).into_owned(), value.typed(dialect)));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// The name that it has as a key of such data.
    pub fn name(&self, dialect: Dialect) -> Cow<'_, str> {
        match &*self.content {
            Content::Scalar { text, plain: false } if self.tag.is_none() => escaped(text),
            Content::Scalar { text, plain } => {
                match Scalar::resolve(text, *plain, self.tag.as_deref(), dialect) {
                    Scalar::Str(_) => escaped(text),
                    Scalar::Null => Cow::Borrowed("!!null null"),
                    Scalar::Bool(truth) => format!("!!bool {truth}").into(),
                    Scalar::Int(number) => format!("!!int {number}").into(),
                    Scalar::Float(number) => format!("!!float {}", float_text(number)).into(),
                    // The others are written with their tag as values, too.
                    other => match typed_scalar(other) {
                        Value::String(written) => written.into(),
                        _ => escaped(text),
                    },
                }
            }
            Content::Sequence(_) | Content::Mapping(_) => Cow::Borrowed(""),
        }
    }

    /// The key and value under the key of that name, if it is a mapping that has it.
    pub fn pair_named(&self, name: &str, dialect: Dialect) -> Option<(&Self, &Self)> {
        self.mapping()?.iter().find(|(key, _)| key.name(dialect) == name).map(|(key, value)| (key, value))
    }
}

/// The key of `map` that a person means by `word`: the text, else a number or truth that is written so.
pub(crate) fn meant_key(map: &Map<String, Value>, word: &str) -> String {
    let text = escaped(word);
    if map.contains_key(&*text) {
        return text.into_owned();
    }
    let written =
        |key: &&String| key.strip_prefix(MARK).and_then(|key| key.split_once(' ')).is_some_and(|(_, key)| key == word);
    map.keys().find(written).cloned().unwrap_or_else(|| text.into_owned())
}

/// The value of a parameter as such data; a parameter spells the floats that JSON has not as words.
pub(crate) fn of_param(value: &Value, is_float: bool) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "NaN" if is_float => "!!float .nan".into(),
            "Infinity" if is_float => "!!float .inf".into(),
            "-Infinity" if is_float => "!!float -.inf".into(),
            text => escaped(text).into(),
        },
        Value::Array(items) => items.iter().map(|item| of_param(item, is_float)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (escaped(key).into_owned(), of_param(value, is_float))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn typed_scalar(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(truth) => Value::Bool(truth),
        Scalar::Int(number) => {
            Number::from_i128(number).map_or_else(|| format!("!!int {number}").into(), Value::Number)
        }
        Scalar::BigInt(digits) => format!("!!int {digits}").into(),
        Scalar::Float(number) => {
            Number::from_f64(number).map_or_else(|| format!("!!float {}", float_text(number)).into(), Value::Number)
        }
        Scalar::Date(text) => match moment::iso(&text) {
            Some(iso) => format!("!!timestamp {iso}").into(),
            None => escaped(&text).into(),
        },
        Scalar::Str(text) => escaped(&text).into(),
    }
}

/// Text as it stands among such data.
fn escaped(text: &str) -> Cow<'_, str> {
    if text.starts_with(MARK) { format!("!!str {text}").into() } else { Cow::Borrowed(text) }
}

/// A float as Python writes it, and as YAML does where it is none of the common ones.
fn float_text(number: f64) -> String {
    match (number.is_nan(), number.is_infinite(), number > 0.0) {
        (true, ..) => ".nan".to_owned(),
        (_, true, true) => ".inf".to_owned(),
        (_, true, false) => "-.inf".to_owned(),
        _ => Number::from_f64(number).map_or_else(String::new, |number| number.to_string()),
    }
}

#[cfg(test)]
#[path = "typed_tests.rs"]
mod tests;
