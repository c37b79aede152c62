//! What argparse makes of words, for a parser that is known.
//!
//! The rules are those that Python 3.9 to 3.14 share; where they differ, or where a rule is
//! not modelled, the answer is `Refusal::Unknown` and the script itself has to judge.

use std::collections::HashMap;

use mendel_model::{Origin, Param};
use serde_json::{Value, json};

use super::{
    Action, Argument, Count, KnownParser,
    convert::{NoValue, convert, converted_default},
    positional::fill,
};
use crate::{Problem, Problems, nearest::suggestion};

/// Why words could not be interpreted.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The parser would do something that is not known here; the script must judge.
    Unknown(String),
    /// The parser would refuse the words.
    Bad(Problems),
}

/// The parameters that `parser` makes of `words`; their origin is the word or the default.
pub fn interpret(parser: &KnownParser, words: &[String]) -> Result<Vec<Param>, Refusal> {
    let mut reading = Reading::new(parser, words);
    reading.read()?;
    reading.finish()
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A value.
    Value,
    /// A flag: the argument's index, the flag as declared, the value joined to it.
    Flag(usize, String, Option<String>),
    /// What looks like a flag and is none.
    NoFlag,
}

pub(super) fn unknown(why: impl Into<String>) -> Refusal {
    Refusal::Unknown(why.into())
}

fn has_number_flags(parser: &KnownParser) -> bool {
    parser.arguments.iter().flat_map(|argument| &argument.flags).any(|flag| is_negative_number(flag))
}

fn is_negative_number(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('-') else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match rest.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !fraction.is_empty(),
        None => !rest.is_empty() && digits(rest),
    }
}

/// What `word` is to `parser`.
pub(super) fn classify(parser: &KnownParser, word: &str) -> Result<Word, Refusal> {
    if word == "--" {
        return Err(unknown("`--` among the words"));
    }
    if !word.starts_with('-') || word.len() == 1 {
        return Ok(Word::Value);
    }
    let exact =
        |flag: &str| parser.arguments.iter().position(|argument| argument.flags.iter().any(|known| known == flag));
    if let Some(index) = exact(word) {
        return Ok(Word::Flag(index, word.to_owned(), None));
    }
    if let Some((flag, value)) = word.split_once('=')
        && let Some(index) = exact(flag)
    {
        if !flag.starts_with("--") && !parser.arguments[index].takes_words() {
            return Err(unknown(format!("`{word}`")));
        }
        return Ok(Word::Flag(index, flag.to_owned(), Some(value.to_owned())));
    }
    let mut matches = prefix_matches(parser, word);
    if matches.len() > 1 {
        return Err(unknown(format!("`{word}` may mean several flags")));
    }
    if let Some(found) = matches.pop() {
        return Ok(found);
    }
    if is_negative_number(word) {
        return Ok(if has_number_flags(parser) { Word::NoFlag } else { Word::Value });
    }
    if word.parse::<f64>().is_ok() || word.starts_with("-.") || word.as_bytes()[1].is_ascii_digit() {
        // Which of these count as negative numbers changed between versions of Python.
        return Err(unknown(format!("`{word}` may be a number or a flag")));
    }
    if word.contains(' ') { Ok(Word::Value) } else { Ok(Word::NoFlag) }
}

/// The flags that `word` may be short for, or that are joined with their value.
fn prefix_matches(parser: &KnownParser, word: &str) -> Vec<Word> {
    let flags = || {
        parser
            .arguments
            .iter()
            .enumerate()
            .flat_map(|(index, argument)| argument.flags.iter().map(move |flag| (index, flag)))
    };
    if word.starts_with("--") {
        if !parser.abbreviations {
            return Vec::new();
        }
        let (prefix, value) = match word.split_once('=') {
            Some((prefix, value)) => (prefix, Some(value.to_owned())),
            None => (word, None),
        };
        return flags()
            .filter(|(_, flag)| flag.starts_with(prefix))
            .map(|(index, flag)| Word::Flag(index, flag.clone(), value.clone()))
            .collect();
    }
    let short_end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    let (short, rest) = word.split_at(short_end);
    flags()
        .filter_map(|(index, flag)| {
            if flag == short {
                return Some(Word::Flag(index, flag.clone(), Some(rest.to_owned())));
            }
            (parser.abbreviations && flag.starts_with(word)).then(|| Word::Flag(index, flag.clone(), None))
        })
        .collect()
}

/// One reading of a line of words.
pub(super) struct Reading<'a> {
    pub parser: &'a KnownParser,
    words: &'a [String],
    values: HashMap<&'a str, (Value, String)>,
    seen: Vec<bool>,
    pub problems: Problems,
}

impl<'a> Reading<'a> {
    fn new(parser: &'a KnownParser, words: &'a [String]) -> Self {
        Self {
            parser,
            words,
            values: HashMap::new(),
            seen: vec![false; parser.arguments.len()],
            problems: Problems::new(),
        }
    }

    fn read(&mut self) -> Result<(), Refusal> {
        let mut kinds = Vec::with_capacity(self.words.len());
        for word in self.words {
            kinds.push(classify(self.parser, word)?);
        }
        // Values that no flag takes, with where they stood.
        let mut free: Vec<(usize, &'a str)> = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            match &kinds[at] {
                Word::Value => {
                    free.push((at, &self.words[at]));
                    at += 1;
                }
                Word::NoFlag => {
                    self.refuse_flag(&self.words[at]);
                    at += 1;
                }
                Word::Flag(index, flag, joined) => {
                    let following = kinds[at + 1..].iter().take_while(|kind| **kind == Word::Value).count();
                    let taken = self.flag(*index, flag, joined.as_deref(), &self.words[at + 1..at + 1 + following])?;
                    at += 1 + taken;
                }
            }
        }
        fill(self, &free)
    }

    fn refuse_flag(&mut self, word: &str) {
        let flag = word.split('=').next().unwrap_or(word);
        let known = self.parser.arguments.iter().flat_map(|argument| &argument.flags).map(String::as_str);
        let hint = suggestion(flag, known);
        let problem = Problem::error("unknown_param", format!("the script has no argument `{flag}`"));
        self.problems.push(problem.key(flag.trim_start_matches('-')).hint(hint));
    }

    pub(super) fn bad(&mut self, argument: &Argument, message: String) {
        let problem = Problem::error("bad_value", format!("`{}` {message}", argument.shown()));
        self.problems.push(problem.key(&*argument.dest));
    }

    /// Meets one flag; the answer is how many of the words `after` it takes.
    fn flag(&mut self, index: usize, flag: &str, joined: Option<&str>, after: &'a [String]) -> Result<usize, Refusal> {
        let argument = &self.parser.arguments[index];
        let long = flag.starts_with("--");
        if !argument.takes_words() {
            if let Some(rest) = joined.filter(|_| long || flag.chars().count() > 2) {
                self.bad(argument, format!("takes no value, got `{rest}`"));
                return Ok(0);
            }
            self.switch(index, flag)?;
            let Some(rest) = joined.filter(|rest| !rest.is_empty()) else { return Ok(0) };
            if rest.starts_with(['-', '=']) {
                return Err(unknown(format!("`{flag}{rest}`")));
            }
            // `-vx3` is `-v -x3`.
            let end = rest.chars().next().map_or(0, char::len_utf8);
            let next = format!("-{}", &rest[..end]);
            let Some(next_index) = self.parser.arguments.iter().position(|argument| argument.flags.contains(&next))
            else {
                self.bad(argument, format!("takes no value, got `{rest}`"));
                return Ok(0);
            };
            let rest = Some(&rest[end..]).filter(|rest| !rest.is_empty());
            if rest.is_some_and(|rest| rest.starts_with('=')) {
                return Err(unknown(format!("`{flag}` joined with a value")));
            }
            return self.flag(next_index, &next, rest, after);
        }
        let (texts, taken): (Vec<&str>, usize) = match joined {
            Some(value) => (vec![value], 0),
            None => {
                let count = match argument.count {
                    Count::One | Count::Optional => after.len().min(1),
                    Count::Exactly(count) => after.len().min(count),
                    Count::Any | Count::Some => after.len(),
                };
                (after[..count].iter().map(String::as_str).collect(), count)
            }
        };
        let enough = match argument.count {
            Count::One => texts.len() == 1,
            Count::Exactly(count) => texts.len() == count,
            Count::Some => !texts.is_empty(),
            Count::Optional | Count::Any => true,
        };
        self.seen[index] = true;
        if enough {
            self.store(index, &texts, &format!("{flag} {}", texts.join(" ")))?;
        } else {
            let expected = match argument.count {
                Count::Exactly(count) if count > 1 => format!("{count} values"),
                Count::Some => "one value or more".to_owned(),
                _ => "a value".to_owned(),
            };
            self.bad(argument, format!("expects {expected}, got {}", texts.len()));
        }
        Ok(taken)
    }

    /// A flag without words.
    fn switch(&mut self, index: usize, flag: &str) -> Result<(), Refusal> {
        let argument = &self.parser.arguments[index];
        let value = match argument.action {
            Action::StoreTrue => json!(true),
            Action::StoreFalse => json!(false),
            Action::BooleanOptional => json!(!flag.starts_with("--no-")),
            Action::Count => {
                let before = self.values.get(argument.dest.as_str()).map(|(value, _)| value.clone());
                let before = before.unwrap_or_else(|| self.default_of(&argument.dest));
                match before.as_i64() {
                    Some(count) => json!(count.saturating_add(1)),
                    None if before.is_null() => json!(1),
                    None => return Err(unknown(format!("`{flag}` counts from {before}"))),
                }
            }
            Action::Help | Action::Version => return Err(unknown(format!("`{flag}` prints and ends"))),
            Action::Store | Action::Append | Action::Extend => return Ok(()),
        };
        self.seen[index] = true;
        self.values.insert(&argument.dest, (value, flag.to_owned()));
        Ok(())
    }

    fn default_of(&self, dest: &str) -> Value {
        let first = self.parser.arguments.iter().find(|argument| argument.has_value() && argument.dest == dest);
        first.map_or(Value::Null, |argument| argument.default.clone())
    }

    /// Takes the words of one argument.
    pub(super) fn store(&mut self, index: usize, texts: &[&str], words: &str) -> Result<(), Refusal> {
        let argument = &self.parser.arguments[index];
        self.seen[index] = true;
        let value = match (argument.count, texts) {
            (Count::Optional, []) => self.left_out(argument)?,
            (Count::Any, []) if argument.is_positional() => match (&argument.default, &argument.choices) {
                (Value::Null, _) => Some(json!([])),
                (_, Some(_)) => return Err(unknown(format!("the default of `{}`", argument.dest))),
                (default, None) => Some(default.clone()),
            },
            (Count::One | Count::Optional, [text]) => self.checked(argument, text)?,
            (_, texts) => {
                let mut list = Vec::with_capacity(texts.len());
                for text in texts {
                    list.extend(self.checked(argument, text)?);
                }
                Some(Value::Array(list))
            }
        };
        let Some(value) = value else { return Ok(()) };
        let value = match argument.action {
            Action::Append | Action::Extend => {
                let before = self.values.get(argument.dest.as_str()).map(|(value, _)| value.clone());
                let mut list = match before.unwrap_or_else(|| self.default_of(&argument.dest)) {
                    Value::Array(list) => list,
                    _ => Vec::new(),
                };
                match value {
                    Value::Array(more) if argument.action == Action::Extend => list.extend(more),
                    one => list.push(one),
                }
                Value::Array(list)
            }
            _ => value,
        };
        self.values.insert(&argument.dest, (value, words.trim_end().to_owned()));
        Ok(())
    }

    /// The value of a `?` without a word: the constant of a flag, the default of a positional.
    fn left_out(&mut self, argument: &Argument) -> Result<Option<Value>, Refusal> {
        let value = if argument.is_positional() { &argument.default } else { &argument.constant };
        match value {
            Value::String(text) => self.checked(argument, text),
            other => Ok(Some(other.clone())),
        }
    }

    /// A word converted and held against the choices; nothing where it is refused.
    fn checked(&mut self, argument: &Argument, text: &str) -> Result<Option<Value>, Refusal> {
        let value = match convert(argument.convert, text) {
            Ok(value) => value,
            Err(NoValue::Unknown) => return Err(unknown(format!("`{text}` as a value of `{}`", argument.dest))),
            Err(NoValue::Refused) => {
                let kind = argument.param_type();
                self.bad(argument, format!("expects {}, got `{text}`", kind.element().unwrap_or(kind)));
                return Ok(None);
            }
        };
        if let Some(choices) = &argument.choices
            && !choices.iter().any(|choice| equal(choice, &value))
        {
            let list: Vec<_> = choices.iter().map(|choice| format!("`{}`", plain(choice))).collect();
            self.bad(argument, format!("expects one of {}, got `{text}`", list.join(", ")));
            return Ok(None);
        }
        Ok(Some(value))
    }

    fn finish(mut self) -> Result<Vec<Param>, Refusal> {
        let mut params: Vec<Param> = Vec::new();
        for (index, argument) in self.parser.arguments.iter().enumerate().filter(|(_, argument)| argument.has_value()) {
            if argument.required && !self.seen[index] {
                let message = format!("`{}` is required and no value is given", argument.shown());
                let hint = format!("give one, such as `{} …` among the script's words", argument.shown());
                self.problems.push(Problem::error("missing_value", message).key(&*argument.dest).hint(hint));
            }
            if params.iter().any(|param| param.name == argument.dest) {
                continue;
            }
            let (value, origin) = match self.values.remove(argument.dest.as_str()) {
                Some((value, words)) => (value, Origin::CommandLine { words }),
                None => {
                    let default = converted_default(argument)
                        .ok_or_else(|| unknown(format!("the default of `{}`", argument.dest)))?;
                    (default, Origin::Default { at: None })
                }
            };
            params.push(Param {
                section: String::new(),
                name: argument.dest.clone(),
                kind: Some(argument.param_type().name().to_owned()),
                value,
                origin,
                required: argument.required,
                description: argument.help.clone(),
            });
        }
        if self.problems.has_errors() { Err(Refusal::Bad(self.problems)) } else { Ok(params) }
    }
}

/// Whether Python finds two values equal: `1` is `1.0`.
fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
