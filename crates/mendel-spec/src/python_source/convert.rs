//! What Python's `int`, `float`, `bool` and `str` make of a word.

use serde_json::Value;

use super::{Argument, Convert};
use crate::{ListOf, ParamType, yaml::float_value};

/// Why a word is not converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoValue {
    /// Python would refuse it.
    Refused,
    /// What Python would do is not known here.
    Unknown,
}

/// What `kind(word)` gives in Python.
pub(super) fn convert(kind: Convert, word: &str) -> Result<Value, NoValue> {
    if kind == Convert::Str {
        return Ok(word.into());
    }
    if kind == Convert::Bool {
        return Ok(Value::Bool(!word.is_empty()));
    }
    if !word.is_ascii() || word.contains('_') {
        // Digits of other scripts and grouped digits: rare, and Python's own affair.
        return Err(NoValue::Unknown);
    }
    let word = word.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    match kind {
        Convert::Int => {
            let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(NoValue::Refused);
            }
            let number: i128 = word.parse().map_err(|_| NoValue::Unknown)?;
            serde_json::Number::from_i128(number).map(Value::Number).ok_or(NoValue::Unknown)
        }
        Convert::Float | Convert::Str | Convert::Bool => {
            word.parse::<f64>().map(float_value).map_err(|_| NoValue::Refused)
        }
    }
}

/// The default of an argument as the script sees it: a text is converted as a word would be.
pub(super) fn converted_default(argument: &Argument) -> Option<Value> {
    match &argument.default {
        Value::String(text) if argument.takes_words() => convert(argument.convert, text).ok(),
        other => Some(other.clone()),
    }
}

/// The list type whose elements are `single`; lists of bool do not exist.
pub(super) fn list_of(single: ParamType) -> ParamType {
    match single {
        ParamType::Int => ParamType::List(ListOf::Int),
        ParamType::Float => ParamType::List(ListOf::Float),
        _ => ParamType::List(ListOf::Str),
    }
}
