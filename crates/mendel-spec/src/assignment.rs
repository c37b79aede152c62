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
        match word.split_once('=') {
            Some((name, text)) if !name.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), text: text.to_owned(), option: option.to_owned() })
            }
            _ => Err(Problem::error("bad_option", format!("`{option} {word}` expects `name=value`"))
                .hint(format!("write `{option} {}=…`", word.trim_matches('=')))),
        }
    }

    /// The words as typed: `--set lr=0.1`.
    pub fn words(&self) -> String {
        format!("{} {}={}", self.option, self.name, self.text)
    }
}

/// Splits at commas outside brackets and quotes, and takes the quotes off a value that stands in them.
///
/// A quote counts where a value or an element begins, so that the one in `it's` does not.
pub fn split_values(text: &str) -> Result<Vec<String>, Problems> {
    let mut values = Vec::new();
    let mut open: Vec<char> = Vec::new();
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut start = 0;
    let mut before = ',';
    for (at, c) in text.char_indices() {
        if let Some(mark) = quote {
            match c {
                '\\' if mark == '"' && !escaped => escaped = true,
                _ if c == mark && !escaped => (quote, before) = (None, c),
                _ => escaped = false,
            }
            continue;
        }
        match c {
            '"' | '\'' if matches!(before, ',' | '[' | '{' | '(' | ':') => quote = Some(c),
            '[' => open.push(']'),
            '{' => open.push('}'),
            '(' => open.push(')'),
            ']' | '}' | ')' if open.last() == Some(&c) => {
                open.pop();
            }
            ',' if open.is_empty() => {
                values.push(unquoted(&text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    let missing = quote.or(open.last().copied());
    if let Some(missing) = missing {
        let message = format!("`{text}` lacks a closing `{missing}`");
        return Err(Problem::error("bad_value", message).into());
    }
    values.push(unquoted(&text[start..]));
    Ok(values)
}

/// A value without the blanks around it and the quotes it stands in.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote) || quote == '"') {
            return if quote == '"' { inner.replace("\\\"", "\"") } else { inner.to_owned() };
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_split_at_commas_outside_brackets_and_quotes() {
        for (text, values) in [
            ("0.1,0.01", &["0.1", "0.01"][..]),
            ("adam", &["adam"]),
            ("[64],[128,64]", &["[64]", "[128,64]"]),
            ("{\"a\": [1, 2]}, {}", &["{\"a\": [1, 2]}", "{}"]),
            ("'a,b',c", &["a,b", "c"]),
            ("\"a,b\", \"c\"", &["a,b", "c"]),
            ("it's,fine", &["it's", "fine"]),
            ("a,,b", &["a", "", "b"]),
            ("", &[""]),
            ("''", &[""]),
            ("[\"x,y\",'z]']", &["[\"x,y\",'z]']"]),
            ("a),b", &["a)", "b"]),
        ] {
            assert_eq!(split_values(text).unwrap(), values, "{text}");
        }
        for text in ["[1,2", "'a,b", "{a"] {
            assert!(split_values(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_assignment_needs_a_name_and_a_sign() {
        let good = Assignment::parse("--set", "lr=a=b").unwrap();
        assert_eq!((good.name.as_str(), good.text.as_str()), ("lr", "a=b"));
        assert_eq!(good.words(), "--set lr=a=b");

        for word in ["lr", "=1", ""] {
            assert!(Assignment::parse("--set", word).is_err(), "{word}");
        }
    }
}
