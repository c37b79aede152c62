//! Numbers and ranges as values.

use serde_json::{Value, json};

use super::Fault;
use crate::yaml::float_value;

/// The greatest end of a range.
const RANGE_END: i128 = 1 << 32;

/// A whole number as a value, if it fits 64 bits.
pub(crate) fn int_value(number: i128) -> Result<Value, Fault> {
    serde_json::Number::from_i128(number)
        .map(Value::Number)
        .ok_or_else(|| Fault::new(format!("does not fit 64 bits: {number}")))
}

/// A range as a value, if it is one.
pub(crate) fn range_value(from: i128, to: i128, step: i128) -> Result<Value, Fault> {
    if to <= from {
        return Err(Fault::new(format!("is a range whose `to` must be greater than `from`: {to} is not above {from}")));
    }
    if to > RANGE_END {
        return Err(Fault::new(format!("is a range whose `to` is {to}; at most {RANGE_END} is allowed")));
    }
    if step < 1 {
        return Err(Fault::new(format!("is a range whose `step` is {step}; it must be 1 or more")));
    }
    let length = to.checked_sub(from);
    if length.is_none_or(|length| step > length) {
        return Err(Fault::new(format!("is a range whose `step` {step} is greater than `to` - `from`")));
    }
    Ok(json!({"from": int_value(from)?, "to": int_value(to)?, "step": int_value(step)?}))
}

/// A number as a float value.
pub(crate) fn number_value(number: f64) -> Value {
    float_value(number)
}

/// The number a value holds, non-finite ones included.
pub(crate) fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}
