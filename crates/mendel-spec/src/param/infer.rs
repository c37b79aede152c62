//! The type of a parameter that names none, from its default.

use super::{Fault, ListOf, ParamType};
use crate::{Dialect, Node, Scalar};

/// The type that `default` suggests.
pub(super) fn infer(default: Option<&Node>, dialect: Dialect) -> Result<ParamType, Fault> {
    let Some(node) = default else { return Ok(ParamType::Str) };
    if node.mapping().is_some() {
        let likely = match (node.get("selected").or(node.get("options")), node.get("from").or(node.get("to"))) {
            (Some(_), _) => "enum",
            (_, Some(_)) => "range",
            (None, None) => "IMUVectors",
        };
        let fault = Fault::new("has a mapping as its value and names no type").at(node);
        return Err(fault.hint(format!("types that take a mapping must be named, such as `{likely}`")));
    }
    if let Some(items) = node.sequence() {
        return infer_list(items, dialect);
    }
    Ok(match node.scalar(dialect) {
        Some(Scalar::Bool(_)) => ParamType::Bool,
        Some(Scalar::Int(_) | Scalar::BigInt(_)) => ParamType::Int,
        Some(Scalar::Float(_)) => ParamType::Float,
        Some(Scalar::Null | Scalar::Date(_) | Scalar::Str(_)) | None => ParamType::Str,
    })
}

fn infer_list(items: &[Node], dialect: Dialect) -> Result<ParamType, Fault> {
    let mut found: Option<ListOf> = None;
    for (index, item) in items.iter().enumerate() {
        let of = match item.scalar(dialect) {
            Some(Scalar::Int(_) | Scalar::BigInt(_)) => ListOf::Int,
            Some(Scalar::Float(_)) => ListOf::Float,
            Some(Scalar::Str(_)) => ListOf::Str,
            Some(Scalar::Bool(_)) => {
                let fault = Fault::new("is a list with a bool in it, and lists of bool do not exist").at(item);
                return Err(fault.hint("write 0 and 1, or quote the words"));
            }
            Some(Scalar::Null | Scalar::Date(_)) | None => {
                let got = item.shown(dialect);
                let fault = Fault::new(format!("is a list whose element [{index}] is {got}, and names no type"));
                return Err(fault.hint("name its type").at(item));
            }
        };
        found = match (found, of) {
            (None, of) => Some(of),
            (Some(before), of) if before == of => Some(of),
            (Some(ListOf::Int | ListOf::Float), ListOf::Int | ListOf::Float) => Some(ListOf::Float),
            _ => {
                let fault = Fault::new("is a list of texts and numbers, and no type fits both").at(item);
                return Err(fault.hint("quote the numbers to make it a list[str]"));
            }
        };
    }
    Ok(ParamType::List(found.unwrap_or(ListOf::Int)))
}
