//! A request made ready: what runs, where, with which parameters and in which environment.

use std::path::{Path, PathBuf};

use mendel_agent::environment::{self, Detected, EnvironmentChoice, Machine, Place};
use mendel_model::{EnvironmentLock, EnvironmentPolicy, Identity, Manifest, Param, RunId, TaskKind};
use mendel_snapshot::{Options, Patterns, Purpose, StatIndex};
use mendel_spec::{GridRequest, Kind, Member, ParamSchema, ProjectFile, ReadOptions, TaskFile, ValuesFile};

use crate::{
    context::{Context, present_folder},
    exit::Failure,
    printer::Printer,
    run::{
        data::{self, Data},
        options::RunOptions,
        script,
        target::Target,
    },
};

/// One task of a request, with the cells that are wanted of it.
pub struct Prepared {
    /// What kind of task it is.
    pub kind: TaskKind,
    /// Its name, before a cell's suffix.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The project it belongs to.
    pub project: String,
    /// The project root: everything below it can count.
    pub root: PathBuf,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// The entry below the root, or the program of a command.
    pub entry: String,
    /// The entry as typed.
    pub typed: PathBuf,
    /// Whether it runs in a private folder.
    pub private: bool,
    /// Whether the shim of old task folders is put first.
    pub coretex: bool,
    /// What a changed environment does.
    pub policy: EnvironmentPolicy,
    /// Which environment it gets.
    pub detected: Detected,
    /// Files that alone count as inputs of a command.
    pub inputs: Option<Vec<PathBuf>>,
    /// How the snapshot is taken.
    pub snapshot: Options,
    /// Tags of every run.
    pub tags: Vec<String>,
    /// How many runs at once, when not asked for.
    pub jobs: Option<usize>,
    /// Under which note the script's parser is kept.
    pub parser_note: Option<String>,
    /// The run whose snapshot is replayed.
    pub origin: Option<RunId>,
    /// Whether the load of the machine is recorded.
    pub monitor: bool,
    /// Whether large outputs are kept.
    pub keep_outputs: bool,
    /// Outputs that it should set.
    pub outputs: Vec<String>,
    /// The cells.
    pub cells: Vec<Cell>,
    /// Whether several values were asked for.
    pub is_grid: bool,
}

/// One run that is wanted.
pub struct Cell {
    /// `-1`, `-2`, … in a grid.
    pub suffix: String,
    /// Its parameters, as far as they are known before it runs.
    pub params: Vec<Param>,
    /// The words handed to the entry.
    pub words: Vec<String>,
    /// What it means; none where only the run itself can tell.
    pub identity: Option<Identity>,
    /// Options that are part of what it means.
    pub means: Vec<String>,
    /// The datasets and models that its parameters name.
    pub data: Data,
}

impl Cell {
    /// The only cell of a request.
    pub fn of(params: Vec<Param>, words: Vec<String>, identity: Option<Identity>) -> Self {
        Self { suffix: String::new(), params, words, identity, means: Vec::new(), data: Data::default() }
    }

    /// What the run keeps of it besides its parameters.
    pub fn documents(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut documents = self.data.document(&self.params);
        if !self.means.is_empty() {
            documents.insert(MEANS.to_owned(), serde_json::json!(self.means));
        }
        documents
    }
}

/// The document of a run that keeps the options that are part of what it means.
pub const MEANS: &str = "means";

impl Prepared {
    /// The start folder below the root, with `/`; empty for the root itself.
    pub fn below(&self) -> String {
        let below = self.folder.strip_prefix(&self.root).unwrap_or(Path::new(""));
        below.to_string_lossy().replace('\\', "/")
    }

    /// The start folder as part of what it means.
    pub fn starts_in(&self) -> String {
        let below = self.folder.strip_prefix(&self.root).unwrap_or(&self.folder);
        below.to_string_lossy().into_owned()
    }

    /// Where its environment is described.
    pub fn environment<'a>(&'a self, place: &'a Place, machine: &'a Machine) -> environment::Request<'a> {
        environment::Request { folder: &self.root, detected: &self.detected, place, machine }
    }

    /// The lock of its environment, if that can be told without building it.
    pub fn known_lock(&self, context: &Context) -> Result<Option<EnvironmentLock>, Failure> {
        let (place, machine) = (place(context), Machine::of_this_process());
        environment::known_lock(&self.environment(&place, &machine)).map_err(Failure::from)
    }

    /// Everything that a snapshot would hold now.
    pub fn present_tree(&self, index: &mut StatIndex) -> Result<Manifest, Failure> {
        let options = Options { git: false, ..self.snapshot.clone() };
        Ok(mendel_snapshot::snapshot(&self.root, &options, index)?.manifest)
    }
}

/// Where environments are kept.
pub fn place(context: &Context) -> Place {
    Place { environments: context.workspace.environments(), cache: context.workspace.cache() }
}

/// Makes `target` ready; nothing is started or written.
pub async fn prepare(
    target: &Target,
    options: &RunOptions,
    context: &Context,
    printer: &Printer,
) -> Result<Vec<Prepared>, Failure> {
    match target {
        Target::Script { path, words } => Ok(vec![script::prepare(path, words, options, context).await?]),
        Target::Command { words } => Ok(vec![script::prepare_command(words, options)?]),
        Target::Folders(folders) => prepare_folders(folders, options, context, printer).await,
    }
}

/// Makes the scripts of `folders` ready.
pub async fn prepare_folders(
    folders: &[PathBuf],
    options: &RunOptions,
    context: &Context,
    printer: &Printer,
) -> Result<Vec<Prepared>, Failure> {
    let tasks = folders.iter().map(|folder| prepare_folder(folder, options, printer));
    let mut tasks = tasks.collect::<Result<Vec<_>, _>>()?;
    for task in &mut tasks {
        data::find(context, task, None).await?;
    }
    Ok(tasks)
}

fn prepare_folder(folder: &Path, options: &RunOptions, printer: &Printer) -> Result<Prepared, Failure> {
    let root = folder
        .canonicalize()
        .map_err(|error| Failure::trouble(format!("cannot read `{}`: {error}", folder.display())))?;
    let task = mendel_spec::read_folder_with(&root, &ReadOptions { entry: options.entry.as_deref() })?;
    note(printer, &task.warnings);
    let entry = runnable(&task, folder)?;
    if entry.ends_with(".ipynb") {
        // A cell that cannot be run is told before anything starts.
        let path = root.join(&entry);
        let text = std::fs::read(&path)
            .map_err(|error| Failure::input(format!("cannot read `{}`: {error}", path.display())))?;
        script::code(&path, &text)?;
    }
    let values = options.values.as_deref().map(ValuesFile::read).transpose()?;
    let given = options.given()?;
    let request = GridRequest {
        values: values.as_ref(),
        sets: &given.sets,
        grids: &given.grids,
        either: &given.either,
        declared: given.declared,
        limit: 0,
    };
    let grid = mendel_spec::members(&task.schema, &request)?;
    note(printer, &grid.warnings);
    let settings = Settings::of(&root, options)?;
    let choice = match (&options.env, &task.environment) {
        (None, Some(file)) => EnvironmentChoice::File(file.clone()),
        _ => settings.choice,
    };
    let means = means(options.no_compat);
    let cells = grid.members.into_iter().map(|member| cell_of_folder(&entry, member, &means)).collect();
    Ok(Prepared {
        kind: TaskKind::Folder,
        name: options.name.clone().unwrap_or(task.name),
        description: task.description,
        project: settings.project,
        folder: root.clone(),
        typed: PathBuf::from(&entry),
        entry,
        private: true,
        coretex: !options.no_compat && task.document.contains_key("param_groups"),
        policy: settings.policy,
        detected: environment::detect(&root, &choice, &Machine::of_this_process())?,
        inputs: None,
        snapshot: settings.snapshot,
        tags: settings.tags,
        jobs: settings.jobs,
        parser_note: None,
        origin: None,
        monitor: !options.no_monitor,
        keep_outputs: options.keep_outputs,
        outputs: required_outputs(&task.schema),
        is_grid: !grid.axes.is_empty(),
        cells,
        root,
    })
}

fn cell_of_folder(entry: &str, member: Member, means: &[String]) -> Cell {
    let identity = Identity::of_script(entry, "", &member.params, means);
    Cell { suffix: member.suffix, means: means.to_vec(), ..Cell::of(member.params, Vec::new(), Some(identity)) }
}

/// What a folder's run means besides its parameters: with `coretex` as installed it may do
/// something else.
pub fn means(no_compat: bool) -> Vec<String> {
    if no_compat { vec![NO_COMPAT.to_owned()] } else { Vec::new() }
}

/// The option that keeps the module `coretex` as installed.
pub const NO_COMPAT: &str = "--no-compat";

/// The outputs that a task declares as required.
pub fn required_outputs(schema: &ParamSchema) -> Vec<String> {
    schema.outputs.iter().filter(|output| output.required).map(|output| output.name.clone()).collect()
}

/// The entry of a folder that this version can run.
fn runnable(task: &TaskFile, folder: &Path) -> Result<String, Failure> {
    let kind = match task.kind {
        Kind::Script => return task.entry.clone().ok_or_else(|| nothing_to_run(folder)),
        Kind::Node => return Err(nothing_to_run(folder)),
        Kind::Staged => "a staged pipeline",
        Kind::Training => "a declarative training",
        Kind::Typed => "a typed task",
    };
    Err(Failure::input_hint(
        format!(
            "`{}` is {kind} ({}), and this version runs scripts, commands and script folders",
            folder.display(),
            task.decision.reason
        ),
        "`mendel show` tells what was found",
    ))
}

fn nothing_to_run(folder: &Path) -> Failure {
    Failure::input_hint(
        format!("entry_missing: `{}` has no entry script; looked for `main.py`, `main.r`, `main.R`", folder.display()),
        "`mendel new NAME` makes a folder that runs; `entry:` in task.yaml or `--entry FILE` names another script",
    )
}

/// What holds for a whole project, with the options laid over it.
pub struct Settings {
    /// Name of the project.
    pub project: String,
    /// What a changed environment does.
    pub policy: EnvironmentPolicy,
    /// Which environment is wanted.
    pub choice: EnvironmentChoice,
    /// How snapshots are taken.
    pub snapshot: Options,
    /// Tags of every run.
    pub tags: Vec<String>,
    /// How many runs at once.
    pub jobs: Option<usize>,
}

impl Settings {
    /// Reads the project file at or above `root`.
    pub fn of(root: &Path, options: &RunOptions) -> Result<Self, Failure> {
        let file = ProjectFile::find(root)?.unwrap_or_default();
        let env = options.env.clone().or(file.env.clone());
        let choice = env.map(|word| word.parse()).transpose()?.unwrap_or_default();
        let tags = file.tags.iter().chain(&options.tags).cloned().collect();
        let folder = file.path.parent().unwrap_or(root).to_owned();
        let ignore = Patterns { folder, lines: file.snapshot.ignore };
        let mut snapshot = Options { purpose: Purpose::Task, ignore, ..Options::default() };
        let limits = &mut snapshot.limits;
        limits.files = file.snapshot.max_files.unwrap_or(limits.files);
        limits.bytes = file.snapshot.max_bytes.unwrap_or(limits.bytes);
        limits.file_bytes = file.snapshot.max_file_bytes.unwrap_or(limits.file_bytes);
        let named = options.project.clone().or(file.project);
        Ok(Self {
            project: named.unwrap_or_else(|| folder_name(root)),
            policy: file.environment,
            choice,
            snapshot,
            tags,
            jobs: options.jobs.or(file.jobs),
        })
    }
}

/// The last part of a path, or `default` for the root of everything.
pub fn folder_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "default".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The folder the command was started in, with links resolved.
pub fn start_folder() -> Result<PathBuf, Failure> {
    let folder = present_folder()?;
    folder.canonicalize().map_err(|error| Failure::trouble(format!("cannot read `{}`: {error}", folder.display())))
}

/// Notes what was odd and stopped nothing.
pub fn note(printer: &Printer, warnings: &mendel_spec::Problems) {
    if !warnings.0.is_empty() {
        printer.note(format_args!("{}", warnings.to_string().trim_end()));
    }
}
