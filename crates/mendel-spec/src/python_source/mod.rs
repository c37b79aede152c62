//! The parser of a Python script, read without running it.
//!
//! A parser is *known* only where every call that builds it can be read; in doubt it is
//! unknown, and the words are passed on for the script itself to judge.

use mendel_model::Param;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Assignment, ParamSchema, Problems};

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
    /// The value of `store_const`-like actions and of an optional word left out.
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
    StoreConst,
    StoreTrue,
    StoreFalse,
    Append,
    AppendConst,
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

impl KnownParser {
    /// Its arguments as parameters, so that they are checked and gridded as those of a task file.
    pub fn schema(&self) -> ParamSchema {
        todo!()
    }
}

/// Why words could not be interpreted.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The parser would do something that is not known here; the script must judge.
    Unknown(String),
    /// The parser would refuse the words.
    Bad(Problems),
}

/// The parser of a script, if every call that builds it can be read.
pub fn parser_of(source: &str) -> Option<KnownParser> {
    let _ = source;
    todo!()
}

/// The parameters that `parser` makes of `words`; their origin is the word or the default.
pub fn interpret(parser: &KnownParser, words: &[String]) -> Result<Vec<Param>, Refusal> {
    let _ = (parser, words);
    todo!()
}

/// The script's own `words` with `given` parameters put in, as the script is to be started.
///
/// `given` are parameters as `members` resolves them from `KnownParser::schema`; those whose
/// origin is a default add no words. Flags go last, so that they win over `words`.
pub fn words_for(parser: &KnownParser, words: &[String], given: &[Param]) -> Result<Vec<String>, Problems> {
    let _ = (parser, words, given);
    todo!()
}

/// `--name value` for each of `sets`, for a script or command whose parser is not known.
pub fn plain_words(sets: &[Assignment]) -> Vec<String> {
    sets.iter().flat_map(|set| [format!("--{}", set.name), set.text.clone()]).collect()
}
