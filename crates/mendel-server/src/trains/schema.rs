//! The endpoints and types of the Trains API, read from two tables of text.
//!
//! The tables say what exists since which level and what a request may hold; a request is
//! held against them before any endpoint sees it, so that endpoints may trust its types.

mod check;
mod read;

use std::{collections::HashMap, sync::LazyLock};

pub(crate) use check::conform;
#[cfg(test)]
pub(crate) use check::conforms;

use super::level::Level;

static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| read::endpoints(include_str!("schema/endpoints.txt")));
static BY_NAME: LazyLock<HashMap<&str, &Endpoint>> =
    LazyLock::new(|| ENDPOINTS.iter().map(|endpoint| (endpoint.name.as_str(), endpoint)).collect());
static TYPES: LazyLock<HashMap<String, Kind>> = LazyLock::new(|| read::types(include_str!("schema/types.txt")));

/// One endpoint of the table.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// `service.action`.
    pub(crate) name: String,
    /// How many clients need it: 1 all, 2 agents and queues, 3 pages.
    pub(crate) tier: u8,
    /// The level it exists since.
    pub(crate) since: Level,
    /// Whether its body is one object a line.
    pub(crate) batch: bool,
    /// Fields of the request.
    pub(crate) request: Vec<Field>,
    /// Fields of the answer.
    pub(crate) answer: Vec<Field>,
}

/// A field of an object.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// Whether it must be given.
    pub(crate) required: bool,
    /// What it holds.
    pub(crate) kind: Kind,
}

/// What a field holds.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// Yes or no.
    Bool,
    /// A time in ISO 8601.
    Time,
    /// An object whose fields are not told.
    Object,
    /// One of some words.
    Word(Vec<String>),
    /// A list.
    List(Box<Kind>),
    /// An object of free keys.
    Map(Box<Kind>),
    /// An object of known fields.
    Fields(Vec<Field>),
    /// A type of the table.
    Named(String),
}

/// The endpoint of that name.
pub(crate) fn endpoint(name: &str) -> Option<&'static Endpoint> {
    BY_NAME.get(name).copied()
}

/// Every endpoint, in the order of the table.
pub(crate) fn endpoints() -> &'static [Endpoint] {
    &ENDPOINTS
}

/// The type of that name; what the table does not know holds anything.
pub(crate) fn named(name: &str) -> &'static Kind {
    TYPES.get(name).unwrap_or(&Kind::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_of_the_schema_is_in_the_table() {
        assert_eq!(endpoints().len(), 205);
        let tier = |wanted| endpoints().iter().filter(|endpoint| endpoint.tier == wanted).count();
        assert_eq!((tier(1), tier(2), tier(3)), (81, 45, 79));
    }

    #[test]
    fn every_type_that_a_field_names_is_in_the_table() {
        fn visit(kind: &Kind) {
            match kind {
                Kind::Named(name) => assert!(TYPES.contains_key(name), "`{name}` is not a type"),
                Kind::List(inner) | Kind::Map(inner) => visit(inner),
                Kind::Fields(fields) => fields.iter().for_each(|field| visit(&field.kind)),
                _ => {}
            }
        }
        for endpoint in endpoints() {
            endpoint.request.iter().chain(&endpoint.answer).for_each(|field| visit(&field.kind));
        }
        TYPES.values().for_each(visit);
    }
}
