use serde_json::json;

use super::*;
use crate::Document;

fn typed(text: &str) -> Value {
    let mut document = Document::parse("task.yml", text).unwrap();
    assert!(document.finish(Dialect::Yaml11).is_empty(), "{text}");
    document.root.unwrap().typed(Dialect::Yaml11)
}

#[test]
fn what_json_has_no_kind_for_is_text_with_its_tag() {
    for (text, value) in [
        ("18446744073709551615", json!(u64::MAX)),
        ("18446744073709551616", json!("!!int 18446744073709551616")),
        ("-9223372036854775809", json!("!!int -9223372036854775809")),
        ("0x1_0000_0000_0000_0000_0000_0000_0000_0000", json!("!!int 340282366920938463463374607431768211456")),
        (
            "1_000000000000000000000000000000000000000000000000",
            json!("!!int 1000000000000000000000000000000000000000000000000"),
        ),
        ("0777777777777777777777777777777777777777777777", json!("!!int 43556142965880123323311949751266331066367")),
        ("99999999999999999999999999999999999999:30", json!("!!int 5999999999999999999999999999999999999970")),
        (".nan", json!("!!float .nan")),
        ("-.inf", json!("!!float -.inf")),
        ("2001-02-03", json!("!!timestamp 2001-02-03")),
        ("'2001-02-03'", json!("2001-02-03")),
        ("2001-12-14t21:59:43.10-05:00", json!("!!timestamp 2001-12-14T21:59:43.100000-05:00")),
        ("2001-12-14 1:59:43.1234567 Z", json!("!!timestamp 2001-12-14T01:59:43.123456+00:00")),
        ("2001-12-15 2:59:43", json!("!!timestamp 2001-12-15T02:59:43")),
        ("'!!int 5'", json!("!!str !!int 5")),
        ("NaN", json!("NaN")),
    ] {
        assert_eq!(typed(text), value, "{text}");
    }
}

#[test]
fn keys_keep_their_kinds() {
    assert_eq!(
        typed("{1: a, '1': b, 1.5: c, no: d, ~: e, 2001-02-03: f, '!!x': g, on off: h}"),
        json!({
            "!!int 1": "a", "1": "b", "!!float 1.5": "c", "!!bool false": "d", "!!null null": "e",
            "!!timestamp 2001-02-03": "f", "!!str !!x": "g", "on off": "h",
        })
    );
    assert_eq!(meant_key(typed("{1: a, '2': b, no: c}").as_object().unwrap(), "1"), "!!int 1");
    assert_eq!(meant_key(typed("{1: a, '1': b}").as_object().unwrap(), "1"), "1");
    assert_eq!(meant_key(typed("{1: a}").as_object().unwrap(), "3"), "3");
}

#[test]
fn days_that_are_none_and_numbers_beyond_reading_are_refused() {
    for text in ["a: 2001-02-30\n", "2001-13-01", "2001-01-01 25:00:00", "2001-01-01 01:00:00 +24:00", "{1: a, 1.0: b}"]
    {
        let mut document = Document::parse("task.yml", text).unwrap();
        assert_eq!(document.finish(Dialect::Yaml11).iter().count(), 1, "{text}");
    }
    let mut document = Document::parse("task.yml", &"9".repeat(4301)).unwrap();
    assert!(document.finish(Dialect::Core).has_errors());
}
