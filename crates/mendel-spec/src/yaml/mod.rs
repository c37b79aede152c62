//! YAML read into nodes that know their place.
//!
//! A file is parsed first (`parse`), its kind is decided from the tree, and only then
//! plain scalars become numbers, bools or null, by the rules of its dialect (`scalar`).

mod finish;
mod moment;
mod node;
mod parse;
mod scalar;
mod typed;
mod whole;

pub use node::{Content, Dialect, Document, Node};
pub use scalar::Scalar;
pub(crate) use scalar::{float_value, shortened, suggested_float};
pub(crate) use typed::{meant_key, of_param};
