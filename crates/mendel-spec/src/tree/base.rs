//! Files of hyperparameters that tasks name with `base_config_path`, each read once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::walk::label;
use crate::{Dialect, Document, Problem, Problems};

/// A file of hyperparameters.
#[derive(Debug)]
pub(super) struct Base {
    /// The file.
    pub document: Document,
    /// How its plain scalars are read.
    pub dialect: Dialect,
    /// It as data.
    pub value: Value,
}

/// The files read so far; none for one that is faulty.
#[derive(Default)]
pub(super) struct Bases {
    read: HashMap<(PathBuf, bool), Option<Arc<Base>>>,
}

impl Bases {
    /// The file at `path`, read as the task file that names it; its faults are told once.
    pub(super) fn read(&mut self, path: &Path, dialect: Dialect, problems: &mut Problems) -> Option<Arc<Base>> {
        let key = (path.to_owned(), dialect == Dialect::Yaml11);
        if let Some(known) = self.read.get(&key) {
            return known.clone();
        }
        let base = match read(path, dialect) {
            Ok(base) => Some(Arc::new(base)),
            Err(found) => {
                problems.extend(found);
                None
            }
        };
        self.read.insert(key, base.clone());
        base
    }
}

fn read(path: &Path, dialect: Dialect) -> Result<Base, Problems> {
    let mut document = Document::read(path, &label(path))?;
    let problems = document.finish(dialect);
    if problems.has_errors() {
        return Err(problems);
    }
    let value = match &document.root {
        Some(root) if !root.is_null(dialect) => root.typed(dialect),
        _ => Value::Object(serde_json::Map::new()),
    };
    if let (Some(root), false) = (&document.root, value.is_object()) {
        let message = format!("a file of hyperparameters is a mapping, got {}", root.shown(dialect));
        let problem = Problem::error("bad_value", message).at(&root.place(&document.file)).show(&document.text);
        return Err(problem.hint("write the id of a stage, and its keys below").into());
    }
    Ok(Base { document, dialect, value })
}
