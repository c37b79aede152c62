//! Numbers, values and sizes as people read them.

use serde_json::Value;

/// A number in at most five significant digits.
pub fn number(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    if number.fract() == 0.0 && size < 1e9 {
        return format!("{number:.0}");
    }
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{number:.3e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trim_zeros(digits));
    }
    // The exponent of a number within the range above is between -4 and 6.
    let before = size.log10().floor() as i32 + 1;
    let decimals = usize::try_from(5 - before).unwrap_or(0).min(8);
    trim_zeros(&format!("{number:.decimals$}")).to_owned()
}

/// A value of a parameter or metric: texts as they are, everything else as JSON.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(inner) if inner.is_f64() => inner.as_f64().map_or_else(|| inner.to_string(), exact),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// A metric's value, short; the interface spells NaN and infinities as texts.
pub fn metric(value: &Value) -> String {
    match as_number(value) {
        Some(found) => number(found),
        None => self::value(value),
    }
}

/// The number that `value` spells, NaN and infinities included.
pub fn as_number(value: &Value) -> Option<f64> {
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

/// A number as JSON: NaN and infinities are texts.
pub fn json(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(finite) => Value::Number(finite),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

/// A number of bytes.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1_000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    match size < 9.95 {
        true => format!("{size:.1} {}", UNITS[unit]),
        false => format!("{size:.0} {}", UNITS[unit]),
    }
}

/// A parameter's number in full: a person compares it with what was typed.
fn exact(number: f64) -> String {
    match number.abs() {
        size if size != 0.0 && !(1e-4..1e15).contains(&size) => format!("{number:e}"),
        _ => number.to_string(),
    }
}

fn trim_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_short_and_lose_no_scale() {
        let shown = [0.0, 1.0, -3.0, 0.1, 0.123456, 12.3456, 1234.567, 0.00001234, 3.0e12, f64::NAN, f64::INFINITY];
        let texts: Vec<_> = shown.into_iter().map(number).collect();
        assert_eq!(texts, ["0", "1", "-3", "0.1", "0.12346", "12.346", "1234.6", "1.234e-5", "3e12", "NaN", "∞"]);
    }

    #[test]
    fn parameters_keep_every_digit() {
        assert_eq!(value(&json!(0.123456789)), "0.123456789");
        assert_eq!(value(&json!(1e-7)), "1e-7");
        assert_eq!(value(&json!(1.0)), "1");
        assert_eq!(value(&json!("adam")), "adam");
        assert_eq!(value(&json!([64, 128])), "[64,128]");
        assert_eq!(value(&json!(null)), "none");
    }

    #[test]
    fn values_that_json_cannot_spell_are_texts() {
        for special in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let text = json(special);
            assert!(text.is_string());
            assert_eq!(as_number(&text).map(f64::to_bits), Some(special.to_bits()));
        }
        assert_eq!(metric(&json!("NaN")), "NaN");
        assert_eq!(as_number(&json!("adam")), None);
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        let texts: Vec<_> = [0, 999, 1_000, 1_500, 12_345, 999_600, 3_400_000_000].into_iter().map(bytes).collect();
        assert_eq!(texts, ["0 B", "999 B", "1.0 kB", "1.5 kB", "12 kB", "1.0 MB", "3.4 GB"]);
    }
}
