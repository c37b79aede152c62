//! A file of values for parameters (`--params FILE`).

use std::{path::Path, sync::Arc};

use crate::{Dialect, Document, Node, Place, Problem, Problems, Scalar};

/// One value of a values file.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenValue {
    /// The parameter.
    pub name: String,
    /// The value as written.
    pub node: Node,
    /// Where it stands.
    pub at: Place,
    /// Where its name stands.
    pub name_at: Place,
}

/// A mapping of names to values, YAML or JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct ValuesFile {
    /// Its values in file order.
    pub values: Vec<GivenValue>,
    /// How its plain scalars are read.
    pub dialect: Dialect,
    /// Its text, for messages.
    pub text: Arc<str>,
}

impl ValuesFile {
    /// Reads a file named on the command line (YAML 1.2 core).
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let document = Document::read(path, &name)?;
        Self::settle(document, Dialect::Core)
    }

    /// Reads `text`, called `name` in messages.
    pub fn parse(name: &str, text: &str, dialect: Dialect) -> Result<Self, Problems> {
        Self::settle(Document::parse(name, text)?, dialect)
    }

    /// The value of the key `name`, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<&GivenValue> {
        self.values.iter().find(|value| value.name == name)
    }

    fn settle(mut document: Document, dialect: Dialect) -> Result<Self, Problems> {
        let problems = document.finish(dialect);
        if problems.has_errors() {
            return Err(problems);
        }
        let mut values = Vec::new();
        if let Some(root) = &document.root {
            if root.mapping().is_none() && root.scalar(dialect) != Some(Scalar::Null) {
                let message = format!("a values file maps names to values, got {}", root.shown(dialect));
                let problem = Problem::error("bad_value", message).at(&root.place(&document.file));
                return Err(problem.show(&document.text).hint("write `name: value` lines").into());
            }
            for (key, node) in root.mapping().unwrap_or_default() {
                let name = key.raw().unwrap_or_default().to_owned();
                values.push(GivenValue {
                    name,
                    node: node.clone(),
                    at: node.place(&document.file),
                    name_at: key.place(&document.file),
                });
            }
        }
        Ok(Self { values, dialect, text: document.text })
    }
}
