//! A call as it comes in: path, level, headers and body, whatever the method.

use axum::body::Bytes;
use http::{HeaderMap, Uri, header};
use serde_json::Value;

use super::{Object, level::Level, refusal::Refusal, rights::Rights, session::Principal};
use crate::App;

/// Bytes of one request.
pub(super) const BODY_BYTES: usize = 32 << 20;

/// One call of an endpoint.
pub(super) struct Call {
    pub(super) app: App,
    /// Who calls.
    pub(super) who: Principal,
    /// What they may do where.
    pub(super) rights: Rights,
    /// `service.action`.
    pub(super) name: String,
    /// The level that is asked for.
    pub(super) level: Level,
    /// The request.
    pub(super) data: Object,
    /// The lines of a batch.
    pub(super) lines: Vec<Object>,
    /// The machine that calls, as it names itself.
    pub(super) worker: String,
    /// Where the caller reached the server: `http://host:port`.
    pub(super) base: String,
}

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) level: Option<Level>,
}

impl Address {
    /// Reads `/service.action` or `/v2.13/service.action`; none where it is no such path.
    pub(super) fn read(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let (level, name) = match path.split_once('/') {
            Some((level, name)) => (Some(Level::read(level.strip_prefix('v')?)?), name),
            None => (None, path),
        };
        let (service, action) = name.split_once('.')?;
        (is_word(service) && is_word(action)).then(|| Self { name: name.to_owned(), level })
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// A header under its new or its old name.
pub(super) fn either<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    ["x-clearml-", "x-trains-"].iter().find_map(|family| {
        headers.get(format!("{family}{name}")).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
    })
}

/// The request and the lines of a batch, from body, query and form.
pub(super) fn read_body(
    headers: &HeaderMap,
    uri: &Uri,
    body: &Bytes,
    batch: bool,
) -> Result<(Object, Vec<Object>), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let lines = kind.starts_with("application/json-lines");
    let mut data = Object::new();
    let mut items = Vec::new();
    if kind.starts_with("application/x-www-form-urlencoded") && !body.trim_ascii().starts_with(b"{") {
        merge_query(&mut data, &String::from_utf8_lossy(body));
    } else if let (true, false, Ok(Value::Object(object))) = (batch, lines, parse(body)) {
        items = vec![object.clone()];
        data = object;
    } else if lines || batch {
        items = read_lines(body)?;
    } else if !body.trim_ascii().is_empty() {
        match parse(body) {
            Ok(Value::Object(object)) => data = object,
            Ok(Value::Null) => {}
            Ok(_) => return Err(Refusal::bad(12, "Validation error (the body is no JSON object)")),
            Err(error) => return Err(Refusal::bad(12, format!("Validation error (the body is no JSON: {error})"))),
        }
    }
    merge_query(&mut data, uri.query().unwrap_or_default());
    Ok((data, items))
}

/// Reads JSON, also where Python wrote numbers that JSON has no word for.
fn parse(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text).or_else(|error| match quote_words(text) {
        Some(quoted) => serde_json::from_slice(&quoted),
        None => Err(error),
    })
}

/// Puts quotes around `NaN` and `Infinity`; none where there is no such word.
fn quote_words(text: &[u8]) -> Option<Vec<u8>> {
    let (mut quoted, mut inside, mut at, mut found) = (Vec::with_capacity(text.len() + 16), false, 0, false);
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        let word = [&b"-Infinity"[..], b"Infinity", b"NaN"].into_iter().find(|word| !inside && rest.starts_with(word));
        if let Some(word) = word {
            quoted.extend([b"\"", word, b"\""].concat());
            (at, found) = (at + word.len(), true);
            continue;
        }
        quoted.push(*byte);
        at += 1;
        match byte {
            b'"' => inside = !inside,
            b'\\' if inside => {
                quoted.extend(text.get(at));
                at += 1;
            }
            _ => {}
        }
    }
    found.then_some(quoted)
}

fn read_lines(body: &[u8]) -> Result<Vec<Object>, Refusal> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let read = |(number, line): (usize, &[u8])| match parse(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::bad(18, format!("Invalid batch item: item {number} is no object")).with("index", number)),
        Err(error) => {
            Err(Refusal::bad(18, format!("Invalid batch item: item {number}: {error}")).with("index", number))
        }
    };
    lines.enumerate().map(read).collect()
}

/// Merges `a.b=1&c[]=x` over an object: digits are numbers, dots lead into objects, and what
/// comes twice is a list.
fn merge_query(data: &mut Object, query: &str) {
    let mut given: Vec<(String, Vec<Value>, bool)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        let (name, list) = name.strip_suffix("[]").map_or((name.clone(), false), |name| (name.to_owned(), true));
        let value = plain(&decode(value));
        match given.iter_mut().find(|(other, ..)| *other == name) {
            Some((_, values, many)) => {
                values.push(value);
                *many = true;
            }
            None => given.push((name, vec![value], list)),
        }
    }
    for (name, mut values, list) in given {
        let value = if list { Value::Array(values) } else { values.remove(0) };
        put(data, &name, value);
    }
}

fn put(data: &mut Object, path: &str, value: Value) {
    match path.split_once('.') {
        Some((first, rest)) => {
            let inner = data.entry(first).or_insert_with(|| Object::new().into());
            if !inner.is_object() {
                *inner = Object::new().into();
            }
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
        None => {
            data.insert(path.to_owned(), value);
        }
    }
}

fn plain(text: &str) -> Value {
    match text {
        "true" | "True" => true.into(),
        "false" | "False" => false.into(),
        text if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
        }
        text => text.into(),
    }
}

/// Undoes the escapes of a query or of a path.
pub(super) fn decode(text: &str) -> String {
    unescape(&text.replace('+', " "))
}

/// Undoes `%41`; what is no escape stays.
pub(super) fn unescape(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (bytes, mut plain, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_names_a_service_and_an_action() {
        let address = |path| Address::read(path).map(|found| (found.name, found.level));
        assert_eq!(address("/tasks.get_all/"), Some(("tasks.get_all".into(), None)));
        assert_eq!(address("/v2.9/tasks.get_all"), Some(("tasks.get_all".into(), Some(Level(2, 9)))));
        for path in ["/", "/tasks", "/v2/tasks.get_all", "/api/v1", "/a/b/c.d", "/tasks.get.all", "/1.2"] {
            assert_eq!(address(path), None, "{path}");
        }
    }

    #[test]
    fn a_query_becomes_an_object() {
        let mut data = json!({"a": {"keep": 1}}).as_object().expect("an object").clone();
        merge_query(&mut data, "n=12&flag=true&types=config&list[]=x&a.b=c%20d&m=1&m=2");
        let wanted =
            json!({"n": 12, "flag": true, "types": "config", "list": ["x"], "a": {"keep": 1, "b": "c d"}, "m": [1, 2]});
        assert_eq!(Value::Object(data), wanted);
    }

    #[test]
    fn numbers_of_python_are_read() {
        let read = parse(br#"{"a": NaN, "b": [-Infinity], "c": "NaN \" NaN"}"#).expect("reads");
        assert_eq!(read, json!({"a": "NaN", "b": ["-Infinity"], "c": "NaN \" NaN"}));
        assert!(parse(b"{").is_err());
    }

    #[test]
    fn a_broken_line_of_a_batch_is_named() {
        let refusal = read_lines(b"{}\n\n[1]\n").expect_err("no object");
        assert_eq!((refusal.subcode, &refusal.data["index"]), (18, &json!(1)));
        assert_eq!(read_lines(b"{}\n\n{\"a\":1}\n").expect("two").len(), 2);
    }
}
