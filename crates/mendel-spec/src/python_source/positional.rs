//! Which of the free words each positional takes.

use super::{
    Count,
    interpret::{Reading, Refusal, unknown},
};
use crate::Problem;

/// Hands the free words, each with its place in the line, to the positionals.
///
/// argparse matches them greedily, block by block, as flags stand between them. Where blocks
/// could matter (a positional of variable length, words apart), the versions of Python differ.
pub(super) fn fill(reading: &mut Reading<'_>, free: &[(usize, &str)]) -> Result<(), Refusal> {
    let parser = reading.parser;
    let positionals: Vec<usize> =
        (0..parser.arguments.len()).filter(|index| parser.arguments[*index].is_positional()).collect();
    let apart = free.windows(2).any(|pair| pair[1].0 != pair[0].0 + 1);
    let variable = positionals.iter().any(|index| {
        least_and_most(parser.arguments[*index].count).1 != least_and_most(parser.arguments[*index].count).0
    });
    let many = positionals.iter().any(|index| parser.arguments[*index].count != Count::One);
    if apart && (variable || many) {
        return Err(unknown("positional words that stand apart"));
    }
    let mut rest = free;
    for (at, index) in positionals.iter().enumerate() {
        let argument = &parser.arguments[*index];
        let (least, most) = least_and_most(argument.count);
        let later: usize =
            positionals[at + 1..].iter().map(|index| least_and_most(parser.arguments[*index].count).0).sum();
        let taken = rest.len().saturating_sub(later).min(most);
        if taken < least {
            let message = format!("`{}` is required and no value is given", argument.dest);
            let hint = format!("give `{}` among the script's words", argument.dest);
            reading.problems.push(Problem::error("missing_value", message).key(&*argument.dest).hint(hint));
            continue;
        }
        let texts: Vec<&str> = rest[..taken].iter().map(|(_, text)| *text).collect();
        rest = &rest[taken..];
        if taken > 0 || least == 0 {
            let words = texts.join(" ");
            if taken == 0 {
                // A default stays a default: nothing was given.
                if matches!(argument.count, Count::Any) && argument.default.is_null() {
                    reading.store(*index, &texts, &words)?;
                }
                continue;
            }
            reading.store(*index, &texts, &words)?;
        }
    }
    for (_, word) in rest {
        let message = format!("the script takes no further word: `{word}`");
        reading.problems.push(Problem::error("unknown_param", message).key(*word));
    }
    Ok(())
}

/// How many words an argument takes at least and at most.
fn least_and_most(count: Count) -> (usize, usize) {
    match count {
        Count::One => (1, 1),
        Count::Exactly(count) => (count, count),
        Count::Optional => (0, 1),
        Count::Any => (0, usize::MAX),
        Count::Some => (1, usize::MAX),
    }
}
