//! Limits of a value beside its type: least and greatest, allowed values, size.

use std::cmp::Ordering;

use mendel_model::limits::PARAM_BYTES;
use serde_json::Value;

use super::{Fault, ListOf, ParamDecl, ParamType, literal::as_number};

/// Whether `value`, which fits the type of `decl`, also fits its limits.
pub(crate) fn check_bounds(decl: &ParamDecl, value: &Value) -> Result<(), Fault> {
    // Most values are short by kind; only texts and containers are measured.
    if matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) {
        let bytes = value.to_string().len();
        if bytes > PARAM_BYTES {
            let message = format!("has a value of {bytes} bytes, more than the limit of {PARAM_BYTES}");
            return Err(Fault { code: "too_large", ..Fault::new(message) });
        }
    }
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.iter().try_for_each(|item| check_one(decl, item)),
        one => check_one(decl, one),
    }
}

fn check_one(decl: &ParamDecl, value: &Value) -> Result<(), Fault> {
    if has_order(decl.kind)
        && let Some(number) = as_number(value)
    {
        // Not a number is within no bounds.
        if decl.min.is_some_and(|min| matches!(number.partial_cmp(&min), None | Some(Ordering::Less))) {
            return Err(Fault::new(format!("must be at least {}, got {}", shown(decl.min), plain(value))));
        }
        if decl.max.is_some_and(|max| matches!(number.partial_cmp(&max), None | Some(Ordering::Greater))) {
            return Err(Fault::new(format!("must be at most {}, got {}", shown(decl.max), plain(value))));
        }
    }
    let chosen = matches!(decl.kind, ParamType::Enum | ParamType::List(ListOf::Enum));
    if !chosen && !decl.choices.is_empty() && !decl.choices.contains(value) {
        let list: Vec<_> = decl.choices.iter().map(|choice| format!("`{}`", plain(choice))).collect();
        let fault = Fault::expects(format_args!("one of {}", list.join(", ")), format_args!("`{}`", plain(value)));
        let near = crate::nearest(&plain(value), decl.choices.iter().filter_map(Value::as_str));
        return Err(match near {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault,
        });
    }
    Ok(())
}

/// Whether `min` and `max` mean something for a type.
pub(crate) fn has_order(kind: ParamType) -> bool {
    matches!(kind, ParamType::Int | ParamType::Float | ParamType::List(ListOf::Int | ListOf::Float))
}

fn shown(bound: Option<f64>) -> String {
    bound.map_or_else(String::new, |bound| bound.to_string())
}

/// A value as a person writes it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
