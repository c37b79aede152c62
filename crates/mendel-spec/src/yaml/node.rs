//! The tree a YAML file becomes. Plain scalars stay text until the kind of the file is known.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value};

use super::Scalar;
use crate::Place;

/// How plain scalars are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// YAML 1.1, as PyYAML reads it.
    Yaml11,
    /// YAML 1.2, core schema.
    #[default]
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
    /// Its explicit tag (`int` for `!!int`, `!env` for a local one), if any.
    pub tag: Option<Arc<str>>,
    /// What it is; shared between an anchor and its aliases.
    pub content: Arc<Content>,
}

impl Node {
    /// A quoted text without a place, as the command line gives it.
    pub fn text(text: &str) -> Self {
        let content = Content::Scalar { text: text.to_owned(), plain: false };
        Self { line: 0, column: 0, tag: None, content: Arc::new(content) }
    }

    /// Its place in `file`.
    pub fn place(&self, file: &Arc<str>) -> Place {
        Place { file: file.clone(), line: self.line, column: self.column }
    }

    /// What it means as a scalar in `dialect`; nothing for lists and mappings.
    pub fn scalar(&self, dialect: Dialect) -> Option<Scalar> {
        match &*self.content {
            Content::Scalar { text, plain } => Some(Scalar::resolve(text, *plain, self.tag.as_deref(), dialect)),
            Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// The text of a scalar as it is written, without its quotes.
    pub fn raw(&self) -> Option<&str> {
        match &*self.content {
            Content::Scalar { text, .. } => Some(text),
            Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// Its elements, if it is a list.
    pub fn sequence(&self) -> Option<&[Self]> {
        match &*self.content {
            Content::Sequence(items) => Some(items),
            Content::Scalar { .. } | Content::Mapping(_) => None,
        }
    }

    /// Its pairs, if it is a mapping.
    pub fn mapping(&self) -> Option<&[(Self, Self)]> {
        match &*self.content {
            Content::Mapping(pairs) => Some(pairs),
            Content::Scalar { .. } | Content::Sequence(_) => None,
        }
    }

    /// The key and value under `key`, if it is a mapping that has it.
    pub fn pair(&self, key: &str) -> Option<(&Self, &Self)> {
        self.mapping()?.iter().find(|(name, _)| name.raw() == Some(key)).map(|(name, value)| (name, value))
    }

    /// The value under `key`, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.pair(key).map(|(_, value)| value)
    }

    /// Whether it means null in `dialect`.
    pub fn is_null(&self, dialect: Dialect) -> bool {
        self.scalar(dialect) == Some(Scalar::Null)
    }

    /// It as plain data. Numbers too large for 64 bits and non-finite ones become text.
    pub fn value(&self, dialect: Dialect) -> Value {
        match &*self.content {
            Content::Scalar { text, plain } => Scalar::resolve(text, *plain, self.tag.as_deref(), dialect).into_value(),
            Content::Sequence(items) => items.iter().map(|item| item.value(dialect)).collect(),
            Content::Mapping(pairs) => {
                let mut map = Map::new();
                for (key, value) in pairs {
                    map.insert(key.raw().unwrap_or_default().to_owned(), value.value(dialect));
                }
                Value::Object(map)
            }
        }
    }

    /// What it is, for a message: ``text `x` ``, `int 5`, `a list`.
    pub fn shown(&self, dialect: Dialect) -> Cow<'static, str> {
        match &*self.content {
            Content::Sequence(_) => Cow::Borrowed("a list"),
            Content::Mapping(_) => Cow::Borrowed("a mapping"),
            Content::Scalar { text, plain } => Scalar::resolve(text, *plain, self.tag.as_deref(), dialect).shown(),
        }
    }
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
