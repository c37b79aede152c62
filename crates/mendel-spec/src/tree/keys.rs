//! The keys of a tree's task file, each taken out of its node.

use std::sync::Arc;

use super::task::{DottedPath, PipelineSpec};
use crate::{Node, Place, Problem, Scalar, reader::Reader};

/// A scope as one file writes it: name, pattern where it is not null, place.
pub(super) type WrittenScope = (String, Option<String>, Place);

impl Reader<'_> {
    /// `pipeline`: a list of class paths, or one class path; null is none.
    pub(super) fn pipeline(&mut self, node: &Node) -> Option<PipelineSpec> {
        match (node.sequence(), node.scalar(self.dialect)) {
            (Some(items), _) => {
                let stages = items.iter().filter_map(|item| self.class_path(item)).collect();
                Some(PipelineSpec::Stages(stages))
            }
            (None, Some(Scalar::Str(_))) => self.class_path(node).map(PipelineSpec::Class),
            (None, Some(Scalar::Null)) => None,
            _ => {
                let expected = "a list of dotted class paths, or one";
                self.expected("pipeline", node, expected, "write `pipeline: [pkg.module.Stage]`");
                None
            }
        }
    }

    fn class_path(&mut self, node: &Node) -> Option<DottedPath> {
        let Some(Scalar::Str(path)) = node.scalar(self.dialect) else {
            self.expected("pipeline", node, "a dotted class path", "write `pkg.module.Stage`");
            return None;
        };
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && word.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        if path.contains('.') && path.split('.').all(word) {
            return Some(DottedPath { path, at: self.place(node) });
        }
        let hint = match path.split_once(':') {
            Some((module, class)) => format!("write `{module}.{class}`"),
            None => "a class stands behind its module: `pkg.module.Stage`".to_owned(),
        };
        let message = format!("`{path}` is not a dotted path to a class");
        self.push(node, Problem::error("bad_class_path", message).key("pipeline").hint(hint));
        None
    }

    /// `marginal_stages`: ids or dotted class paths; null is none.
    pub(super) fn marginal_stages(&mut self, node: &Node) -> Vec<(String, Place)> {
        if node.sequence().is_none() && !node.is_null(self.dialect) {
            let hint = "write `marginal_stages: [stage-id]`";
            self.expected("marginal_stages", node, "a list of stage ids or class paths", hint);
        }
        let mut stages = Vec::new();
        for item in node.sequence().unwrap_or_default() {
            match item.scalar(self.dialect) {
                Some(Scalar::Str(text)) if !text.is_empty() => stages.push((text, self.place(item))),
                _ => self.expected("marginal_stages", item, "the id of a stage as text", "quote it"),
            }
        }
        stages
    }

    /// `scopes`: a mapping of names to path patterns; null is none.
    pub(super) fn scopes(&mut self, node: &Node) -> Vec<WrittenScope> {
        let mut scopes = Vec::new();
        for (key, value) in self.pairs("scopes", node) {
            let name = key.raw().unwrap_or_default().to_owned();
            match value.scalar(self.dialect) {
                Some(Scalar::Null) => scopes.push((name, None, self.place(key))),
                Some(Scalar::Str(pattern)) => scopes.push((name, Some(pattern), self.place(key))),
                _ => self.expected(&name, value, "a path pattern", "quote it, such as `'seg/%s.png'`"),
            }
        }
        scopes
    }

    /// The truth of a value, as Python has it.
    pub(super) fn python_truth(&self, node: &Node) -> bool {
        match (node.sequence(), node.mapping(), node.scalar(self.dialect)) {
            (Some(items), ..) => !items.is_empty(),
            (_, Some(pairs), _) => !pairs.is_empty(),
            (.., Some(Scalar::Null)) | (None, None, None) => false,
            (.., Some(Scalar::Bool(truth))) => truth,
            (.., Some(Scalar::Int(number))) => number != 0,
            (.., Some(Scalar::BigInt(_))) => true,
            (.., Some(Scalar::Float(number))) => number != 0.0,
            (.., Some(Scalar::Str(text) | Scalar::Date(text))) => !text.is_empty(),
        }
    }

    /// That `key` has another kind of value.
    pub(super) fn expected(&mut self, key: &str, node: &Node, expected: &str, hint: &str) {
        let message = format!("`{key}` expects {expected}, got {}", node.shown(self.dialect));
        self.push(node, Problem::error("bad_value", message).key(key).hint(hint));
    }
}

/// `(path, place)` of a file of hyperparameters, as a task names it.
pub(super) fn base_path(reader: &mut Reader<'_>, key: &str, node: &Node) -> Option<(Arc<str>, Place)> {
    let path = reader.text(key, node)?;
    Some((path.into(), reader.place(node)))
}
