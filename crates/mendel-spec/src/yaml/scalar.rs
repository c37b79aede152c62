//! What a plain scalar means: YAML 1.1 as PyYAML reads it, or the YAML 1.2 core schema.
//!
//! The 1.1 rules follow PyYAML's resolver, not the standard: an exponent needs a dot
//! before it and a sign after its `e`, `-.5` is text, `012` is octal, `1:30` is ninety.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::{
    Dialect,
    whole::{of_sixties, whole},
};

/// A scalar with its meaning.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A whole number that is larger, as decimal digits.
    BigInt(String),
    /// A number.
    Float(f64),
    /// A day or moment, which YAML 1.1 knows; as it is written.
    Date(String),
    /// Text.
    Str(String),
}

impl Scalar {
    /// What `text` means; `plain` tells whether it stood without quotes.
    pub(crate) fn resolve(text: &str, plain: bool, tag: Option<&str>, dialect: Dialect) -> Self {
        let meaning = || match dialect {
            Dialect::Yaml11 => yaml_1_1(text),
            Dialect::Core => core(text),
        };
        match (tag, plain) {
            (None, true) => meaning(),
            (Some("int"), _) => match meaning() {
                number @ (Self::Int(_) | Self::BigInt(_)) => number,
                _ => Self::Str(text.to_owned()),
            },
            (Some("float"), _) => match meaning() {
                Self::Float(number) => Self::Float(number),
                // A whole number tagged as a float is one.
                Self::Int(number) => Self::Float(number as f64),
                _ => Self::Str(text.to_owned()),
            },
            (Some("bool"), _) => match meaning() {
                Self::Bool(truth) => Self::Bool(truth),
                _ => Self::Str(text.to_owned()),
            },
            (Some("null"), _) => Self::Null,
            (Some("timestamp"), _) => Self::Date(text.to_owned()),
            (Some(_), _) | (None, false) => Self::Str(text.to_owned()),
        }
    }

    /// It as plain data.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Number::from_i128(number).map_or_else(|| number.to_string().into(), Value::Number),
            Self::Float(number) => float_value(number),
            Self::BigInt(text) | Self::Date(text) | Self::Str(text) => Value::String(text),
        }
    }

    /// What it is, for a message.
    pub(crate) fn shown(&self) -> Cow<'static, str> {
        match self {
            Self::Null => Cow::Borrowed("null"),
            Self::Bool(truth) => format!("bool `{truth}`").into(),
            Self::Int(number) => format!("int `{number}`").into(),
            Self::BigInt(digits) => format!("int `{}`", shortened(digits)).into(),
            Self::Float(number) => format!("float `{number:?}`").into(),
            Self::Date(text) => format!("date `{text}`").into(),
            Self::Str(text) => format!("text `{}`", shortened(text)).into(),
        }
    }
}

/// A float as JSON; what JSON cannot say is `"NaN"`, `"Infinity"` or `"-Infinity"`.
pub(crate) fn float_value(number: f64) -> Value {
    Number::from_f64(number).map_or_else(
        || {
            let name = match (number.is_nan(), number > 0.0) {
                (true, _) => "NaN",
                (false, true) => "Infinity",
                (false, false) => "-Infinity",
            };
            Value::String(name.to_owned())
        },
        Value::Number,
    )
}

/// The beginning of a text that may be long.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn yaml_1_1(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Scalar::Bool(false),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return Scalar::Str(text.to_owned());
    }
    if let Some(number) = float_1_1(text) {
        return Scalar::Float(number);
    }
    if let Some(number) = int_1_1(text) {
        return number;
    }
    if is_date(text) {
        return Scalar::Date(text.to_owned());
    }
    Scalar::Str(text.to_owned())
}

/// The sign as a factor, and what follows it.
fn signed(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

fn digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn starts_with_digit(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

fn float_1_1(text: &str) -> Option<f64> {
    let (negative, rest) = signed(text);
    let sign = if negative { -1.0 } else { 1.0 };
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if rest.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['-', '+'])?;
        if digits.is_empty() || !all(digits, |byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_once('.')?;
    if !all(fraction, digit_or_underscore) {
        return None;
    }
    if whole.contains(':') {
        // Base sixty, as in `1:30.5`; it takes no exponent.
        if exponent.is_some() {
            return None;
        }
        let whole = match base_sixty(false, whole)? {
            Scalar::Int(number) => number as f64,
            _ => f64::INFINITY,
        };
        let fraction: f64 = format!("0.{}", fraction.replace('_', "")).parse().ok()?;
        return Some(sign * (whole + fraction));
    }
    let good = if whole.is_empty() {
        // PyYAML takes no sign before a bare dot.
        rest.len() == text.len() && starts_with_digit(fraction)
    } else {
        starts_with_digit(whole) && all(whole, digit_or_underscore)
    };
    if !good {
        return None;
    }
    rest.replace('_', "").parse::<f64>().ok().map(|number| sign * number)
}

/// `1:30` as ninety: a number and one or more groups below sixty.
fn base_sixty(negative: bool, text: &str) -> Option<Scalar> {
    let mut groups = text.split(':');
    let first = groups.next()?;
    if !starts_with_digit(first) || !all(first, digit_or_underscore) {
        return None;
    }
    let group = |group: &str| {
        let good = matches!(group.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
        group.parse().ok().filter(|_| good)
    };
    of_sixties(negative, &first.replace('_', ""), &groups.map(group).collect::<Option<Vec<_>>>()?)
}

fn int_1_1(text: &str) -> Option<Scalar> {
    let (negative, rest) = signed(text);
    let plain = rest.replace('_', "");
    if let Some(digits) = rest.strip_prefix("0b") {
        let good = all(digits, |byte| matches!(byte, b'0' | b'1' | b'_'));
        good.then(|| whole(negative, &plain[2..], 2))?
    } else if let Some(digits) = rest.strip_prefix("0x") {
        let good = all(digits, |byte| byte.is_ascii_hexdigit() || byte == b'_');
        good.then(|| whole(negative, &plain[2..], 16))?
    } else if rest == "0" {
        Some(Scalar::Int(0))
    } else if let Some(digits) = rest.strip_prefix('0') {
        all(digits, |byte| matches!(byte, b'0'..=b'7' | b'_')).then(|| whole(negative, &plain, 8))?
    } else if rest.contains(':') {
        base_sixty(negative, rest)
    } else if starts_with_digit(rest) && all(rest, digit_or_underscore) {
        whole(negative, &plain, 10)
    } else {
        None
    }
}

/// Whether PyYAML would make a date or a moment of it.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    if !digits(0, 4) || bytes.get(4) != Some(&b'-') {
        return false;
    }
    if bytes.len() == 10 {
        return digits(5, 7) && bytes[7] == b'-' && digits(8, 10);
    }
    let Some(separator) = text.find(['T', 't', ' ', '\t']) else { return false };
    let (day, moment) = (&text[5..separator], text[separator + 1..].trim_start_matches([' ', '\t']));
    let short = |part: &str| (1..=2).contains(&part.len()) && all(part, |byte| byte.is_ascii_digit());
    let Some((month, day)) = day.split_once('-') else { return false };
    let clock_end = moment.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(moment.len());
    let (clock, rest) = moment.split_at(clock_end);
    let mut parts = clock.split(':');
    let clock_good = parts.next().is_some_and(short)
        && parts.next().is_some_and(|part| part.len() == 2)
        && parts.next().is_some_and(|part| part.len() == 2)
        && parts.next().is_none();
    let rest = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let zone = rest.trim_start_matches([' ', '\t']);
    let zone_good = zone.is_empty() && zone.len() == rest.len()
        || zone == "Z"
        || zone.strip_prefix(['-', '+']).is_some_and(|zone| match zone.split_once(':') {
            Some((hours, minutes)) => short(hours) && minutes.len() == 2 && short(minutes),
            None => short(zone),
        });
    short(month) && short(day) && clock_good && zone_good
}

fn core(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        _ => {}
    }
    let (negative, rest) = signed(text);
    let sign = if negative { -1.0 } else { 1.0 };
    if matches!(rest, ".inf" | ".Inf" | ".INF") {
        return Scalar::Float(sign * f64::INFINITY);
    }
    let radix = |digits: &str, radix| {
        // `from_str_radix` would take a sign of its own here.
        let good = digits.starts_with(|c: char| c.is_ascii_alphanumeric()) && rest.len() == text.len();
        let good = good && digits.chars().all(|digit| digit.is_digit(radix));
        good.then(|| whole(false, digits, radix)).flatten()
    };
    let number = match (rest.strip_prefix("0o"), rest.strip_prefix("0x")) {
        (Some(digits), _) => radix(digits, 8),
        (_, Some(digits)) => radix(digits, 16),
        (None, None) if starts_with_digit(rest) && all(rest, |byte| byte.is_ascii_digit()) => whole(negative, rest, 10),
        (None, None) => None,
    };
    if let Some(number) = number {
        return number;
    }
    float_core(rest).map_or_else(|| Scalar::Str(text.to_owned()), |number| Scalar::Float(sign * number))
}

fn float_core(rest: &str) -> Option<f64> {
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    if let Some(exponent) = exponent {
        let (_, digits) = signed(exponent);
        if digits.is_empty() || !all(digits, |byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let good = (!whole.is_empty() || !fraction.is_empty())
        && all(whole, |byte| byte.is_ascii_digit())
        && all(fraction, |byte| byte.is_ascii_digit());
    good.then(|| rest.parse().ok()).flatten()
}

/// How a number that YAML 1.1 takes for text has to be written: `1e-3` as `1.0e-3`.
pub(crate) fn suggested_float(text: &str) -> Option<String> {
    if !matches!(core(text), Scalar::Int(_) | Scalar::BigInt(_) | Scalar::Float(_))
        || !matches!(yaml_1_1(text), Scalar::Str(_))
    {
        return None;
    }
    let (negative, rest) = signed(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            let or_zero = |part: &str| if part.is_empty() { "0".to_owned() } else { part.to_owned() };
            format!("{}.{}", or_zero(whole), or_zero(fraction))
        }
        None => format!("{mantissa}.0"),
    };
    let exponent = exponent.map_or_else(String::new, |exponent| match exponent.strip_prefix('-') {
        Some(digits) => format!("e-{digits}"),
        None => format!("e+{}", exponent.trim_start_matches('+')),
    });
    let sign = if negative { "-" } else { "" };
    let suggestion = format!("{sign}{mantissa}{exponent}");
    matches!(yaml_1_1(&suggestion), Scalar::Float(_)).then_some(suggestion)
}

#[cfg(test)]
#[path = "scalar_tests.rs"]
mod tests;
