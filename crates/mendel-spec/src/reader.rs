//! Taking plain things out of nodes; what does not fit becomes a problem with its place.

use crate::{
    Dialect, Document, Node, ParamSchema, Place, Problem, Problems, Scalar, nearest::suggestion, param::Fault,
};

/// A document being read, with what was found wrong so far.
pub(crate) struct Reader<'a> {
    pub document: &'a Document,
    pub dialect: Dialect,
    pub problems: Problems,
    /// Parameters that a folder around declared; this document may change their values.
    pub inherited: ParamSchema,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(document: &'a Document, dialect: Dialect) -> Self {
        Self { document, dialect, problems: Problems::new(), inherited: ParamSchema::default() }
    }

    pub(crate) fn place(&self, node: &Node) -> Place {
        node.place(&self.document.file)
    }

    /// Adds `problem`, placed at `node`.
    pub(crate) fn push(&mut self, node: &Node, problem: Problem) {
        let problem = problem.at(&self.place(node)).show(&self.document.text);
        self.problems.push(problem);
    }

    /// Adds why the value of parameter `name`, which stands at `node`, does not fit.
    pub(crate) fn fault(&mut self, name: &str, node: &Node, fault: Fault) {
        let problem = fault.problem(name, Some(&self.place(node))).show(&self.document.text);
        self.problems.push(problem);
    }

    fn wrong(&mut self, key: &str, node: &Node, expected: &str) -> Problem {
        let got = node.shown(self.dialect);
        Problem::error("bad_value", format!("`{key}` expects {expected}, got {got}")).key(key)
    }

    /// Text; null is none.
    pub(crate) fn text(&mut self, key: &str, node: &Node) -> Option<String> {
        match node.scalar(self.dialect) {
            Some(Scalar::Str(text)) => Some(text),
            Some(Scalar::Null) => None,
            Some(_) => {
                let hint = format!("quote it: \"{}\"", node.raw().unwrap_or_default());
                let problem = self.wrong(key, node, "text").hint(hint);
                self.push(node, problem);
                None
            }
            None => {
                let problem = self.wrong(key, node, "text");
                self.push(node, problem);
                None
            }
        }
    }

    /// Words for people: any scalar as it is written.
    pub(crate) fn words(&mut self, key: &str, node: &Node) -> String {
        match (node.scalar(self.dialect), node.raw()) {
            (Some(Scalar::Null), _) => String::new(),
            (_, Some(text)) => text.to_owned(),
            (_, None) => {
                let problem = self.wrong(key, node, "text");
                self.push(node, problem);
                String::new()
            }
        }
    }

    /// True or false; null is none.
    pub(crate) fn truth(&mut self, key: &str, node: &Node) -> Option<bool> {
        match node.scalar(self.dialect) {
            Some(Scalar::Bool(truth)) => Some(truth),
            Some(Scalar::Null) => None,
            _ => {
                let problem = self.wrong(key, node, "true or false");
                self.push(node, problem);
                None
            }
        }
    }

    /// A number; null is none.
    pub(crate) fn number(&mut self, key: &str, node: &Node) -> Option<f64> {
        match node.scalar(self.dialect) {
            Some(Scalar::Int(number)) => Some(number as f64),
            Some(Scalar::Float(number)) => Some(number),
            Some(Scalar::Null) => None,
            _ => {
                let problem = self.wrong(key, node, "a number");
                self.push(node, problem);
                None
            }
        }
    }

    /// A whole number of 0 or more; null is none.
    pub(crate) fn count(&mut self, key: &str, node: &Node) -> Option<u64> {
        match node.scalar(self.dialect) {
            Some(Scalar::Int(number)) if u64::try_from(number).is_ok() => u64::try_from(number).ok(),
            Some(Scalar::Null) => None,
            _ => {
                let problem = self.wrong(key, node, "a whole number of 0 or more");
                self.push(node, problem);
                None
            }
        }
    }

    /// The pairs of a mapping; null has none.
    pub(crate) fn pairs<'n>(&mut self, key: &str, node: &'n Node) -> &'n [(Node, Node)] {
        if let Some(pairs) = node.mapping() {
            return pairs;
        }
        if !node.is_null(self.dialect) {
            let problem = self.wrong(key, node, "a mapping");
            self.push(node, problem);
        }
        &[]
    }

    /// The items of a list; null has none.
    pub(crate) fn items<'n>(&mut self, key: &str, node: &'n Node) -> &'n [Node] {
        if let Some(items) = node.sequence() {
            return items;
        }
        if !node.is_null(self.dialect) {
            let problem = self.wrong(key, node, "a list");
            self.push(node, problem);
        }
        &[]
    }

    /// Warns of every key that is not known.
    pub(crate) fn unknown(&mut self, pairs: &[(Node, Node)], known: &[String], whose: &str) {
        for (key, _) in pairs {
            let name = key.raw().unwrap_or_default();
            if !known.iter().any(|known| known == name) {
                let hint = suggestion(name, known.iter().map(String::as_str));
                let problem = Problem::warning("unknown_key", format!("unknown key `{name}` in {whose}"));
                self.push(key, problem.key(name).hint(hint));
            }
        }
    }
}
