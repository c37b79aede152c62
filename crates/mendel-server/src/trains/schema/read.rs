//! Reads the notation of the tables.
//!
//! A table is part of the program: what cannot be read is a fault of the program, and the
//! tests of `schema` read all of it.

use std::collections::HashMap;

use super::{Endpoint, Field, Kind};
use crate::trains::level::Level;

/// The endpoints of a table: a line with name, tier and level, then `in` and `out`.
pub(super) fn endpoints(table: &str) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.trim_start().split_once(' ') {
            Some(("in", fields)) => last(&mut endpoints).request = fields_of(fields),
            Some(("out", fields)) => last(&mut endpoints).answer = fields_of(fields),
            _ => endpoints.push(head(line)),
        }
    }
    endpoints
}

fn last(endpoints: &mut [Endpoint]) -> &mut Endpoint {
    endpoints.last_mut().expect("fields follow an endpoint")
}

fn head(line: &str) -> Endpoint {
    let words: Vec<_> = line.split(' ').collect();
    let batch = words.contains(&"batch");
    let words: Vec<_> = words.into_iter().filter(|word| *word != "batch").collect();
    let [name, tier, since] = words[..] else { panic!("`{line}` is no endpoint") };
    Endpoint {
        name: name.to_owned(),
        tier: tier.parse().expect("a tier"),
        since: Level::read(since).expect("a level"),
        batch,
        request: Vec::new(),
        answer: Vec::new(),
    }
}

/// The types of a table: `name = fields` or `name = enum(…)`.
pub(super) fn types(table: &str) -> HashMap<String, Kind> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (name, kind) = line.split_once(" = ").expect("a type has a name");
        let whole = kind.starts_with(['e', '[', '{']) && !kind.contains(": ") || kind == "any";
        let kind = if whole && kind != "enabled" { kind_of(kind) } else { Kind::Fields(fields_of(kind)) };
        (name.to_owned(), kind)
    };
    lines.map(read).collect()
}

fn fields_of(text: &str) -> Vec<Field> {
    let text = text.trim();
    match text {
        "-" | "" => Vec::new(),
        text => parts(text, ';').into_iter().map(field).collect(),
    }
}

fn field(text: &str) -> Field {
    let (name, kind) = text.split_once(':').unwrap_or_else(|| panic!("`{text}` is no field"));
    let (kind, _since) = kind.split_once('@').unwrap_or((kind, ""));
    let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    Field { name: name.trim().to_owned(), required, kind: kind_of(kind.trim()) }
}

fn kind_of(text: &str) -> Kind {
    let inside = |open: &str, close: char| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Some(inner) = inside("[", ']') {
        return Kind::List(Box::new(kind_of(inner)));
    }
    if let Some(words) = inside("enum(", ')') {
        return Kind::Word(words.split('|').map(str::to_owned).collect());
    }
    if let Some(inner) = inside("{", '}') {
        return match inner.strip_prefix("str:") {
            Some(values) => Kind::Map(Box::new(kind_of(values.trim()))),
            None => Kind::Fields(parts(inner, ',').into_iter().map(field).collect()),
        };
    }
    match text {
        "any" => Kind::Any,
        "str" => Kind::Text,
        "int" | "long" => Kind::Int,
        "num" => Kind::Number,
        "bool" => Kind::Bool,
        "datetime" => Kind::Time,
        "object" => Kind::Object,
        name => Kind::Named(name.to_owned()),
    }
}

/// Splits at a separator that stands outside of brackets.
fn parts(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            c if c == separator && depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}
