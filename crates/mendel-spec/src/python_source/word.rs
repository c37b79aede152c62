//! The reverse: the words that give parameters to a script.

use mendel_model::{Origin, Param};
use serde_json::Value;

use super::{
    Action, Argument, Count, KnownParser,
    interpret::{Word, classify},
};
use crate::{Assignment, Problem, Problems, nearest::suggestion};

/// The script's own `words` with `given` parameters put in, as the script is to be started.
///
/// `given` are parameters as `members` resolves them from `KnownParser::schema`; those whose
/// origin is a default add no words. Flags go last, so that they win over `words`.
pub fn words_for(parser: &KnownParser, words: &[String], given: &[Param]) -> Result<Vec<String>, Problems> {
    let mut front = Vec::new();
    let mut back = Vec::new();
    let mut problems = Problems::new();
    for param in given.iter().filter(|param| !matches!(param.origin, Origin::Default { .. })) {
        let found: Vec<&Argument> =
            parser.arguments.iter().filter(|argument| argument.has_value() && argument.dest == param.name).collect();
        let told = match found.as_slice() {
            [] => Err(unknown_name(&param.name)),
            [positional] if positional.is_positional() => {
                place(parser, positional, words, &param.value).map(|mut words| front.append(&mut words))
            }
            arguments => flag(parser, arguments, words, &param.value).map(|mut words| back.append(&mut words)),
        };
        if let Err(message) = told {
            let hint = match found.is_empty() {
                true => suggestion(&param.name, parser.arguments.iter().map(|argument| argument.dest.as_str())),
                false => "give it among the script's own words".to_owned(),
            };
            let code = if found.is_empty() { "unknown_param" } else { "bad_value" };
            problems.push(Problem::error(code, message).key(&*param.name).hint(hint));
        }
    }
    let line = front.into_iter().chain(words.iter().cloned()).chain(back).collect();
    problems.or(line).map(|(line, _)| line)
}

/// `--name value` for each of `sets`, for a script or command whose parser is not known.
pub fn plain_words(sets: &[Assignment]) -> Vec<String> {
    sets.iter().flat_map(|set| [format!("--{}", set.name), set.text.clone()]).collect()
}

fn unknown_name(name: &str) -> String {
    format!("the script has no argument `{name}`")
}

/// A value as one word.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // What `bool` makes of a word: only the empty one is false.
        Value::Bool(truth) => if *truth { "True" } else { "" }.to_owned(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    })
}

/// Whether a word standing alone is read as a value.
fn is_value(parser: &KnownParser, word: &str) -> bool {
    matches!(classify(parser, word), Ok(Word::Value))
}

fn texts(parser: &KnownParser, value: &Value) -> Result<Vec<String>, String> {
    let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut words = Vec::with_capacity(items.len());
    for item in &items {
        let word = text(item).ok_or_else(|| format!("{item} cannot be given as a word"))?;
        if !is_value(parser, &word) {
            return Err(format!("`{word}` would be read as a flag by the script"));
        }
        words.push(word);
    }
    Ok(words)
}

/// How often the words use one of the flags.
fn used(parser: &KnownParser, argument: &Argument, words: &[String]) -> bool {
    words.iter().any(|word| match classify(parser, word) {
        Ok(Word::Flag(index, _, _)) => parser.arguments[index].dest == argument.dest,
        Ok(Word::Value | Word::NoFlag) => false,
        Err(_) => true,
    })
}

/// The words of a positional, which go before all others.
fn place(parser: &KnownParser, argument: &Argument, words: &[String], value: &Value) -> Result<Vec<String>, String> {
    let positionals = parser.arguments.iter().filter(|argument| argument.is_positional()).count();
    if positionals > 1 || words.iter().any(|word| !word.starts_with('-')) {
        return Err(format!("`{}` is told by its place among the words", argument.dest));
    }
    let texts = texts(parser, value)?;
    let fits = match argument.count {
        Count::One | Count::Optional => texts.len() == 1,
        Count::Exactly(count) => texts.len() == count,
        Count::Some => !texts.is_empty(),
        Count::Any => true,
    };
    if fits { Ok(texts) } else { Err(format!("`{}` cannot take {} values", argument.dest, texts.len())) }
}

/// The words of a flag, which go after all others.
fn flag(parser: &KnownParser, arguments: &[&Argument], words: &[String], value: &Value) -> Result<Vec<String>, String> {
    let Some(argument) = arguments.iter().find(|argument| !argument.is_positional()) else {
        return Err("it is told by its place among the words".to_owned());
    };
    let name = argument.shown().to_owned();
    match argument.action {
        Action::StoreTrue | Action::StoreFalse | Action::BooleanOptional => switch(parser, arguments, words, value),
        Action::Count => {
            let start = argument.default.as_i64().unwrap_or(0);
            let times = value.as_i64().map(|count| count - start).filter(|times| (0..=1000).contains(times));
            match times.filter(|_| !used(parser, argument, words)) {
                Some(times) => Ok(vec![name; usize::try_from(times).unwrap_or(0)]),
                None => Err(format!("`{name}` counts up from {start} and cannot become {value}")),
            }
        }
        Action::Append | Action::Extend => {
            let adds = argument.default.as_array().is_some_and(|list| !list.is_empty());
            let Some(items) = value.as_array().filter(|_| !adds && !used(parser, argument, words)) else {
                return Err(format!("`{name}` adds to what is there and cannot become {value}"));
            };
            let joined = items.iter().map(|item| text(item).map(|text| format!("{name}={text}")));
            joined.collect::<Option<Vec<_>>>().ok_or_else(|| format!("{value} cannot be given as words"))
        }
        Action::Store => match argument.count {
            Count::One | Count::Optional => match text(value) {
                Some(text) => Ok(vec![format!("{name}={text}")]),
                None => Err(format!("`{name}` cannot be given {value}")),
            },
            Count::Exactly(_) | Count::Any | Count::Some => {
                let texts = texts(parser, value)?;
                let fits = match argument.count {
                    Count::Exactly(count) => texts.len() == count,
                    Count::Some => !texts.is_empty(),
                    _ => true,
                };
                if !fits {
                    return Err(format!("`{name}` cannot take {} values", texts.len()));
                }
                Ok(std::iter::once(name).chain(texts).collect())
            }
        },
        Action::Help | Action::Version => Err(format!("`{name}` has no value")),
    }
}

/// The flag that makes a switch what it is to be, or none where it is that already.
fn switch(
    parser: &KnownParser,
    arguments: &[&Argument],
    words: &[String],
    value: &Value,
) -> Result<Vec<String>, String> {
    let Some(wanted) = value.as_bool() else { return Err(format!("a switch is true or false, not {value}")) };
    for argument in arguments {
        let flag = match argument.action {
            Action::StoreTrue if wanted => Some(argument.shown()),
            Action::StoreFalse if !wanted => Some(argument.shown()),
            Action::BooleanOptional => argument
                .flags
                .iter()
                .find(|flag| flag.starts_with("--") && flag.starts_with("--no-") != wanted)
                .map(String::as_str),
            _ => None,
        };
        if let Some(flag) = flag {
            return Ok(vec![flag.to_owned()]);
        }
    }
    let is_so = arguments.first().is_some_and(|first| first.default == *value && !used(parser, first, words));
    if is_so { Ok(Vec::new()) } else { Err(format!("no flag of the script makes it {wanted}")) }
}
