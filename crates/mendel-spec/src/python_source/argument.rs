//! What is known of a parser: its arguments as argparse keeps them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::convert::{converted_default, list_of};
use crate::{ParamDecl, ParamSchema, ParamType};

/// One argument of a parser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// `-l`, `--lr`; empty for a positional.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The name its value has.
    pub dest: String,
    /// What meeting it does.
    pub action: Action,
    /// What its words are converted to.
    pub convert: Convert,
    /// How many words it takes.
    pub count: Count,
    /// Its default; null where there is none.
    #[serde(default)]
    pub default: Value,
    /// The value of an optional word that is left out.
    #[serde(default)]
    pub constant: Value,
    /// Allowed values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
    /// Whether it has to be given.
    #[serde(default)]
    pub required: bool,
    /// Its help.
    #[serde(default)]
    pub help: String,
    /// Line of its declaration.
    #[serde(default)]
    pub line: usize,
}

/// What meeting an argument does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of argparse")]
pub enum Action {
    Store,
    StoreTrue,
    StoreFalse,
    Append,
    Extend,
    Count,
    BooleanOptional,
    Help,
    Version,
}

/// What a word is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of Python")]
pub enum Convert {
    Str,
    Int,
    Float,
    /// Python's `bool` of a word: false only for the empty one.
    Bool,
}

/// How many words an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// One, and the value is it.
    One,
    /// Exactly so many, as a list.
    Exactly(usize),
    /// `?`.
    Optional,
    /// `*`.
    Any,
    /// `+`.
    Some,
}

/// A parser that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownParser {
    /// Its arguments in order.
    pub arguments: Vec<Argument>,
    /// Whether a flag may be shortened.
    pub abbreviations: bool,
}

impl Argument {
    /// Whether it is told by its place, not by a flag.
    pub fn is_positional(&self) -> bool {
        self.flags.is_empty()
    }

    /// Whether it takes words.
    pub(super) fn takes_words(&self) -> bool {
        matches!(self.action, Action::Store | Action::Append | Action::Extend)
    }

    /// Whether it has a value at all.
    pub(super) fn has_value(&self) -> bool {
        !matches!(self.action, Action::Help | Action::Version)
    }

    /// The type its value has as a parameter.
    pub(super) fn param_type(&self) -> ParamType {
        let single = match self.convert {
            Convert::Str => ParamType::Str,
            Convert::Int => ParamType::Int,
            Convert::Float => ParamType::Float,
            Convert::Bool => ParamType::Bool,
        };
        match (self.action, self.count) {
            (Action::StoreTrue | Action::StoreFalse | Action::BooleanOptional, _) => ParamType::Bool,
            (Action::Count, _) => ParamType::Int,
            (Action::Append | Action::Extend, _) | (Action::Store, Count::Exactly(_) | Count::Any | Count::Some) => {
                list_of(single)
            }
            (Action::Store | Action::Help | Action::Version, _) => single,
        }
    }

    /// A flag, the longest first choice of a person reading.
    pub(super) fn shown(&self) -> &str {
        let long = self.flags.iter().find(|flag| flag.starts_with("--"));
        long.or(self.flags.first()).map_or(&self.dest, String::as_str)
    }
}

impl KnownParser {
    /// Its arguments as parameters, so that they are checked and gridded as those of a task file.
    ///
    /// None of them is required here: the script's own words may give it, and `interpret` says
    /// what is lacking in the end.
    pub fn schema(&self) -> ParamSchema {
        let mut schema = ParamSchema::default();
        for argument in self.arguments.iter().filter(|argument| argument.has_value()) {
            if schema.input(&argument.dest).is_some() {
                continue;
            }
            let mut decl = ParamDecl::new(&argument.dest, argument.param_type());
            decl.description.clone_from(&argument.help);
            decl.default = converted_default(argument).unwrap_or_else(|| argument.default.clone());
            decl.choices = argument.choices.clone().unwrap_or_default();
            schema.inputs.push(decl);
        }
        schema
    }
}
