//! `name=value` as it is typed, and where a list of values is split.

use crate::{Problem, Problems};

/// One `name=value` of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The parameter.
    pub name: String,
    /// The text given for it.
    pub text: String,
    /// The option that gave it (`--set`, `--grid`, `-p`).
    pub option: String,
}

impl Assignment {
    /// Reads `name=value` given to `option`.
    pub fn parse(option: &str, word: &str) -> Result<Self, Problem> {
        let _ = (option, word);
        todo!()
    }

    /// The words as typed: `--set lr=0.1`.
    pub fn words(&self) -> String {
        format!("{} {}={}", self.option, self.name, self.text)
    }
}

/// Splits at commas outside brackets and quotes.
pub fn split_values(text: &str) -> Result<Vec<String>, Problems> {
    let _ = text;
    todo!()
}
