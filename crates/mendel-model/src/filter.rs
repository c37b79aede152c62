//! The one filter grammar of lists: command line, interface and Python all use it.
//!
//! `status = completed and metrics.loss < 0.5 and params.lr = 0.01 and tags = best`;
//! `and`, `or`, `not`, parentheses; `= != < <= > >=`, `~` for "contains"; text may be
//! quoted. Fields: `id name project status type user comment created started ended
//! tags batch archived params.NAME metrics.NAME`, the last two also as `p.` and `m.`.

use std::str::FromStr;

/// A field of a run that lists filter and sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A plain column.
    Column(&'static str),
    /// Any of the run's tags.
    Tags,
    /// A batch the run belongs to.
    Batch,
    /// A parameter by name or `section/name`.
    Param(String),
    /// The last value of a series by `metric` or `metric/variant`.
    Metric(String),
}

/// How a field is held against a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

/// What a field is held against.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A number, with the text it was written as.
    Number(f64, String),
    /// A text.
    Text(String),
}

/// A condition on runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// One comparison.
    Compare(Field, Comparison, Literal),
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// One holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
}

/// A field to sort by, `-` before it for the largest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The field.
    pub field: Field,
    /// Largest first.
    pub descending: bool,
}

/// A filter or sort key that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at column {column} of `{text}`")]
pub struct BadFilter {
    /// What is wrong.
    pub message: String,
    /// The whole text.
    pub text: String,
    /// Column, from 1.
    pub column: usize,
}

const COLUMNS: [&str; 11] =
    ["id", "name", "project", "status", "type", "user", "comment", "created", "started", "ended", "archived"];
const DEPTH_MAX: usize = 64;

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((head, name)) = text.split_once('.') {
            match head {
                "params" | "param" | "p" => return Ok(Self::Param(name.to_owned())),
                "metrics" | "metric" | "m" => return Ok(Self::Metric(name.to_owned())),
                _ => {}
            }
        }
        match text {
            "tag" | "tags" => Ok(Self::Tags),
            "batch" => Ok(Self::Batch),
            _ => COLUMNS.into_iter().find(|column| *column == text).map(Self::Column).ok_or_else(|| {
                format!(
                    "`{text}` is not a field; there are {}, tags, batch, params.NAME, metrics.NAME",
                    COLUMNS.join(", ")
                )
            }),
        }
    }
}

impl FromStr for SortKey {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let field = name.parse().map_err(|message| BadFilter { message, text: text.to_owned(), column: 1 })?;
        Ok(Self { field, descending })
    }
}

impl FromStr for Filter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let filter = parser.either()?;
        parser.blanks();
        match parser.rest().is_empty() {
            true => Ok(filter),
            false => Err(parser.wrong("`and` or `or` is expected")),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn wrong(&self, message: impl Into<String>) -> BadFilter {
        let column = self.text[..self.at].chars().count() + 1;
        BadFilter { message: message.into(), text: self.text.to_owned(), column }
    }

    fn takes(&mut self, symbol: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(symbol);
        self.at += if found { symbol.len() } else { 0 };
        found
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.blanks();
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn either(&mut self) -> Result<Filter, BadFilter> {
        let mut left = self.both()?;
        while self.takes_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, BadFilter> {
        let mut left = self.one()?;
        while self.takes_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, BadFilter> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("the filter is nested too deeply"));
        }
        let filter = if self.takes_word("not") {
            Filter::Not(Box::new(self.one()?))
        } else if self.takes("(") {
            let inner = self.either()?;
            match self.takes(")") {
                true => inner,
                false => return Err(self.wrong("`)` is expected")),
            }
        } else {
            self.compare()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn compare(&mut self) -> Result<Filter, BadFilter> {
        self.blanks();
        let start = self.at;
        let name = self.word()?;
        let field = name.parse().map_err(|message: String| {
            self.at = start;
            self.wrong(message)
        })?;
        let symbols = [
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("==", Comparison::Equal),
            ("=", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("~", Comparison::Contains),
        ];
        let found = symbols.into_iter().find(|(symbol, _)| self.takes(symbol));
        let (_, comparison) = found.ok_or_else(|| self.wrong("one of `= != < <= > >= ~` is expected"))?;
        self.blanks();
        let quoted = self.rest().starts_with(['"', '\'']);
        let text = self.word()?;
        let literal = match text.parse() {
            Ok(number) if !quoted => Literal::Number(number, text),
            _ => Literal::Text(text),
        };
        Ok(Filter::Compare(field, comparison, literal))
    }

    fn word(&mut self) -> Result<String, BadFilter> {
        self.blanks();
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let Some(end) = rest[1..].find(quote) else {
                return Err(self.wrong("the quote is not closed"));
            };
            let word = rest[1..=end].to_owned();
            self.at += end + 2;
            return Ok(word);
        }
        let end = rest.find(|c: char| c.is_whitespace() || "()=!<>~\"'".contains(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong("a field or value is expected"));
        }
        let word = rest[..end].to_owned();
        self.at += end;
        Ok(word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(value: f64, text: &str) -> Literal {
        Literal::Number(value, text.into())
    }

    #[test]
    fn tr_15_conditions_combine_with_precedence() {
        let filter: Filter = "m.loss < 0.5 and p.lr = 1e-2 or not status = failed".parse().expect("good");
        let loss = Filter::Compare(Field::Metric("loss".into()), Comparison::Less, number(0.5, "0.5"));
        let rate = Filter::Compare(Field::Param("lr".into()), Comparison::Equal, number(0.01, "1e-2"));
        let failed = Filter::Compare(Field::Column("status"), Comparison::Equal, Literal::Text("failed".into()));
        let both = Filter::And(Box::new(loss), Box::new(rate));
        assert_eq!(filter, Filter::Or(Box::new(both), Box::new(Filter::Not(Box::new(failed)))));
    }

    #[test]
    fn quotes_keep_blanks_and_make_text_of_digits() {
        let filter: Filter = "name ~ 'my run' and params.a/b = \"3\"".parse().expect("good");
        let Filter::And(left, right) = filter else { panic!("and") };
        assert_eq!(*left, Filter::Compare(Field::Column("name"), Comparison::Contains, Literal::Text("my run".into())));
        assert_eq!(*right, Filter::Compare(Field::Param("a/b".into()), Comparison::Equal, Literal::Text("3".into())));
    }

    #[test]
    fn a_wrong_filter_says_where() {
        let error = "status = done and los < 3".parse::<Filter>().expect_err("bad");
        assert_eq!(error.column, 19);
        assert!(error.to_string().contains("`los` is not a field"), "{error}");
        assert!("(status = x".parse::<Filter>().is_err());
        assert!("status".parse::<Filter>().is_err());
        assert!("".parse::<Filter>().is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<Filter>();
        }
    }
}
