//! Regular expressions of Python as callers send them, with superfluous escapes.

use std::time::{Duration, Instant};

use crate::trains::refusal::Refusal;

/// How long the search of one query may take in all.
const PATIENCE: Duration = Duration::from_secs(1);
/// Steps that one search may go back.
const BACKTRACK: usize = 200_000;
/// Characters that mean something only with an escape, or only without.
const SPECIAL: &str = "\\.+*?()|[]{}^$-#&~";

/// A compiled expression, with the time that is left for it.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: fancy_regex::Regex,
    until: Instant,
}

impl Pattern {
    /// Compiles an expression of Python.
    pub(crate) fn new(text: &str, any_case: bool) -> Result<Self, Refusal> {
        let plain = plain(text);
        let plain = if any_case { format!("(?i){plain}") } else { plain };
        let regex = fancy_regex::RegexBuilder::new(&plain)
            .backtrack_limit(BACKTRACK)
            .delegate_size_limit(1 << 20)
            .build()
            .map_err(|error| Self::refuse(text, &error.to_string()))?;
        Ok(Self { regex, until: Instant::now() + PATIENCE })
    }

    /// Whether the expression is found anywhere in `text`.
    pub(crate) fn is_in(&self, text: &str) -> Result<bool, Refusal> {
        if Instant::now() > self.until {
            return Err(Self::refuse(self.regex.as_str(), "it takes too long"));
        }
        self.regex.is_match(text).map_err(|error| Self::refuse(self.regex.as_str(), &error.to_string()))
    }

    fn refuse(text: &str, why: &str) -> Refusal {
        Refusal::bad(21, format!("Invalid regular expression ({why})")).with("pattern", text)
    }
}

/// Takes out escapes that Python writes and that mean nothing: before a blank, a slash, a
/// letter of another alphabet.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('Z')) => plain.push_str("\\z"),
            ('\\', Some(next)) if next.is_ascii_alphanumeric() || SPECIAL.contains(next) => plain.extend(['\\', next]),
            ('\\', Some(next)) => plain.push(next),
            (c, _) => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern, false).expect("compiles").is_in(text).expect("ends")
    }

    #[test]
    fn tr_14_expressions_of_python_are_understood() {
        assert!(found(r"^my\ project\-1\/\(a\)$", "my project-1/(a)"));
        assert!(found(r"^ünï\é\_x$", "ünïé_x"));
        assert!(found("(?i)ABC", "xabcx"));
        assert!(found("^(?!test).*run$", "my run") && !found("^(?!test).*run$", "test run"));
        assert!(found(r"\d+\Z", "run 12") && !found("abc", "ABC"));
        assert_eq!(Pattern::new("(", false).expect_err("open").subcode, 21);
    }

    #[test]
    fn tr_14_an_expression_that_takes_for_ever_is_refused() {
        let pattern = Pattern::new("^(?=(a+)+$)(a|aa)+$", false).expect("compiles");
        let text = format!("{}b", "a".repeat(60));
        assert!(pattern.is_in(&text).is_ok_and(|found| !found) || pattern.is_in(&text).is_err());
    }
}
