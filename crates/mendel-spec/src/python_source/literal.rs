//! Python expressions whose value can be told without running them.

use std::collections::HashMap;

use ruff_python_ast::{Expr, Number, UnaryOp};
use serde_json::Value;

/// Most values of a `range` that are written out as choices.
const RANGE_VALUES: i64 = 1000;

/// Names that a module sets once, to a value that can be told.
pub(super) type Constants<'a> = HashMap<&'a str, &'a Expr>;

/// The value of a literal, or of a name that stands for one.
pub(super) fn literal(expr: &Expr, constants: &Constants<'_>) -> Option<Value> {
    if let Expr::Name(name) = expr {
        // One step only: a constant made of constants is not followed.
        return literal_of(constants.get(name.id.as_str())?);
    }
    literal_of(expr)
}

fn literal_of(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str().into()),
        Expr::BooleanLiteral(truth) => Some(truth.value.into()),
        Expr::NoneLiteral(_) => Some(Value::Null),
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(number) => number.as_i64().map(Value::from),
            Number::Float(number) => serde_json::Number::from_f64(*number).map(Value::Number),
            Number::Complex { .. } => None,
        },
        Expr::UnaryOp(unary) if matches!(unary.op, UnaryOp::USub | UnaryOp::UAdd) => {
            let value = literal_of(&unary.operand)?;
            if unary.op == UnaryOp::UAdd {
                return value.is_number().then_some(value);
            }
            match (value.as_i64(), value.as_f64()) {
                (Some(number), _) => number.checked_neg().map(Value::from),
                (None, Some(number)) => serde_json::Number::from_f64(-number).map(Value::Number),
                (None, None) => None,
            }
        }
        Expr::List(list) => list.elts.iter().map(literal_of).collect(),
        Expr::Tuple(tuple) => tuple.elts.iter().map(literal_of).collect(),
        _ => None,
    }
}

/// The values of `choices=`: a list, tuple, set, the keys of a dict, or a short `range`.
pub(super) fn choices(expr: &Expr, constants: &Constants<'_>) -> Option<Vec<Value>> {
    let expr = match expr {
        Expr::Name(name) => constants.get(name.id.as_str())?,
        other => other,
    };
    match expr {
        Expr::Set(set) => set.elts.iter().map(literal_of).collect(),
        Expr::Call(call) => {
            let is_range = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "range");
            if !is_range || !call.arguments.keywords.is_empty() {
                return None;
            }
            let numbers: Option<Vec<i64>> =
                call.arguments.args.iter().map(|arg| literal_of(arg).and_then(|value| value.as_i64())).collect();
            let (from, to) = match numbers?.as_slice() {
                [to] => (0, *to),
                [from, to] => (*from, *to),
                _ => return None,
            };
            (to.saturating_sub(from) <= RANGE_VALUES).then(|| (from..to).map(Value::from).collect())
        }
        other => match literal_of(other)? {
            Value::Array(values) => Some(values),
            _ => None,
        },
    }
}
