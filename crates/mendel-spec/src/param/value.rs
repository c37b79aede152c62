//! A value written in a file, checked against its type.

use serde_json::{Value, json};

use super::{
    Fault, ParamType,
    literal::{int_value, number_value, range_value},
    option::{by_index, by_text, read_options},
};
use crate::{Dialect, Node, Scalar, nearest::suggestion, yaml::suggested_float};

/// The value `node` gives a parameter of type `kind`, in the form the script receives.
///
/// Null means no value and fits every type; whether one is needed is asked elsewhere.
pub(crate) fn from_node(kind: ParamType, options: &[Value], node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    if node.is_null(dialect) {
        return Ok(Value::Null);
    }
    match kind {
        ParamType::Enum => enum_value(options, node, dialect),
        ParamType::List(super::ListOf::Enum) => enum_list(options, node, dialect),
        ParamType::Range => range(node, dialect),
        ParamType::ImuVectors => match node.mapping() {
            Some(_) => Ok(node.value(dialect)),
            None => Err(Fault::expects("a mapping (IMUVectors)", node.shown(dialect)).at(node)),
        },
        ParamType::List(_) => list(kind, node, dialect),
        ParamType::Int
        | ParamType::Float
        | ParamType::Str
        | ParamType::Bool
        | ParamType::File
        | ParamType::Dataset
        | ParamType::Model
        | ParamType::Secret(_) => single(kind, node, dialect).map_err(|fault| fault.at(node)),
    }
}

/// A value that is one scalar.
fn single(kind: ParamType, node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    let wrong = |expected: &str| Fault::expects(expected, node.shown(dialect));
    let Some(scalar) = node.scalar(dialect) else {
        return Err(wrong(described(kind)));
    };
    match (kind, scalar) {
        (ParamType::Int | ParamType::Dataset | ParamType::Model, Scalar::Int(number)) => int_value(number),
        (ParamType::Float, Scalar::Int(number)) => Ok(number_value(number as f64)),
        (ParamType::Float, Scalar::Float(number)) => Ok(number_value(number)),
        (ParamType::Bool, Scalar::Bool(truth)) => Ok(Value::Bool(truth)),
        (ParamType::Str, Scalar::Str(text)) => Ok(Value::String(text)),
        (ParamType::File | ParamType::Dataset | ParamType::Model | ParamType::Secret(_), Scalar::Str(text)) => {
            if text.is_empty() {
                return Err(Fault::expects(described(kind), "an empty text"));
            }
            Ok(Value::String(text))
        }
        (ParamType::Int | ParamType::Float, Scalar::Str(text)) => {
            let fault = wrong(kind.name());
            Err(match suggested_float(&text).filter(|_| kind == ParamType::Float && is_plain(node)) {
                Some(better) => fault.hint(format!("write {better}")),
                None if text.trim().parse::<f64>().is_ok() => fault.hint("write it without quotes"),
                None => fault,
            })
        }
        (ParamType::Int, Scalar::Float(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Err(wrong("int").hint(format!("write {number}")))
        }
        (ParamType::Bool, scalar) => Err(match scalar {
            Scalar::Str(text) if matches!(text.to_lowercase().as_str(), "true" | "yes" | "on" | "1") => {
                wrong("bool").hint("write true")
            }
            Scalar::Str(text) if matches!(text.to_lowercase().as_str(), "false" | "no" | "off" | "0") => {
                wrong("bool").hint("write false")
            }
            _ => wrong("bool"),
        }),
        (ParamType::Str | ParamType::File | ParamType::Secret(_), _) => {
            Err(wrong(described(kind)).hint(format!("quote it: \"{}\"", node.raw().unwrap_or_default())))
        }
        _ => Err(wrong(described(kind))),
    }
}

fn is_plain(node: &Node) -> bool {
    matches!(*node.content, crate::Content::Scalar { plain: true, .. })
}

/// What a value of a type is, in a message.
pub(super) fn described(kind: ParamType) -> &'static str {
    match kind {
        ParamType::Dataset => "dataset (a number, name or path)",
        ParamType::Model => "model (a number or name)",
        ParamType::File => "file (a path)",
        ParamType::Secret(_) => match kind.name() {
            "aws_secret" => "aws_secret (the name of a secret)",
            "git_secret" => "git_secret (the name of a secret)",
            _ => "credentials_secret (the name of a secret)",
        },
        _ => kind.name(),
    }
}

fn list(kind: ParamType, node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    let Some(items) = node.sequence() else {
        return Err(Fault::expects(kind, node.shown(dialect)).at(node));
    };
    let element = kind.element().unwrap_or(ParamType::Str);
    items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            if item.is_null(dialect) {
                return Err(Fault::new(format!("has an element that is null: [{index}]")).at(item));
            }
            single(element, item, dialect).map_err(|fault| {
                let message = format!("is a {kind} whose element [{index}] {}", fault.message);
                Fault { message, ..fault }.at(item)
            })
        })
        .collect()
}

/// The parts of an enum's mapping; which other keys it has is an error.
fn enum_parts<'a>(node: &'a Node, kind: &str) -> Result<(&'a Node, &'a Node), Fault> {
    let pairs = node.mapping().unwrap_or_default();
    for (key, _) in pairs {
        let name = key.raw().unwrap_or_default();
        if !["selected", "options"].contains(&name) {
            let message = format!("is an {kind} with exactly `selected` and `options`; `{name}` is neither");
            return Err(Fault::new(message).hint(suggestion(name, ["selected", "options"])).at(key));
        }
    }
    match (node.get("selected"), node.get("options")) {
        (Some(selected), Some(options)) => Ok((selected, options)),
        (None, _) => Err(Fault::new(format!("is an {kind} without `selected`")).at(node)),
        (_, None) => Err(Fault::new(format!("is an {kind} without `options`")).at(node)),
    }
}

/// The options a whole mapping brings along, which must be among the declared ones.
fn own_options(declared: &[Value], node: &Node, dialect: Dialect) -> Result<Vec<Value>, Fault> {
    let own = read_options(node, dialect)?;
    match own.iter().find(|option| !declared.is_empty() && !declared.contains(option)) {
        Some(option) => Err(Fault::new(format!("declares no option {option}")).at(node)),
        None => Ok(own),
    }
}

fn enum_value(options: &[Value], node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    if node.mapping().is_some() {
        let (selected, own) = enum_parts(node, "enum")?;
        let own = own_options(options, own, dialect)?;
        if selected.is_null(dialect) {
            return Ok(Value::Null);
        }
        return selection(&own, selected, dialect);
    }
    selection(options, node, dialect)
}

/// One option: an index, or its text.
fn selection(options: &[Value], node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    match node.scalar(dialect) {
        Some(Scalar::Int(index)) => by_index(index, options),
        Some(Scalar::Str(text)) => match options.iter().find(|option| option.as_str() == Some(text.as_str())) {
            Some(option) => Ok(option.clone()),
            None => match text.parse::<i64>() {
                // A quoted number is no index.
                Ok(_) => Err(Fault::new(format!("has no option `{text}`")).hint("write an index without quotes")),
                Err(_) => by_text(&text, options),
            },
        },
        _ => Err(Fault::expects("an option by index or text", node.shown(dialect))),
    }
    .map_err(|fault| fault.at(node))
}

fn enum_list(options: &[Value], node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    let select = |options: &[Value], node: &Node| match node.sequence() {
        Some(items) => items.iter().map(|item| selection(options, item, dialect)).collect(),
        None => Err(Fault::expects("a list of options (list[enum])", node.shown(dialect)).at(node)),
    };
    if node.mapping().is_some() {
        let (selected, own) = enum_parts(node, "enum list")?;
        let own = own_options(options, own, dialect)?;
        if selected.is_null(dialect) {
            return Ok(Value::Null);
        }
        return select(&own, selected);
    }
    select(options, node)
}

fn range(node: &Node, dialect: Dialect) -> Result<Value, Fault> {
    let keys = ["from", "to", "step"];
    let Some(pairs) = node.mapping() else {
        return Err(Fault::expects("range, a mapping of `from`, `to` and `step`", node.shown(dialect)).at(node));
    };
    for (key, _) in pairs {
        let name = key.raw().unwrap_or_default();
        if !keys.contains(&name) {
            let message = format!("is a range with exactly `from`, `to` and `step`; `{name}` is none of them");
            return Err(Fault::new(message).hint(suggestion(name, keys)).at(key));
        }
    }
    let mut numbers = [0_i128; 3];
    for (number, key) in numbers.iter_mut().zip(keys) {
        let Some(value) = node.get(key) else {
            return Err(Fault::new(format!("is a range without `{key}`")).at(node));
        };
        *number = match value.scalar(dialect) {
            Some(Scalar::Int(number)) => number,
            Some(Scalar::Null) => return Err(Fault::new(format!("is a range whose `{key}` is null")).at(value)),
            _ => {
                let got = value.shown(dialect);
                return Err(Fault::new(format!("is a range whose `{key}` must be an int, got {got}")).at(value));
            }
        };
    }
    range_value(numbers[0], numbers[1], numbers[2]).map_err(|fault| fault.at(node))
}

/// The empty value of a list type, which a required parameter may not have.
pub(crate) fn is_empty_list(value: &Value) -> bool {
    *value == json!([])
}
