//! A parameter as a run keeps it: name, type, value, and where the value came from.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One parameter of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// The section it belongs to (`Args`, `General`, or a `param_groups` name); may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub section: String,
    /// Its name within the section.
    pub name: String,
    /// Its declared type (`float`, `list[int]`, …), if one is known.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its value.
    pub value: Value,
    /// Where the value came from.
    pub origin: Origin,
    /// Whether a value had to be given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl Param {
    /// `section/name`, or the name alone where there is no section.
    pub fn path(&self) -> String {
        match self.section.as_str() {
            "" => self.name.clone(),
            section => format!("{section}/{}", self.name),
        }
    }
}

/// Where a value came from, weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The default of its declaration.
    Default {
        /// `file:line` of the declaration, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// A values file.
    File {
        /// `file:line`.
        at: String,
    },
    /// The command line, as typed there.
    CommandLine {
        /// The words that gave it.
        words: String,
    },
    /// A cell of a grid.
    Grid,
    /// The script itself, while it ran.
    Code,
    /// An edit of a draft.
    Edit,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default { at: None } => f.write_str("default"),
            Self::Default { at: Some(at) } => write!(f, "default ({at})"),
            Self::File { at } => f.write_str(at),
            Self::CommandLine { words } => f.write_str(words),
            Self::Grid => f.write_str("grid"),
            Self::Code => f.write_str("script"),
            Self::Edit => f.write_str("edited"),
        }
    }
}
