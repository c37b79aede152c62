//! What remains once the dialect of a file is known: merge keys and duplicate keys.

use std::{collections::HashMap, sync::Arc};

use super::{Content, Dialect, Document, Node, Scalar, moment};
use crate::{Problem, Problems};

/// The most digits of a whole number that Python reads.
const INT_DIGITS: usize = 4300;

impl Document {
    /// Expands `<<` where the dialect has it and reports keys that are written twice.
    pub fn finish(&mut self, dialect: Dialect) -> Problems {
        let mut problems = Problems::new();
        if let Some(root) = self.root.take() {
            let mut finisher = Finisher { document: self, dialect, problems: Problems::new(), done: HashMap::new() };
            let root = finisher.finish(&root);
            problems = finisher.problems;
            self.root = Some(root);
        }
        problems
    }
}

struct Finisher<'a> {
    document: &'a Document,
    dialect: Dialect,
    problems: Problems,
    /// What was finished already, by address: an anchor is finished once for all its aliases.
    done: HashMap<*const Content, Arc<Content>>,
}

impl Finisher<'_> {
    fn finish(&mut self, node: &Node) -> Node {
        let address = Arc::as_ptr(&node.content);
        if let Some(content) = self.done.get(&address) {
            return Node { content: content.clone(), ..node.clone() };
        }
        let content = match &*node.content {
            Content::Scalar { text, plain } => {
                if *plain && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+')) {
                    self.number(node);
                }
                return node.clone();
            }
            Content::Sequence(items) => Content::Sequence(items.iter().map(|item| self.finish(item)).collect()),
            Content::Mapping(pairs) => Content::Mapping(self.mapping(pairs)),
        };
        let content = Arc::new(content);
        self.done.insert(address, content.clone());
        Node { content, ..node.clone() }
    }

    fn mapping(&mut self, pairs: &[(Node, Node)]) -> Vec<(Node, Node)> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut own: Vec<(Node, Node)> = Vec::with_capacity(pairs.len());
        let mut merged: Vec<(Node, Node)> = Vec::new();
        for (key, value) in pairs {
            let value = self.finish(value);
            if self.is_merge(key) {
                self.merge(&value, &mut merged);
                continue;
            }
            let name = identity(key, self.dialect);
            if let Some(first) = seen.insert(name, key.line) {
                let text = key.raw().unwrap_or_default();
                let message = format!("the key `{text}` is written twice, on lines {first} and {}", key.line);
                self.problems.push(
                    Problem::error("duplicate_key", message)
                        .key(text)
                        .at(&key.place(&self.document.file))
                        .show(&self.document.text)
                        .hint("keep one of them"),
                );
                continue;
            }
            own.push((key.clone(), value));
        }
        if merged.is_empty() {
            return own;
        }
        let mut all: Vec<(Node, Node)> = Vec::new();
        for pair in merged {
            let name = identity(&pair.0, self.dialect);
            if let std::collections::hash_map::Entry::Vacant(entry) = seen.entry(name) {
                entry.insert(pair.0.line);
                all.push(pair);
            }
        }
        all.extend(own);
        all
    }

    /// Refuses days that are none, and numbers that Python would not read.
    fn number(&mut self, node: &Node) {
        let message = match node.scalar(self.dialect) {
            Some(Scalar::Date(text)) if moment::iso(&text).is_none() => {
                format!("`{text}` is read as a date, and there is none such")
            }
            Some(Scalar::BigInt(digits)) if digits.len() > INT_DIGITS => {
                format!("the whole number has {} digits, and {INT_DIGITS} is the most that Python reads", digits.len())
            }
            _ => return,
        };
        let problem = Problem::error("bad_value", message).at(&node.place(&self.document.file));
        self.problems.push(problem.show(&self.document.text).hint("quote it if it is text"));
    }

    fn is_merge(&self, key: &Node) -> bool {
        let plain = matches!(&*key.content, Content::Scalar { text, plain: true } if text == "<<");
        plain && self.dialect == Dialect::Yaml11
    }

    /// Collects the pairs of a merged mapping; of several, the first has the say.
    fn merge(&mut self, value: &Node, into: &mut Vec<(Node, Node)>) {
        match &*value.content {
            Content::Mapping(pairs) => into.extend(pairs.iter().cloned()),
            Content::Sequence(items) if items.iter().all(|item| item.mapping().is_some()) => {
                for item in items {
                    into.extend(item.mapping().unwrap_or_default().iter().cloned());
                }
            }
            Content::Sequence(_) | Content::Scalar { .. } => self.problems.push(
                Problem::error("bad_value", "`<<` takes a mapping or a list of mappings")
                    .key("<<")
                    .at(&value.place(&self.document.file))
                    .show(&self.document.text),
            ),
        }
    }
}

/// What makes two keys equal: their meaning, so that `1` and `0x1` are the same key. To Python,
/// `1`, `1.0` and `true` are one key, too.
fn identity(key: &Node, dialect: Dialect) -> String {
    let scalar = match key.scalar(dialect) {
        Some(Scalar::Bool(truth)) if dialect == Dialect::Yaml11 => Some(Scalar::Int(truth.into())),
        Some(Scalar::Float(number)) if dialect == Dialect::Yaml11 && number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(Scalar::Int(number as i128))
        }
        other => other,
    };
    format!("{scalar:?}")
}
