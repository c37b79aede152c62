//! A statement with its bound values, and a row of its answer, the same for both databases.
//!
//! Text never reaches a database with a NUL character in it, which PostgreSQL refuses:
//! both databases keep the replacement character instead.

use mendel_model::{Digest, Identity, RunId, Timestamp, UserId, WriterId};
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};
use std::borrow::Cow;

use crate::{Result, StoreError};

/// A value bound to a placeholder.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A whole number.
    Int(Option<i64>),
    /// A floating number; never NaN, which SQLite takes for null.
    Real(Option<f64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(Some(i64::from(flag)))
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Int(Some(time.0))
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        Self::Real(number.filter(|number| !number.is_nan()))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Some(number).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Text(None), Self::from)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(id: $kind) -> Self {
                Self::Text(Some(id.to_string()))
            }
        }

        impl From<Option<$kind>> for Value {
            fn from(id: Option<$kind>) -> Self {
                Self::Text(id.map(|id| id.to_string()))
            }
        }
    )*};
}

as_text!(RunId, WriterId, UserId, Identity, Digest, mendel_model::BatchId, mendel_model::Status);

/// A statement and the values of its placeholders `$1`, `$2`, …
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(super) text: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// A statement without values yet. Its text is written in this crate, never by a user.
pub(crate) fn sql(text: impl Into<Cow<'static, str>>) -> Sql {
    Sql { text: text.into(), values: Vec::new() }
}

impl Sql {
    /// Binds the next placeholder.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the next placeholders.
    pub(crate) fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.values.extend(values);
        self
    }
}

/// `$first, $first+1, …`, as many as `count`.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    let mut text = String::with_capacity(count * 5);
    for index in 0..count {
        if index > 0 {
            text.push(',');
        }
        text.push('$');
        text.push_str(&(first + index).to_string());
    }
    text
}

/// A row of an answer; columns are read by position.
#[derive(Debug)]
pub(crate) enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

macro_rules! read {
    ($name:ident, $kind:ty, $doc:literal) => {
        #[doc = $doc]
        pub(crate) fn $name(&self, column: usize) -> Result<$kind> {
            match self {
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(StoreError::from)
        }
    };
}

impl Row {
    read!(int, i64, "A whole number.");
    read!(int_or_null, Option<i64>, "A whole number or null.");
    read!(real, f64, "A floating number.");
    read!(real_or_null, Option<f64>, "A floating number or null.");
    read!(text, String, "Text.");
    read!(text_or_null, Option<String>, "Text or null.");
    read!(bytes, Vec<u8>, "Bytes.");

    /// Text that spells a value, such as an id.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T>
    where
        T::Err: std::fmt::Display,
    {
        self.text(column)?.parse().map_err(|error: T::Err| StoreError::Corrupt(error.to_string()))
    }

    /// Text that spells a value, or null.
    pub(crate) fn parsed_or_null<T: std::str::FromStr>(&self, column: usize) -> Result<Option<T>>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.text_or_null(column)?;
        text.map(|text| text.parse().map_err(|error: T::Err| StoreError::Corrupt(error.to_string()))).transpose()
    }

    /// A JSON document.
    pub(crate) fn document<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, column: usize) -> Result<u64> {
        u64::try_from(self.int(column)?).map_err(|error| StoreError::Corrupt(error.to_string()))
    }
}

/// A value as the JSON text that is stored.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("the nouns of the model have text keys and no failing parts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on() {
        assert_eq!(placeholders(3, 3), "$3,$4,$5");
        assert_eq!(placeholders(1, 0), "");
    }

    #[test]
    fn text_reaches_no_database_with_a_nul() {
        let Value::Text(Some(text)) = Value::from("a\0b") else { panic!("text") };
        assert_eq!(text, "a\u{fffd}b");
    }
}
