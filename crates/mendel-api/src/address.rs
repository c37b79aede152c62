//! Addresses: how names become a path and questions a query string, and back.
//!
//! Lists are repeated keys, absent fields are left out, everything else than unreserved
//! characters is percent-encoded, so that any name survives the way.

use std::{fmt::Write as _, str::FromStr};

/// A path below the server, and its query, while it is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    path: String,
    query: String,
}

impl Address {
    /// The address of `/api/v1` followed by `segments`.
    pub fn of(segments: &[&dyn std::fmt::Display]) -> Self {
        let mut path = "/api/v1".to_owned();
        for segment in segments {
            path.push('/');
            encode(&segment.to_string(), &mut path);
        }
        Self { path, query: String::new() }
    }

    /// Adds a question.
    #[must_use]
    pub fn ask(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(key);
        self.query.push('=');
        encode(&value.to_string(), &mut self.query);
        self
    }

    /// Adds a question when there is a value.
    #[must_use]
    pub fn ask_if(self, key: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.ask(key, value),
            None => self,
        }
    }

    /// Adds a question once for each of `values`.
    #[must_use]
    pub fn ask_each(self, key: &str, values: impl IntoIterator<Item = impl std::fmt::Display>) -> Self {
        values.into_iter().fold(self, |address, value| address.ask(key, value))
    }

    /// The query, without `?`.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Path and query as one text.
    pub fn text(&self) -> String {
        match self.query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, self.query),
        }
    }
}

/// The questions of a query string, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `query`, the text after `?`.
    pub fn read(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(k, v)| (decode(k), decode(v))).collect(),
        )
    }

    /// The first value of `key`.
    pub fn first(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// Every value of `key`.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// The first value of `key`, read; the error says which key and value could not be.
    pub fn parse<T: FromStr>(&self, key: &str) -> Result<Option<T>, BadPair> {
        self.first(key).map(|value| read(key, value)).transpose()
    }

    /// Every value of `key`, read.
    pub fn parse_all<T: FromStr>(&self, key: &str) -> Result<Vec<T>, BadPair> {
        self.all(key).map(|value| read(key, value)).collect()
    }
}

/// A question whose value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a value of `{key}`")]
pub struct BadPair {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
}

fn read<T: FromStr>(key: &str, value: &str) -> Result<T, BadPair> {
    value.parse().map_err(|_| BadPair { key: key.to_owned(), value: value.to_owned() })
}

fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'@' | b':' => {
                into.push(byte as char)
            }
            _ => write!(into, "%{byte:02X}").expect("writing to a text does not fail"),
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, tail @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = tail;
                }
                _ => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_reads_as_written() {
        let address = Address::of(&[&"runs", &"@7"]).ask("limit", 5).ask_each("sort", ["-m.loss", "a b"]);
        assert_eq!(address.text(), "/api/v1/runs/@7?limit=5&sort=-m.loss&sort=a%20b");
    }

    #[test]
    fn a_wrong_value_is_named() {
        let pairs = Pairs::read("limit=many");
        let error = pairs.parse::<usize>("limit").expect_err("bad");
        assert_eq!(error.to_string(), "`many` is not a value of `limit`");
        assert_eq!(pairs.parse::<usize>("cursor"), Ok(None));
    }

    proptest! {
        #[test]
        fn any_name_survives(name in "\\PC{0,20}", other in any::<String>()) {
            let text = Address::of(&[&"notes"]).ask("a", &name).ask("b", &other).text();
            let pairs = Pairs::read(text.split_once('?').expect("a query").1);
            prop_assert_eq!(pairs.first("a"), Some(name.as_str()));
            prop_assert_eq!(pairs.first("b"), Some(other.as_str()));
        }

        #[test]
        fn any_query_is_read_without_panic(text in any::<String>()) {
            let _ = Pairs::read(&text);
        }
    }
}
