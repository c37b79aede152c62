//! Which kind of task a folder is, and what decided it.

use serde::{Deserialize, Serialize};

/// What kind of task a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An entry script.
    Script,
    /// A pipeline of stages.
    Staged,
    /// A training described in YAML.
    Training,
    /// A Python class.
    Typed,
    /// Nothing to run: passes values down a tree.
    Node,
}

/// What decided a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The file that decided it.
    pub file: String,
    /// The line, where a key of the file decided.
    pub line: Option<usize>,
    /// Why, as a fragment.
    pub reason: String,
}

/// `(module or file, class)` of `module:Class`.
pub fn typed_reference(text: &str) -> Option<(&str, &str)> {
    let _ = text;
    todo!()
}
