//! A value given as text, on the command line or in a form: parsed by the type asked for.

use serde_json::Value;

use super::{
    Fault, ListOf, ParamType,
    literal::{int_value, number_value, range_value},
    option::by_text,
    value::{described, from_node},
};
use crate::{Dialect, Node, split_values, yaml::shortened};

/// The value that `text` gives a parameter of type `kind`, in the form the script receives.
pub(crate) fn from_text(kind: ParamType, options: &[Value], text: &str) -> Result<Value, Fault> {
    let is_option = || options.iter().any(|option| option.as_str() == Some(text));
    let nullable = !matches!(
        kind,
        ParamType::Str | ParamType::File | ParamType::Dataset | ParamType::Model | ParamType::Secret(_)
    );
    if text == "null" && nullable && !is_option() {
        return Ok(Value::Null);
    }
    match kind {
        ParamType::Int => int(text),
        ParamType::Float => {
            let number: f64 = text.trim().parse().map_err(|_| wrong(kind, text))?;
            Ok(number_value(number))
        }
        ParamType::Str => Ok(Value::String(text.to_owned())),
        ParamType::Bool => match text.trim().to_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "yes" | "on" | "1" => Err(wrong(kind, text).hint("write true")),
            "no" | "off" | "0" => Err(wrong(kind, text).hint("write false")),
            _ => Err(wrong(kind, text)),
        },
        ParamType::File | ParamType::Secret(_) => not_empty(kind, text),
        ParamType::Dataset | ParamType::Model => int(text).or_else(|_| not_empty(kind, text)),
        ParamType::Enum => match mapping(text) {
            Some(node) => from_node(kind, options, &node, Dialect::Core),
            None => by_text(text, options),
        },
        ParamType::Range => range(text),
        ParamType::ImuVectors => {
            let node = mapping(text).or_else(|| mapping(&text.replace('\'', "\"")));
            node.map(|node| node.value(Dialect::Core))
                .ok_or_else(|| Fault::expects("a mapping written as JSON (IMUVectors)", shown(text)))
        }
        ParamType::List(ListOf::Enum) => enum_list(options, text),
        ParamType::List(_) => list(kind, text),
    }
}

fn shown(text: &str) -> String {
    format!("`{}`", shortened(text))
}

fn wrong(kind: ParamType, text: &str) -> Fault {
    Fault::expects(described(kind), shown(text))
}

fn int(text: &str) -> Result<Value, Fault> {
    let number: i128 = text.trim().parse().map_err(|_| wrong(ParamType::Int, text))?;
    int_value(number)
}

fn not_empty(kind: ParamType, text: &str) -> Result<Value, Fault> {
    if text.is_empty() { Err(Fault::expects(described(kind), "an empty text")) } else { Ok(text.into()) }
}

/// A mapping written as JSON.
fn mapping(text: &str) -> Option<Node> {
    json(text, '{').filter(|node| node.mapping().is_some())
}

/// JSON that begins with `first`; read as YAML, of which it is a part, so that limits and
/// duplicate keys are those of files.
fn json(text: &str, first: char) -> Option<Node> {
    let text = text.trim();
    if !text.starts_with(first) {
        return None;
    }
    let mut document = crate::Document::parse("value", text).ok()?;
    let faults = document.finish(Dialect::Core);
    document.root.filter(|_| faults.is_empty())
}

/// The words of a list: inside brackets or not, split at commas.
fn words(text: &str) -> Result<Vec<String>, Fault> {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).trim();
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    let words = split_values(inner).map_err(|problems| {
        Fault::new(problems.0.first().map_or_else(String::new, |problem| problem.message.clone()))
    })?;
    Ok(words)
}

fn list(kind: ParamType, text: &str) -> Result<Value, Fault> {
    let element = kind.element().unwrap_or(ParamType::Str);
    if let Some(node) = json(text, '[')
        && let Ok(value) = from_node(kind, &[], &node, Dialect::Core)
    {
        return Ok(value);
    }
    let items = words(text)?;
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            if item.is_empty() && element != ParamType::Str {
                return Err(Fault::new(format!("is a {kind} whose element [{index}] is empty")));
            }
            from_text(element, &[], item)
                .and_then(|value| match value {
                    Value::Null => Err(Fault::new("is null")),
                    value => Ok(value),
                })
                .map_err(|fault| Fault {
                    message: format!("is a {kind} whose element [{index}] {}", fault.message),
                    ..fault
                })
        })
        .collect()
}

fn enum_list(options: &[Value], text: &str) -> Result<Value, Fault> {
    let kind = ParamType::List(ListOf::Enum);
    if let Some(node) = mapping(text).or_else(|| json(text, '['))
        && let Ok(value) = from_node(kind, options, &node, Dialect::Core)
    {
        return Ok(value);
    }
    if let Ok(option) = by_text(text, options) {
        return Ok(Value::Array(vec![option]));
    }
    let mut items = words(text)?;
    if let [one] = items.as_slice() {
        // Blanks separate as well, but not inside the text of an option.
        items = one.split_whitespace().map(str::to_owned).collect();
    }
    items.iter().map(|item| by_text(item, options)).collect()
}

fn range(text: &str) -> Result<Value, Fault> {
    if let Some(node) = mapping(text) {
        return from_node(ParamType::Range, &[], &node, Dialect::Core);
    }
    let inner = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
    let parts: Vec<_> = inner.split([' ', '\t', ',', ':']).filter(|part| !part.is_empty()).collect();
    let numbers: Option<Vec<i128>> = parts.iter().map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([from, to]) => range_value(*from, *to, 1),
        Some([from, to, step]) => range_value(*from, *to, *step),
        _ => Err(Fault::expects("range, two or three ints (from, to, step)", shown(text))),
    }
}
