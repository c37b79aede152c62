//! Why a value does not fit its parameter. Whoever asked adds name and place.

use crate::{Place, Problem};

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// What follows the name of the parameter: `expects int, got …`.
    pub message: String,
    /// The way out.
    pub hint: String,
    /// Where inside the value the fault lies, if not at its beginning.
    pub at: Option<(usize, usize)>,
    /// A stable word for programs.
    pub code: &'static str,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: String::new(), at: None, code: "bad_value" }
    }

    pub(crate) fn expects(kind: impl std::fmt::Display, got: impl std::fmt::Display) -> Self {
        Self::new(format!("expects {kind}, got {got}"))
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub(crate) fn at(mut self, node: &crate::Node) -> Self {
        if node.line > 0 {
            self.at.get_or_insert((node.line, node.column));
        }
        self
    }

    /// The problem of parameter `name` whose value stands at `place`.
    pub(crate) fn problem(self, name: &str, place: Option<&Place>) -> Problem {
        let problem = Problem::error(self.code, format!("`{name}` {}", self.message)).key(name).hint(self.hint);
        match (place, self.at) {
            (Some(place), Some((line, column))) => problem.at(&Place { line, column, ..place.clone() }),
            (Some(place), None) => problem.at(place),
            (None, _) => problem,
        }
    }
}
