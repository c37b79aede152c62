//! A task folder: its file, its kind, its entry and its parameters.

use std::path::{Path, PathBuf};

use mendel_model::ProjectType;
use serde::Serialize;
use serde_json::{Map, Value};

pub use crate::resources::Resources;
use crate::{
    Decision, Dialect, Kind, Node, ParamSchema, Problem, Problems, Scalar,
    entry::{default_entry, entry_missing, named_entry},
    folder::{Files, TASK_FILES, shown},
    kind::training_key,
    nearest::suggestion,
    reader::Reader,
    shape,
    source::{Source, Sources, contradictions, declared, read_sources},
};

/// What `mendel sweep` does without arguments.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Sweep {
    /// Parameters and their values, in the form the script receives.
    pub grid: Vec<(String, Vec<Value>)>,
    /// Name of the sampler; a grid where absent.
    pub sampler: Option<String>,
    /// How many trials a sampler makes.
    pub trials: Option<u64>,
    /// The metric to make best.
    pub objective: Option<String>,
    /// `min` or `max`.
    pub direction: Option<String>,
}

/// A task folder, read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFile {
    /// The folder.
    pub folder: PathBuf,
    /// The task files found, as named in messages; none for a bare script folder.
    pub files: Vec<String>,
    /// What kind of task it is.
    pub kind: Kind,
    /// What decided that.
    pub decision: Decision,
    /// Its id, where the file gives one.
    pub id: Option<String>,
    /// Its name; the folder's where the file gives none.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Whether it is offered.
    pub active: bool,
    /// The field of work.
    pub project_type: Option<ProjectType>,
    /// The entry script, below the folder.
    pub entry: Option<String>,
    /// The environment file chosen by `environment:`.
    pub environment: Option<String>,
    /// Whether it takes values of the folders around it.
    pub inherit: bool,
    /// Its parameters.
    pub schema: ParamSchema,
    /// Its own sweep.
    pub sweep: Option<Sweep>,
    /// What a run needs.
    pub resources: Resources,
    /// The whole file as data.
    pub document: Map<String, Value>,
    /// How plain scalars were read.
    pub dialect: Dialect,
    /// What was odd and did not stop it.
    pub warnings: Problems,
    /// Scripts that could be its entry.
    pub scripts: Vec<String>,
}

/// How to read a folder.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions<'a> {
    /// `--entry FILE`, relative to the folder.
    pub entry: Option<&'a str>,
}

/// Reads a task folder.
pub fn read_folder(folder: &Path) -> Result<TaskFile, Problems> {
    read_folder_with(folder, &ReadOptions::default())
}

/// Reads a task folder, with what the command line says about it.
pub fn read_folder_with(folder: &Path, options: &ReadOptions<'_>) -> Result<TaskFile, Problems> {
    let is_task_file = |path: &Path| path.file_name().is_some_and(|name| TASK_FILES.iter().any(|file| name == *file));
    let folder = match folder.parent() {
        Some(parent) if is_task_file(folder) && folder.is_file() => parent,
        _ => folder,
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if !folder.is_dir() {
        let message = format!("no such folder: `{}`", folder.display());
        return Err(Problem::error("folder_missing", message).into());
    }
    let sources = read_sources(folder);
    build(folder, Files::Folder(folder), sources, options)
}

/// Reads the task files of a snapshot: `texts` are (name, text), `listing` the paths of all its files.
pub fn read_texts(
    texts: &[(String, String)],
    listing: &[String],
    options: &ReadOptions<'_>,
) -> Result<TaskFile, Problems> {
    let mut own = Vec::new();
    let mut problems = Problems::new();
    for (name, text) in texts {
        match Source::parse(name, text) {
            Ok(source) => own.push(source),
            Err(found) => problems.extend(found),
        }
    }
    let sources = Sources { chain: vec![own], problems, above: Problems::new() };
    build(Path::new("."), Files::Listed(listing), sources, options)
}

impl TaskFile {
    /// Why it cannot be started as a script, if it cannot: it has no entry.
    pub fn entry_problem(&self) -> Option<Problem> {
        let folder = self.folder.display().to_string();
        self.entry.is_none().then(|| entry_missing(&folder, &self.scripts))
    }
}

/// Puts a task together.
fn build(folder: &Path, files: Files<'_>, sources: Sources, options: &ReadOptions<'_>) -> Result<TaskFile, Problems> {
    let Sources { chain, problems, above } = sources;
    let own = chain.first().map_or(&[][..], Vec::as_slice);
    let mut builder = Builder { folder, files, chain: &chain, own, problems };
    let task = builder.task(options);
    if task.inherit {
        builder.problems.extend(above);
    }
    builder.problems.0.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let (task, warnings) = builder.problems.or(task)?;
    Ok(TaskFile { warnings, ..task })
}

struct Builder<'a> {
    folder: &'a Path,
    files: Files<'a>,
    chain: &'a [Vec<Source>],
    own: &'a [Source],
    problems: Problems,
}

impl<'a> Builder<'a> {
    fn task(&mut self, options: &ReadOptions<'_>) -> TaskFile {
        self.problems.extend(contradictions(self.own));
        let entry = self.entry(options);
        let inherits = self.inherits(entry.as_ref());
        let (kind, decision) = self.kind(entry.as_ref(), inherits);
        if matches!(kind, Kind::Script | Kind::Staged | Kind::Node) {
            self.unknown_keys();
        }
        let schema = self.schema(inherits);
        let sweep = self.take("sweep", |reader, _, node| reader.sweep(node, &schema));
        let name = self.take("name", |reader, key, node| reader.words(key, node)).filter(|name| !name.is_empty());
        TaskFile {
            folder: self.folder.to_owned(),
            files: self.own.iter().map(|source| source.document.file.to_string()).collect(),
            kind,
            decision,
            id: self.take("id", |reader, key, node| reader.words(key, node)).filter(|id| !id.is_empty()),
            name: name.unwrap_or_else(|| self.folder_name()),
            description: self.take("description", |reader, key, node| reader.words(key, node)).unwrap_or_default(),
            active: self.take("is_active", |reader, key, node| reader.truth(key, node)).flatten().unwrap_or(true),
            project_type: self.take("project_type", |reader, key, node| reader.project_type(key, node)).flatten(),
            entry: entry.map(|(entry, _)| entry),
            environment: self.environment(),
            inherit: inherits,
            schema,
            sweep,
            resources: self.take("resources", |reader, _, node| reader.resources(node)).unwrap_or_default(),
            document: self.document(),
            dialect: self.own.first().map_or(Dialect::Core, |source| source.dialect),
            warnings: Problems::new(),
            scripts: self.files.scripts(),
        }
    }

    /// The key `name` of the folder's own files, with the file it stands in.
    fn find(&self, name: &str) -> Option<(&'a Source, &'a Node, &'a Node)> {
        self.own.iter().find_map(|source| {
            let (key, value) = source.document.root.as_ref()?.pair(name)?;
            Some((source, key, value))
        })
    }

    /// What `read` makes of the value under `name`.
    fn take<T>(&mut self, name: &str, read: impl FnOnce(&mut Reader<'_>, &str, &Node) -> T) -> Option<T> {
        let (source, _, value) = self.find(name)?;
        let mut reader = Reader::new(&source.document, source.dialect);
        let taken = read(&mut reader, name, value);
        self.problems.extend(reader.problems);
        Some(taken)
    }

    /// The entry, and the line of the key that names it.
    fn entry(&mut self, options: &ReadOptions<'_>) -> Option<(String, Option<(String, usize)>)> {
        let folder = self.folder.display().to_string();
        if let Some(path) = options.entry {
            return match named_entry(self.files, path, &folder) {
                Ok(entry) => Some((entry, Some(("--entry".to_owned(), 0)))),
                Err(problem) => {
                    self.problems.push(problem);
                    None
                }
            };
        }
        if let Some((source, key, value)) = self.find("entry") {
            let mut reader = Reader::new(&source.document, source.dialect);
            let named = reader.text("entry", value).and_then(|path| match named_entry(self.files, &path, &folder) {
                Ok(entry) => Some((entry, Some((source.document.file.to_string(), key.line)))),
                Err(problem) => {
                    reader.push(value, problem);
                    None
                }
            });
            self.problems.extend(reader.problems);
            if named.is_some() || !value.is_null(source.dialect) {
                return named;
            }
        }
        default_entry(self.files).map(|entry| (entry.to_owned(), None))
    }

    /// Whether values of the folders around hold here: always in a tree, but for a script folder of old.
    fn inherits(&mut self, entry: Option<&(String, Option<(String, usize)>)>) -> bool {
        let said = self.take("inherit", |reader, key, node| reader.truth(key, node)).flatten();
        let is_old_folder = entry.is_some() && self.own.iter().all(|source| !source.is_yml());
        said.unwrap_or(!is_old_folder && !self.own.is_empty())
    }

    fn kind(&self, entry: Option<&(String, Option<(String, usize)>)>, inherits: bool) -> (Kind, Decision) {
        let decided = |file: &str, line: usize, reason: String| Decision {
            file: file.to_owned(),
            line: (line > 0).then_some(line),
            reason,
        };
        let chain = if inherits { self.chain } else { &self.chain[..self.chain.len().min(1)] };
        for source in chain.iter().flatten() {
            let pipeline = source.document.root.as_ref().and_then(|root| root.pair("pipeline"));
            if let Some((key, _)) = pipeline.filter(|(_, value)| !value.is_null(source.dialect)) {
                return (Kind::Staged, decided(&source.document.file, key.line, "has `pipeline`".into()));
            }
        }
        for source in self.own {
            let reader = Reader::new(&source.document, source.dialect);
            if let Some(key) = source.document.root.as_ref().and_then(|root| training_key(&reader, root)) {
                let reason = format!("has the training key `{}`", key.raw().unwrap_or_default());
                return (Kind::Training, decided(&source.document.file, key.line, reason));
            }
        }
        match entry {
            Some((entry, None)) => {
                (Kind::Script, decided(&shown(self.folder, entry), 0, format!("holds the entry script `{entry}`")))
            }
            Some((entry, Some((file, line)))) => {
                (Kind::Script, decided(file, *line, format!("names the entry script `{entry}`")))
            }
            None => {
                let file = self
                    .own
                    .first()
                    .map_or_else(|| self.folder.display().to_string(), |source| source.document.file.to_string());
                let reason = "has no `pipeline`, no training key and no entry script";
                (Kind::Node, decided(&file, 0, reason.into()))
            }
        }
    }

    fn unknown_keys(&mut self) {
        for source in self.own {
            let pairs = source.document.root.as_ref().and_then(Node::mapping).unwrap_or_default();
            let mut reader = Reader::new(&source.document, source.dialect);
            reader.unknown(pairs, &shape::TASK_KEYS, "a task file");
            self.problems.extend(reader.problems);
        }
    }

    /// The parameters: those of the folders around first, then the folder's own.
    fn schema(&mut self, inherits: bool) -> ParamSchema {
        let levels = if inherits { self.chain.len() } else { self.chain.len().min(1) };
        let mut schema = ParamSchema::default();
        for level in self.chain[..levels].iter().rev() {
            schema = declared(level, &schema, &mut self.problems);
        }
        schema
    }

    fn environment(&mut self) -> Option<String> {
        let files = self.files;
        self.take("environment", |reader, key, node| {
            let path = reader.text(key, node)?;
            let clean = path.trim_start_matches("./");
            if files.is_outside(clean) || !files.has(clean) {
                let message = format!("the environment file `{path}` is not a file of the task folder");
                let known = ["requirements.txt", "environment.yml", "environment-osx.yml"];
                let there: Vec<_> = known.into_iter().filter(|name| files.has(name)).collect();
                let hint = if there.is_empty() { String::new() } else { suggestion(clean, there) };
                reader.push(node, Problem::error("environment_missing", message).key(key).hint(hint));
                return None;
            }
            Some(clean.to_owned())
        })
        .flatten()
    }

    fn document(&self) -> Map<String, Value> {
        let mut document = Map::new();
        for source in self.own.iter().rev() {
            if let Some(Value::Object(map)) = source.document.root.as_ref().map(|root| root.value(source.dialect)) {
                document.extend(map);
            }
        }
        document
    }

    fn folder_name(&self) -> String {
        let full = self.folder.canonicalize().unwrap_or_else(|_| self.folder.to_owned());
        full.file_name().map_or_else(|| "task".to_owned(), |name| name.to_string_lossy().into_owned())
    }
}

impl Reader<'_> {
    fn project_type(&mut self, key: &str, node: &Node) -> Option<ProjectType> {
        let found = match node.scalar(self.dialect) {
            Some(Scalar::Null) => return None,
            Some(Scalar::Int(number)) => {
                ProjectType::ALL.iter().find(|(_, known, _)| i128::from(*known) == number).map(|(kind, _, _)| *kind)
            }
            Some(Scalar::Str(text)) => text.parse().ok(),
            _ => None,
        };
        if found.is_none() {
            let names = ProjectType::ALL.iter().map(|(_, _, name)| *name);
            let hint = suggestion(node.raw().unwrap_or_default(), names);
            let message = format!("`{key}` is not known: {}", node.shown(self.dialect));
            self.push(node, Problem::error("bad_value", message).key(key).hint(hint));
        }
        found
    }

    fn sweep(&mut self, node: &Node, schema: &ParamSchema) -> Sweep {
        let pairs = self.pairs("sweep", node);
        self.unknown(pairs, &shape::SWEEP_KEYS, "`sweep`");
        let mut sweep = Sweep {
            sampler: node.get("sampler").and_then(|node| self.text("sampler", node)),
            trials: node.get("trials").and_then(|node| self.count("trials", node)),
            objective: node.get("objective").and_then(|node| self.text("objective", node)),
            direction: node.get("direction").and_then(|node| self.text("direction", node)),
            ..Sweep::default()
        };
        if let (Some(direction), Some(node)) = (&sweep.direction, node.get("direction"))
            && !["min", "max"].contains(&direction.as_str())
        {
            let message = format!("`direction` expects `min` or `max`, got `{direction}`");
            self.push(node, Problem::error("bad_value", message).key("direction"));
        }
        let Some(grid) = node.get("grid") else { return sweep };
        for (key, value) in self.pairs("grid", grid) {
            let name = key.raw().unwrap_or_default();
            match schema.input(name) {
                Some(decl) => {
                    let values = self.grid_values(decl, value);
                    sweep.grid.push((name.to_owned(), values));
                }
                None => {
                    let hint = suggestion(name, schema.names());
                    let message = format!("`sweep` varies `{name}`, which is no parameter");
                    self.push(key, Problem::error("unknown_param", message).key(name).hint(hint));
                }
            }
        }
        sweep
    }
}

#[cfg(test)]
#[path = "task_file_tests.rs"]
mod tests;
