use super::*;

fn read(text: &str, dialect: Dialect) -> Scalar {
    Scalar::resolve(text, true, None, dialect)
}

/// What PyYAML 6 makes of some two thousand texts, odd ones mostly.
const PYYAML: &str = include_str!("../../vectors/yaml_1_1.jsonl");

#[test]
fn yaml_1_1_reads_every_scalar_as_pyyaml_does() {
    let mut wrong = Vec::new();
    for line in PYYAML.lines() {
        let (text, kind, value): (String, String, String) = serde_json::from_str(line).expect("a vector");
        let found = read(&text, Dialect::Yaml11);
        let good = match (kind.as_str(), &found) {
            ("null", Scalar::Null) | ("date", Scalar::Date(_)) => true,
            ("bool", Scalar::Bool(truth)) => truth.to_string() == value,
            ("int", Scalar::Int(number)) => number.to_string() == value,
            ("float", Scalar::Float(number)) => {
                let expected: f64 = value.parse().expect("a float");
                number.to_bits() == expected.to_bits() || number.is_nan() && expected.is_nan()
            }
            ("str", Scalar::Str(same)) => *same == text,
            _ => false,
        };
        if !good {
            wrong.push(format!("`{text}` is {kind} {value}, not {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn yaml_1_2_follows_the_core_schema() {
    let int = |text: &str, number: i128| assert_eq!(read(text, Dialect::Core), Scalar::Int(number), "{text}");
    let float = |text: &str, number: f64| assert_eq!(read(text, Dialect::Core), Scalar::Float(number), "{text}");
    for (text, number) in
        [("0", 0), ("-1", -1), ("+7", 7), ("012", 12), ("0o14", 12), ("0x1F", 31), ("0xdeadbeef", 3_735_928_559)]
    {
        int(text, number);
    }
    for (text, number) in [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("1.0e3", 1000.0),
        ("-.5", -0.5),
        ("+.5e1", 5.0),
        ("1.", 1.0),
        ("12.5E+2", 1250.0),
        (".inf", f64::INFINITY),
        ("-.INF", f64::NEG_INFINITY),
        ("+.Inf", f64::INFINITY),
    ] {
        float(text, number);
    }
    assert!(matches!(read(".nan", Dialect::Core), Scalar::Float(number) if number.is_nan()));
    for text in ["", "~", "null", "Null", "NULL"] {
        assert_eq!(read(text, Dialect::Core), Scalar::Null, "{text}");
    }
    for (text, truth) in
        [("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false), ("FALSE", false)]
    {
        assert_eq!(read(text, Dialect::Core), Scalar::Bool(truth), "{text}");
    }
    for text in [
        "yes",
        "no",
        "on",
        "off",
        "Yes",
        "NO",
        "y",
        "n",
        "tRue",
        "nULL",
        "1:30",
        "1_000",
        "0b1",
        "0o8",
        "0xg",
        "-0x1",
        "-0o1",
        "0o",
        "0x",
        "0x+1",
        ".",
        "e3",
        ".e3",
        "1e",
        "1e+",
        "-",
        "+",
        "--1",
        "1.2.3",
        "nan",
        "inf",
        "-.nan",
        "2001-01-01",
        "1 2",
        "½",
    ] {
        assert_eq!(read(text, Dialect::Core), Scalar::Str(text.to_owned()), "{text}");
    }
}

#[test]
fn quotes_and_tags_have_the_last_word() {
    let resolve = |text, plain, tag| Scalar::resolve(text, plain, tag, Dialect::Yaml11);

    assert_eq!(resolve("5", false, None), Scalar::Str("5".into()));
    assert_eq!(resolve("5", true, Some("str")), Scalar::Str("5".into()));
    assert_eq!(resolve("5", false, Some("int")), Scalar::Int(5));
    assert_eq!(resolve("5", true, Some("float")), Scalar::Float(5.0));
    assert_eq!(resolve("x", true, Some("null")), Scalar::Null);
}

#[test]
fn a_number_without_a_dot_is_told_how_to_be_written() {
    for (text, better) in [
        ("1e-3", Some("1.0e-3")),
        ("1e3", Some("1.0e+3")),
        ("1.5e3", Some("1.5e+3")),
        ("-2E5", Some("-2.0e+5")),
        ("-.5", Some("-0.5")),
        ("1.0e-3", None),
        ("text", None),
        ("12", None),
    ] {
        assert_eq!(suggested_float(text).as_deref(), better, "{text}");
    }
}
