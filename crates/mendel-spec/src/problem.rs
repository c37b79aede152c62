//! What is wrong with a file or a request, and where.
//!
//! Every reader of this crate collects problems and reports all of them at once. A
//! problem names its place and a way out; whether it stops anything is its severity.

use std::{fmt, sync::Arc};

use serde::Serialize;

/// Whether a problem stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing may start.
    Error,
    /// Worth knowing; the work goes on.
    Warning,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct Place {
    /// The file as it was named.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Place {
    /// `file:line`, as origins are written.
    pub fn line_text(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, where the problem lies in one.
    pub file: Option<Arc<str>>,
    /// Its line, counted from 1.
    pub line: Option<usize>,
    /// Its column, counted from 1.
    pub column: Option<usize>,
    /// The key or parameter concerned; empty where there is none.
    pub key: String,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it; empty where nothing can be said.
    pub hint: String,
    /// Whether it stops the work.
    #[serde(skip)]
    pub severity: Severity,
    /// A stable word for programs (`bad_value`, `yaml_limit`, `not_sweepable`, …).
    #[serde(skip)]
    pub code: &'static str,
    /// The line of the file the place points to.
    #[serde(skip)]
    pub source_line: Option<String>,
}

impl Problem {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            file: None,
            line: None,
            column: None,
            key: String::new(),
            message: message.into(),
            hint: String::new(),
            severity: Severity::Error,
            code,
            source_line: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.file = Some(place.file.clone());
        self.line = Some(place.line);
        self.column = Some(place.column);
        self
    }

    /// Adds a file without a line.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        self.file = Some(Arc::from(file));
        self
    }

    /// Adds the key concerned.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds the line of `text` that the place points to.
    #[must_use]
    pub fn show(mut self, text: &str) -> Self {
        if let Some(line) = self.line {
            self.source_line = text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        }
        self
    }

    /// Whether it stops the work.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_error() {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(file) = &self.file {
            write!(f, "\n  {file}")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
                if let Some(column) = self.column {
                    write!(f, ":{column}")?;
                }
            }
        }
        if let Some(text) = &self.source_line {
            let shown: String = text.chars().take(SHOWN_CHARS).collect();
            write!(f, "\n    {shown}")?;
            if let Some(column) = self.column.filter(|column| (1..=SHOWN_CHARS).contains(column)) {
                let pad: String = shown.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                write!(f, "\n    {pad}^")?;
            }
        }
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Characters of a source line that are shown.
const SHOWN_CHARS: usize = 200;

/// Everything that is wrong, in the order it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds all of `others`.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them stops the work.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Problem::is_error)
    }

    /// Those that stop the work.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter(|problem| problem.is_error())
    }

    /// Those that do not.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter().filter(|problem| !problem.is_error())
    }

    /// All of them in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// `(value, warnings)` where nothing stops the work, else everything found.
    pub fn or<T>(self, value: T) -> Result<(T, Self), Self> {
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_serialises_to_the_six_promised_keys() {
        let place = Place { file: "task.yaml".into(), line: 3, column: 5 };
        let problem = Problem::error("bad_value", "expected int").key("lr").hint("write 3").at(&place);

        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            serde_json::json!({"file": "task.yaml", "line": 3, "column": 5, "key": "lr",
                "message": "expected int", "hint": "write 3"})
        );
    }

    #[test]
    fn a_problem_shows_its_line_and_points_at_the_column() {
        let place = Place { file: "task.yaml".into(), line: 2, column: 3 };
        let problem = Problem::error("bad_value", "no").at(&place).show("a: 1\nb: x\n").hint("yes");

        assert_eq!(problem.to_string(), "no\n  task.yaml:2:3\n    b: x\n      ^\n  hint: yes");
    }
}
