//! The task files of one folder of a tree: what they say themselves, before anything is inherited.

use std::{path::PathBuf, sync::Arc};

use mendel_model::InputId;
use serde_json::{Map, Value};

use super::{
    keys::{WrittenScope, base_path},
    task::PipelineSpec,
    walk::{Found, label},
};
use crate::{
    Dialect, Node, Place, Problem, Problems,
    kind::training_key,
    reader::Reader,
    shape,
    source::{Source, contradictions},
};

/// What one folder says itself. An outer none is a key that does not stand.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub name: Option<String>,
    pub runnable: Option<bool>,
    pub pipeline: Option<Option<PipelineSpec>>,
    pub input_ids: Option<Arc<[InputId]>>,
    pub marginal: Option<Vec<(String, Place)>>,
    pub scopes: Option<Vec<WrittenScope>>,
    pub base: Option<(Arc<str>, Place, Dialect)>,
    pub spec: Map<String, Value>,
}

/// One folder of a tree, its files read.
#[derive(Debug)]
pub(super) struct Level {
    /// The folder, links resolved.
    pub folder: PathBuf,
    /// The first of its files, as messages name it.
    pub file: Arc<str>,
    /// Its task files that could be read.
    pub sources: Vec<Source>,
    /// Whether values of the folder around hold here.
    pub inherits: bool,
    /// Whether it holds or names an entry script.
    pub entry: bool,
    /// Whether its file describes a training.
    pub training: bool,
    /// What it says.
    pub own: Own,
    /// Whether all of it could be read.
    pub sound: bool,
}

impl Level {
    /// Reads the task files of `found`.
    pub(super) fn read(found: &Found, problems: &mut Problems) -> Self {
        let mut faults = Problems::new();
        let mut sources = Vec::new();
        let folder = label(&found.folder);
        let shown = |name: &str| if folder == "." { name.to_owned() } else { format!("{folder}/{name}") };
        for name in &found.files {
            match Source::read(&found.folder.join(name), &shown(name)) {
                Ok(source) => sources.push(source),
                Err(found) => faults.extend(found),
            }
        }
        faults.extend(contradictions(&sources));
        let mut taker = Taker { sources: &sources, problems: faults };
        let training = sources.iter().any(|source| {
            let reader = Reader::new(&source.document, source.dialect);
            source.document.root.as_ref().is_some_and(|root| training_key(&reader, root).is_some())
        });
        if !training {
            taker.unknown_keys();
        }
        let entry = found.entry || taker.find("entry").is_some_and(|(source, node)| !node.is_null(source.dialect));
        let said = taker.take("inherit", |reader, node| reader.truth("inherit", node)).flatten();
        let is_old_folder = entry && found.files.iter().all(|name| !name.ends_with(".yml"));
        let own = taker.own();
        let faults = taker.problems;
        let sound = !faults.has_errors();
        problems.extend(faults);
        Self {
            file: shown(found.files[0]).into(),
            folder: found.folder.clone(),
            sources,
            inherits: said.unwrap_or(!is_old_folder),
            entry,
            training,
            own,
            sound,
        }
    }

    /// `problem` with the line it points to, where that is one of these files.
    pub(super) fn shown(&self, problem: Problem) -> Problem {
        match self.sources.iter().find(|source| Some(&source.document.file) == problem.file.as_ref()) {
            Some(source) => problem.show(&source.document.text),
            None => problem,
        }
    }

    /// Whether it declares parameters.
    pub(super) fn has_params(&self) -> bool {
        self.sources.iter().any(|source| source.has("params") || source.has("param_groups"))
    }
}

/// Takes keys out of the files of one folder; where both say the same, the first has the say.
struct Taker<'a> {
    sources: &'a [Source],
    problems: Problems,
}

impl<'a> Taker<'a> {
    fn find(&self, name: &str) -> Option<(&'a Source, &'a Node)> {
        self.sources.iter().find_map(|source| Some((source, source.document.root.as_ref()?.get(name)?)))
    }

    fn take<T>(&mut self, name: &str, read: impl FnOnce(&mut Reader<'a>, &Node) -> T) -> Option<T> {
        let (source, node) = self.find(name)?;
        let mut reader = Reader::new(&source.document, source.dialect);
        let taken = read(&mut reader, node);
        self.problems.extend(reader.problems);
        Some(taken)
    }

    fn unknown_keys(&mut self) {
        for source in self.sources {
            let pairs = source.document.root.as_ref().and_then(Node::mapping).unwrap_or_default();
            let mut reader = Reader::new(&source.document, source.dialect);
            reader.unknown(pairs, &shape::TASK_KEYS, "a task file");
            self.problems.extend(reader.problems);
        }
    }

    fn own(&mut self) -> Own {
        self.take("config", |reader, node| {
            reader.pairs("config", node);
        });
        let mut spec = Map::new();
        for source in self.sources.iter().rev() {
            if let Some(Value::Object(map)) = source.document.root.as_ref().map(|root| root.typed(source.dialect)) {
                spec.extend(map);
            }
        }
        Own {
            name: self.take("name", |reader, node| reader.words("name", node)).filter(|name| !name.is_empty()),
            runnable: self.take("runnable", |reader, node| reader.python_truth(node)),
            pipeline: self.take("pipeline", Reader::pipeline),
            input_ids: self.take("input_ids", Reader::input_ids),
            marginal: self.take("marginal_stages", Reader::marginal_stages),
            scopes: self.take("scopes", Reader::scopes),
            base: self.base(),
            spec,
        }
    }

    /// `base_config_path`, or `base_config`, which is another name for it.
    fn base(&mut self) -> Option<(Arc<str>, Place, Dialect)> {
        let mut read = |name: &str| {
            let dialect = self.find(name).map(|(source, _)| source.dialect)?;
            let (path, at) = self.take(name, |reader, node| base_path(reader, name, node)).flatten()?;
            Some((path, at, dialect))
        };
        let (first, second) = (read("base_config_path"), read("base_config"));
        if let (Some((one, at, _)), Some((other, other_at, _))) = (&first, &second)
            && one != other
        {
            let (at, other) = (at.line_text(), format!("`base_config` `{other}` ({})", other_at.line_text()));
            let message = format!("`base_config_path` `{one}` ({at}) and {other} are one key and differ");
            let problem = Problem::error("contradiction", message).key("base_config").at(other_at);
            self.problems.push(problem.hint("keep one of them"));
        }
        first.or(second)
    }
}
