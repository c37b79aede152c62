//! A tree put together: parents first, each child over what its parent is.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    base::{Base, Bases},
    level::Level,
    merge::{OWN_KEYS, merge_maps},
    overlay::lay_over,
    scope::{Around, ScopeFault},
    select::select,
    task::{Layer, Scope, Tree, TreeTask},
    walk::{discover, label, task_in},
};
use crate::{Kind, Place, Problem, Problems, TreeOptions, folder::TASK_FILES, source::declared};

/// Reads the tasks at and below `path`, with those around that they inherit from.
///
/// Everything that is wrong is told at once, and sound tasks stay listed beside others.
pub fn read_tree(path: &Path, options: &TreeOptions) -> Tree {
    let mut tree = Tree::default();
    let Some(root) = root_folder(path, &mut tree.problems) else { return tree };
    let mut levels = Vec::new();
    let mut faults = Problems::new();
    for found in discover(&root, &mut tree.problems) {
        levels.push(Level::read(&found, &mut faults));
    }
    if levels.is_empty() {
        let message = format!("no task in `{}` or below", label(&root));
        let hint = format!("a task is a folder with `{}` or `{}`", TASK_FILES[1], TASK_FILES[0]);
        tree.problems.push(Problem::error("no_tasks", message).hint(hint));
    }
    levels.extend(around(&root, &levels, &mut faults));
    levels.sort_by(|one, other| one.folder.cmp(&other.folder));
    tree.problems.extend(faults);
    let mut builder = Builder { tree, ..Builder::default() };
    levels.into_iter().for_each(|level| builder.add(level));
    let mut tree = builder.tree;
    select(&mut tree, &root, options);
    lay_over(&mut tree, &options.sets);
    without_pipeline(&mut tree);
    scopes_that_fit_no_input(&mut tree);
    tidy(&mut tree.problems);
    tree
}

/// The folder that `path` means, links resolved.
fn root_folder(path: &Path, problems: &mut Problems) -> Option<PathBuf> {
    let is_task_file =
        path.is_file() && path.file_name().is_some_and(|name| TASK_FILES.iter().any(|file| name == *file));
    let folder = if is_task_file { path.parent().unwrap_or(path) } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let full = folder.canonicalize().ok().filter(|full| full.is_dir());
    if full.is_none() {
        problems.push(Problem::error("folder_missing", format!("no such folder: `{}`", folder.display())));
    }
    full
}

/// The tasks directly around `root`, as far as one inherits from the next.
fn around(root: &Path, levels: &[Level], problems: &mut Problems) -> Vec<Level> {
    let mut around: Vec<Level> = Vec::new();
    let mut inherits = levels.iter().any(|level| level.folder == root && level.inherits);
    let mut folders = root.ancestors().skip(1);
    while let Some(found) = folders.next().filter(|_| inherits).and_then(task_in) {
        let level = Level::read(&found, problems);
        inherits = level.inherits;
        around.push(level);
    }
    around
}

/// What children take over beside what a task shows.
#[derive(Clone, Default)]
struct Handed {
    /// The effective config, before parameters and the command line.
    config: Map<String, Value>,
    /// The specification, without what holds for the folder alone.
    spec: Map<String, Value>,
    /// Scopes as they are written.
    scopes: Arc<BTreeMap<String, (String, Place)>>,
    /// Whether nothing is wrong so far.
    sound: bool,
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    bases: Bases,
    places: HashMap<PathBuf, usize>,
    handed: Vec<Handed>,
}

impl Builder {
    /// Adds the task of `level`; its parent stands in the tree already.
    fn add(&mut self, level: Level) {
        let parent =
            level.folder.parent().filter(|_| level.inherits).and_then(|folder| self.places.get(folder).copied());
        let above = parent.map(|parent| &self.tree.tasks[parent]);
        let mut handed =
            parent.map_or_else(|| Handed { sound: true, ..Handed::default() }, |parent| self.handed[parent].clone());
        let dirname = level.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let rootdir = above.map_or_else(|| level.folder.clone(), |above| above.rootdir.clone());
        let paths = Around { folder: &level.folder, dirname: &dirname, rootdir: &rootdir };
        let mut problems = Problems::new();
        let base = self.bases.named_by(&level, &paths, &mut problems);
        let own = &level.own;
        handed.lay(&level, base.as_deref());
        let mut full_spec = handed.spec.clone();
        merge_maps(&mut full_spec, &own.spec);
        let pipeline = own.pipeline.clone().unwrap_or_else(|| above.and_then(|above| above.pipeline.clone()));
        let schema = match above.map(|above| above.schema.clone()).unwrap_or_default() {
            schema if level.has_params() => Arc::new(declared(&level.sources, &schema, &mut problems)),
            schema => schema,
        };
        handed.sound &= level.sound && !problems.has_errors();
        let missing_base = own.base.is_some() && base.is_none();
        handed.sound &= !missing_base;
        let kind = match (&pipeline, level.training, level.entry) {
            (Some(_), ..) => Kind::Staged,
            (None, true, _) => Kind::Training,
            (None, false, true) => Kind::Script,
            (None, false, false) => Kind::Node,
        };
        let scopes = handed
            .scopes
            .iter()
            .map(|(name, (pattern, at))| (name.clone(), Scope { pattern: paths.pattern(pattern), at: at.clone() }));
        let task = TreeTask {
            name: own.name.clone().unwrap_or_else(|| dirname.clone()),
            parent,
            file: level.file.clone(),
            kind,
            sound: handed.sound,
            selected: false,
            runnable: own.runnable.unwrap_or_else(|| above.is_some_and(|above| above.runnable)),
            input_ids: own
                .input_ids
                .clone()
                .unwrap_or_else(|| above.map_or_else(Arc::default, |above| above.input_ids.clone())),
            full_spec: Value::Object(full_spec),
            config: Value::Object(handed.config.clone()),
            scopes: scopes.collect(),
            marginal: own
                .marginal
                .clone()
                .unwrap_or_else(|| above.map(|above| above.marginal.clone()).unwrap_or_default()),
            pipeline,
            schema,
            params: Vec::new(),
            path: level.folder.clone(),
            dirname,
            rootdir,
        };
        self.places.insert(level.folder.clone(), self.tree.tasks.len());
        self.handed.push(handed);
        self.tree.tasks.push(task);
        self.tree.layers.push(Layer { level: Arc::new(level), base });
        self.tree.problems.extend(problems);
    }
}

impl Handed {
    /// Lays what `level` says over what is handed down.
    fn lay(&mut self, level: &Level, base: Option<&Base>) {
        let own = &level.own;
        if let Some(Value::Object(values)) = base.map(|base| &base.value) {
            merge_maps(&mut self.config, values);
        }
        if let Some(Value::Object(values)) = own.spec.get("config") {
            merge_maps(&mut self.config, values);
        }
        let mut shared = own.spec.clone();
        shared.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
        merge_maps(&mut self.spec, &shared);
        if let Some(scopes) = &own.scopes {
            let all = Arc::make_mut(&mut self.scopes);
            if own.spec.get("scopes").is_some_and(Value::is_null) {
                all.clear();
            }
            for (name, pattern, at) in scopes {
                match pattern {
                    Some(pattern) => all.insert(name.clone(), (pattern.clone(), at.clone())),
                    None => all.remove(name),
                };
            }
        }
    }
}

impl Bases {
    /// The file of hyperparameters that the task files of a folder name themselves.
    fn named_by(&mut self, level: &Level, paths: &Around<'_>, problems: &mut Problems) -> Option<Arc<Base>> {
        let (written, at, dialect) = level.own.base.as_ref()?;
        let path = paths.path(written);
        if path.is_file() {
            return self.read(&path, *dialect, problems);
        }
        let message = format!("the file of hyperparameters `{written}` is missing: `{}`", path.display());
        let hint = format!("paths are relative to the folder of the task, `{}`", label(&level.folder));
        let problem = Problem::error("base_config_missing", message).key("base_config_path").at(at).hint(hint);
        problems.push(level.shown(problem));
        None
    }
}

/// Selected tasks that are to run and have nothing that runs.
fn without_pipeline(tree: &mut Tree) {
    let lacking = |task: &TreeTask| task.selected && task.sound && task.runnable && task.kind == Kind::Node;
    let lacking: Vec<usize> = (0..tree.tasks.len()).filter(|index| lacking(&tree.tasks[*index])).collect();
    for index in lacking {
        let shown = label(&tree.tasks[index].path);
        let message = format!("the task `{shown}` is runnable and has no pipeline, and neither have its parents");
        let problem = Problem::error("no_pipeline", message).key("pipeline");
        let mut problem = problem.hint("add `pipeline: [pkg.module.Stage]`, or `runnable: false`");
        if let Some(place) = tree.place_of(index, &["runnable"]) {
            problem = problem.at(&place);
        }
        tree.problems.push(problem);
        tree.tasks[index].sound = false;
    }
}

/// Scopes of selected tasks that their inputs do not fill; one that several inherit is told once.
fn scopes_that_fit_no_input(tree: &mut Tree) {
    let mut told: BTreeMap<(Place, String), Vec<(usize, ScopeFault)>> = BTreeMap::new();
    for (index, task) in tree.tasks.iter().enumerate() {
        if task.selected && task.sound && task.runnable {
            for (at, fault) in task.scope_faults() {
                told.entry((at, fault.scope.clone())).or_default().push((index, fault));
            }
        }
    }
    for ((at, scope), found) in told {
        let tasks: Vec<_> = found.iter().map(|(index, _)| label(&tree.tasks[*index].path)).collect();
        let Some((first, fault)) = found.first() else { continue };
        let problem = Problem::error("bad_scope", fault.to_string()).key(format!("scopes/{scope}")).at(&at);
        let problem = match tasks.len() {
            1 => problem.hint("`%s` takes every input id, `%d` and `%03d` take numbers"),
            _ => problem.hint(format!("it is inherited by {}", enumerated(&tasks))),
        };
        let layers = std::iter::once(*first).chain(tree.ancestors(*first));
        let shown = layers.fold(problem, |problem, layer| tree.layers[layer].level.shown(problem));
        tree.problems.push(shown);
        found.iter().for_each(|(index, _)| tree.tasks[*index].sound = false);
    }
}

/// The first of several tasks, and how many more there are.
pub fn enumerated(tasks: &[String]) -> String {
    const NAMED: usize = 5;
    let named: Vec<_> = tasks.iter().take(NAMED).map(|task| format!("`{task}`")).collect();
    match tasks.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// In the order of files and lines, each problem once.
fn tidy(problems: &mut Problems) {
    let mut told = HashSet::new();
    problems
        .0
        .retain(|problem| told.insert((problem.file.clone(), problem.line, problem.column, problem.message.clone())));
    problems.0.sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
}
