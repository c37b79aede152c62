//! The task files of a folder and of the folders around it, each read by its own dialect.

use std::path::Path;

use crate::{
    Dialect, Document, Node, ParamSchema, Problem, Problems, Scalar,
    folder::{TASK_FILES, shown},
    reader::Reader,
};

/// Most folders looked at upwards.
const LEVELS: usize = 1000;

/// One task file, parsed, with its dialect settled.
#[derive(Debug)]
pub(crate) struct Source {
    pub document: Document,
    pub dialect: Dialect,
}

impl Source {
    /// Reads `text` of the task file `name`.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        Self::settle(Document::parse(name, text)?)
    }

    /// Reads a task file from disk, called `name` in messages.
    pub(crate) fn read(path: &Path, name: &str) -> Result<Self, Problems> {
        Self::settle(Document::read(path, name)?)
    }

    /// YAML 1.1 for `task.yml` and wherever `param_groups` stands, else the core schema of 1.2.
    fn settle(mut document: Document) -> Result<Self, Problems> {
        let has_groups = document.root.as_ref().is_some_and(|root| root.get("param_groups").is_some());
        let is_old = document.file.ends_with(".yml") || has_groups;
        let dialect = if is_old { Dialect::Yaml11 } else { Dialect::Core };
        let problems = document.finish(dialect);
        if problems.has_errors() {
            return Err(problems);
        }
        if let Some(root) = &document.root
            && root.mapping().is_none()
            && root.scalar(dialect) != Some(Scalar::Null)
        {
            let message = format!("a task file is a mapping of keys, got {}", root.shown(dialect));
            let problem = Problem::error("bad_value", message).at(&root.place(&document.file)).show(&document.text);
            return Err(problem.hint("write `key: value` lines, such as `name: my task`").into());
        }
        Ok(Self { document, dialect })
    }

    pub(crate) fn is_yml(&self) -> bool {
        self.document.file.ends_with(".yml")
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.document.root.as_ref().is_some_and(|root| root.get(key).is_some())
    }
}

/// The task files that may have a say about a folder.
pub(crate) struct Sources {
    /// Those of the folder itself, then those of each folder directly around.
    pub chain: Vec<Vec<Source>>,
    /// What is wrong with the folder's own.
    pub problems: Problems,
    /// What is wrong with the others, which matters only where values are inherited.
    pub above: Problems,
}

/// The task files of `folder`, then those of each folder directly around, as far as there are any.
pub(crate) fn read_sources(folder: &Path) -> Sources {
    let mut problems = Problems::new();
    let mut above_problems = Problems::new();
    let mut own = Vec::new();
    for name in TASK_FILES {
        read_one(&folder.join(name), &shown(folder, name), &mut own, &mut problems);
    }
    if own.is_empty() && problems.is_empty() {
        // The file of a declarative training has another name.
        let found = Source::read(&folder.join("config.yaml"), &shown(folder, "config.yaml"));
        own.extend(found.ok().filter(|source| source.has("stages") || source.has("architecture")));
    }
    let is_tree = !own.is_empty();
    let mut chain = vec![own];
    let full = folder.canonicalize().ok().filter(|_| is_tree);
    let mut above = full.as_deref().and_then(Path::parent);
    while let Some(parent) = above.filter(|_| chain.len() < LEVELS) {
        let mut level = Vec::new();
        let before = above_problems.0.len();
        for file in TASK_FILES {
            let label = parent.join(file).display().to_string();
            read_one(&parent.join(file), &label, &mut level, &mut above_problems);
        }
        if level.is_empty() && above_problems.0.len() == before {
            break;
        }
        chain.push(level);
        above = parent.parent();
    }
    Sources { chain, problems, above: above_problems }
}

fn read_one(path: &Path, name: &str, into: &mut Vec<Source>, problems: &mut Problems) {
    if !path.is_file() {
        return;
    }
    match Source::read(path, name) {
        Ok(source) => into.push(source),
        Err(found) => problems.extend(found),
    }
}

/// Keys that the two files of a folder answer differently.
pub(crate) fn contradictions(own: &[Source]) -> Problems {
    let [first, second] = own else { return Problems::new() };
    let pairs = second.document.root.as_ref().and_then(Node::mapping).unwrap_or_default();
    let mut reader = Reader::new(&second.document, second.dialect);
    for (key, value) in pairs {
        let name = key.raw().unwrap_or_default();
        let Some((first_key, first_value)) = first.document.root.as_ref().and_then(|root| root.pair(name)) else {
            continue;
        };
        if first_value.value(first.dialect) != value.value(second.dialect) {
            let at = first_key.place(&first.document.file).line_text();
            let message = format!(
                "`{name}` is given twice and differently: {at} and {}",
                key.place(&second.document.file).line_text()
            );
            reader.push(key, Problem::error("contradiction", message).key(name).hint("keep one of them"));
        }
    }
    reader.problems
}

/// The parameters that the files of one folder declare, over those of the folder around.
pub(crate) fn declared(level: &[Source], around: &ParamSchema, problems: &mut Problems) -> ParamSchema {
    let mut schema = around.clone();
    for source in level {
        let mut reader = Reader::new(&source.document, source.dialect);
        reader.inherited = around.clone();
        let root = source.document.root.as_ref();
        // Where both files say the same, one of them is enough.
        let first = |key| level.iter().find(|source| source.has(key)).is_some_and(|one| std::ptr::eq(one, source));
        if let Some(node) = root.and_then(|root| root.get("param_groups")).filter(|_| first("param_groups")) {
            reader.param_groups(node, &mut schema);
        }
        if let Some(node) = root.and_then(|root| root.get("params")).filter(|_| first("params")) {
            reader.short_params(node, &mut schema);
        }
        problems.extend(reader.problems);
    }
    schema
}
