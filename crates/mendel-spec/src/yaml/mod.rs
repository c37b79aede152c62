//! YAML read into nodes that know their place.

mod node;

pub use node::{Content, Dialect, Document, Node};
