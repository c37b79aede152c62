//! The tree a YAML file becomes. Plain scalars stay text until the kind of the file is known.

use std::sync::Arc;

/// How plain scalars are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// YAML 1.1, as PyYAML reads it.
    Yaml11,
    /// YAML 1.2, core schema.
    Core,
}

/// What a node is.
#[derive(Debug, PartialEq)]
pub enum Content {
    /// Text, and whether it stood plain (without quotes or block).
    Scalar {
        /// The text.
        text: String,
        /// Whether a dialect may take it for a number, a bool or null.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in file order.
    Mapping(Vec<(Node, Node)>),
}

/// A node with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Its explicit tag (`!!str`), if any.
    pub tag: Option<Arc<str>>,
    /// What it is; shared between an anchor and its aliases.
    pub content: Arc<Content>,
}

/// A file read into nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The name it has in messages.
    pub file: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// Its top node; none for an empty file.
    pub root: Option<Node>,
}
