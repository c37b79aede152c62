//! What a request for trees asks for: their tasks as they would run now, and all that is wrong.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use mendel_engine::pipeline::CurrentStage;
use mendel_model::{Canonical, Identity, InputId, Origin, Param, Timestamp};
use mendel_snapshot::project_root;
use mendel_spec::{
    Assignment, Kind, Place, Problem, Problems, Tree, TreeOptions, TreeTask, enumerated, read_tree, split_values,
};
use serde_json::{Map, Value};

use super::{
    code::{Code, InstalledIn},
    describe,
    pipeline::{Known, Pipeline, config_of},
};
use crate::{
    context::{Context, now},
    exit::Failure,
    printer::Printer,
    run::{
        options::RunOptions,
        prepare::{Settings, start_folder},
    },
};

/// One staged task as it would run now.
pub struct StagedTask {
    /// Its folder; of a cell of a grid, one that need not be there.
    pub address: String,
    /// The folder as messages name it.
    pub shown: String,
    /// Its name.
    pub name: String,
    /// Folder of its root task.
    pub root: PathBuf,
    /// Whether it runs at all.
    pub runnable: bool,
    /// Whether it was asked for, and not only found around what was.
    pub selected: bool,
    /// Its inputs.
    pub inputs: Arc<[InputId]>,
    /// Its specification with the effective config.
    pub spec: Value,
    /// Its effective config.
    pub config: Value,
    /// Values of its declared parameters.
    given: Vec<Param>,
    /// Those that every stage sees.
    pub visible: Map<String, Value>,
    /// Its scopes by name.
    pub scopes: BTreeMap<String, String>,
    /// What it says its pipeline is.
    pub named: mendel_spec::PipelineSpec,
    /// Its pipeline.
    pub pipeline: Arc<Pipeline>,
    /// Ids of its marginal stages.
    pub marginal: Vec<String>,
    /// Its tree and its place in it.
    place: (usize, usize),
}

impl StagedTask {
    /// What the whole task means.
    pub fn identity(&self) -> Identity {
        let mut form = Canonical::new("staged");
        form.text(&self.address).value(&self.spec).identity()
    }

    /// Values of its parameters: the declared ones, then the hyperparameters of every stage.
    pub fn params(&self) -> Vec<Param> {
        let mut params = self.given.clone();
        for stage in &self.pipeline.stages {
            leaves(&stage.id, "", config_of(&self.config, &stage.id), &mut params);
        }
        params
    }

    /// Its stages as they are now, in pipeline order.
    pub fn current_stages(&self) -> Vec<CurrentStage> {
        let current = self.pipeline.stages.iter().enumerate().map(|(place, stage)| CurrentStage {
            id: stage.id.clone(),
            class: stage.class.clone(),
            code: self.pipeline.digest(place),
            config: config_of(&self.config, &stage.id).clone(),
        });
        current.collect()
    }
}

/// A task that is no pipeline.
pub struct OtherTask {
    /// Its folder.
    pub path: PathBuf,
    /// The folder as messages name it.
    pub shown: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it was asked for.
    pub selected: bool,
}

/// The trees of a request.
pub struct Forest {
    /// When the reading began: code that is newer was not seen.
    pub planned: Timestamp,
    /// The folder the command was started in, which modules are imported from.
    pub start: PathBuf,
    /// All folders that modules are imported from.
    pub roots: Vec<PathBuf>,
    /// The project root: everything below it can count.
    pub project: PathBuf,
    /// What holds for the project.
    pub settings: Settings,
    /// Sound staged tasks, parents before children.
    pub tasks: Vec<StagedTask>,
    /// Other tasks.
    pub others: Vec<OtherTask>,
    /// Errors and warnings.
    pub problems: Problems,
    trees: Vec<Tree>,
}

/// Whether `folder` is a tree of tasks and not a script to be started.
pub fn is_tree(folder: &Path) -> bool {
    if mendel_spec::read_folder(folder).is_ok_and(|task| matches!(task.kind, Kind::Script | Kind::Training)) {
        return false;
    }
    let tree = read_tree(folder, &TreeOptions::default());
    let alone = tree.tasks.first().filter(|task| tree.tasks.len() == 1 && task.kind == Kind::Node);
    // The file of a tree alone makes a node of one, whatever stands in it.
    let is_node = alone.is_some_and(|task| tree.problems.has_errors() || task.file.ends_with(".yml"));
    tree.tasks.len() > 1 || is_node || tree.tasks.iter().any(|task| task.kind == Kind::Staged)
}

impl Forest {
    /// Reads the trees at `paths`. Python is started only where the source of a pipeline does
    /// not tell what its stages declare and `may_ask` allows it.
    pub async fn read(
        context: &Context,
        paths: &[PathBuf],
        options: &RunOptions,
        (may_ask, printer): (bool, &Printer),
    ) -> Result<Self, Failure> {
        let (planned, start) = (now(), start_folder()?);
        let extra = options.import_roots.iter().map(|path| {
            let unreadable = |error| Failure::input(format!("`--path {}` cannot be read: {error}", path.display()));
            path.canonicalize().map_err(unreadable)
        });
        let roots = std::iter::once(Ok(start.clone())).chain(extra).collect::<Result<Vec<PathBuf>, Failure>>()?;
        let (common, cells, mut problems) = cells(options);
        let mut trees = Vec::new();
        for path in paths {
            for cell in &cells {
                let mut tree = read_tree(path, &tree_options(options, [common.as_slice(), cell].concat()));
                problems.extend(std::mem::take(&mut tree.problems));
                trees.push((tree, cell.clone()));
            }
        }
        let project = project_of(&start, trees.iter().flat_map(|(tree, _)| &tree.tasks))?;
        let settings = Settings::of(&project, options)?;
        let installed = InstalledIn::of(context, &project, &settings);
        let mut code = Code::below(context, &project, &roots).with_installed(installed);
        let mut forest = Self {
            planned,
            start,
            roots,
            project,
            settings,
            tasks: Vec::new(),
            others: Vec::new(),
            problems,
            trees: Vec::new(),
        };
        let mut pipelines = HashMap::new();
        for (index, (tree, cell)) in trees.into_iter().enumerate() {
            forest.add((index, tree, cell), &mut pipelines, &mut code, (context, options, may_ask, printer)).await?;
        }
        code.keep(printer);
        pipelines.into_values().for_each(|found| found.tell_again(&mut forest.problems));
        forest.tidy();
        Ok(forest)
    }

    /// Fails where nothing of what was asked for runs.
    pub fn refuse_what_does_not_run(&self) -> Result<(), Failure> {
        let runs = self.tasks.iter().any(|task| task.selected && task.runnable)
            || self.others.iter().any(|task| task.selected && task.kind == Kind::Script);
        if runs {
            return Ok(());
        }
        let first = self.tasks.iter().find(|task| task.selected).map(|task| &task.shown);
        let first = first.or_else(|| self.others.iter().find(|task| task.selected).map(|task| &task.shown));
        let shown = first.map_or("the tree", String::as_str);
        Err(Failure::input_hint(
            format!("not_runnable: `{shown}` passes values down and runs nothing itself"),
            "`runnable: true` makes a task with a pipeline run; `mendel status` lists the tasks",
        ))
    }

    /// Whether the task in `folder` is a pipeline.
    pub fn is_staged(&self, folder: Option<&Path>) -> bool {
        self.tasks.iter().any(|task| Some(Path::new(&task.address)) == folder)
    }

    /// Refuses to go on with errors, unless what is sound is wanted alone; warnings are told.
    pub fn judge(&self, keep_going: bool, printer: &Printer) -> Result<(), Failure> {
        if self.problems.is_empty() {
            return Ok(());
        }
        if self.problems.has_errors() && !keep_going {
            return Err(Failure::Problems(self.problems.clone()));
        }
        printer.note(format_args!("{}", self.problems));
        Ok(())
    }

    /// Where the value at `path` of the specification of `task` came from.
    pub fn origin(&self, task: &StagedTask, path: &str) -> Option<Origin> {
        self.trees[task.place.0].origin(task.place.1, path)
    }

    /// What an input of `task` uses while it is worked on: as the task says, else the nearest around it.
    /// It is no part of the specification: who has more room gets no other result.
    pub fn resources(&self, task: &StagedTask) -> Value {
        let tasks = &self.trees[task.place.0].tasks;
        let mut place = Some(task.place.1);
        while let Some(task) = place.map(|place| &tasks[place]) {
            if let Some(found) = task.full_spec.get("resources") {
                return found.clone();
            }
            place = task.parent;
        }
        Value::Null
    }

    /// Where every value of the specification of `task` came from.
    pub fn origins(&self, task: &StagedTask) -> BTreeMap<String, Origin> {
        self.trees[task.place.0].origins(task.place.1)
    }

    async fn add(
        &mut self,
        (index, tree, cell): (usize, Tree, Vec<Assignment>),
        pipelines: &mut Pipelines,
        code: &mut Code,
        (context, options, may_ask, printer): (&Context, &RunOptions, bool, &Printer),
    ) -> Result<(), Failure> {
        for (place, task) in tree.tasks.iter().enumerate() {
            let shown = shown(&task.path, &self.start);
            let Some(named) = task.pipeline.clone().filter(|_| task.kind == Kind::Staged) else {
                if cell.is_empty() || index == 0 {
                    let other = OtherTask { path: task.path.clone(), shown, kind: task.kind, selected: task.selected };
                    self.others.push(other);
                }
                continue;
            };
            if !task.sound {
                continue;
            }
            let key = describe::named(&named).to_string();
            if let Some(Found::Wrong { again, .. }) = pipelines.get_mut(&key) {
                again.push(shown);
                continue;
            }
            if !pipelines.contains_key(&key) {
                let ask = describe::Ask { context, options, forest: self, task, named: &named, may_ask, printer };
                let found = match Pipeline::read(&named, code) {
                    Ok(Known::Whole(pipeline)) => Ok(Some(pipeline)),
                    Ok(Known::Asked(note)) => match ask.stages(&note).await? {
                        Ok(Some(stages)) => Ok(Some(Arc::new(Pipeline::told(stages, code)))),
                        Ok(None) => Ok(None),
                        Err(problem) => Err(problem.into()),
                    },
                    Err(problems) => Err(problems),
                };
                let found = match found {
                    Ok(Some(pipeline)) => Found::Known(pipeline),
                    Ok(None) => Found::Untold,
                    Err(problems) => {
                        let first = self.problems.0.len();
                        self.problems.extend(problems);
                        Found::Wrong { problems: first..self.problems.0.len(), again: Vec::new() }
                    }
                };
                pipelines.insert(key.clone(), found);
            }
            let pipeline = match pipelines.get(&key) {
                Some(Found::Known(pipeline)) => pipeline.clone(),
                Some(Found::Untold) => {
                    let kind = Kind::Staged;
                    self.others.push(OtherTask { path: task.path.clone(), shown, kind, selected: task.selected });
                    continue;
                }
                Some(Found::Wrong { .. }) | None => continue,
            };
            let at = |path: &str| tree.origin(place, path).and_then(|origin| place_of(&origin));
            let problems = pipeline.judge(task, &at);
            let is_sound = !problems.has_errors();
            self.problems.extend(problems);
            if is_sound {
                let staged = staged(task, (index, place), (named, pipeline, &cell), shown);
                self.tasks.push(staged);
            }
        }
        self.trees.push(tree);
        Ok(())
    }

    /// Each task once, in the order of their folders.
    fn tidy(&mut self) {
        self.tasks.sort_by(|one, other| (&one.address, !one.selected).cmp(&(&other.address, !other.selected)));
        self.tasks.dedup_by(|later, first| later.address == first.address);
        self.others.sort_by(|one, other| (&one.path, !one.selected).cmp(&(&other.path, !other.selected)));
        self.others.dedup_by(|later, first| later.path == first.path);
        let mut told = BTreeSet::new();
        self.problems.0.retain(|problem| told.insert(problem.to_string()));
    }
}

/// What is known of each pipeline that tasks name, by its dotted paths.
type Pipelines = HashMap<String, Found>;

/// A pipeline that was looked for.
enum Found {
    Known(Arc<Pipeline>),
    /// Only Python could tell what its stages are.
    Untold,
    /// It cannot be: the problems that say why, and the tasks that name it as well.
    Wrong {
        problems: Range<usize>,
        again: Vec<String>,
    },
}

impl Found {
    /// Says in the problems of a wrong pipeline who else names it.
    fn tell_again(self, all: &mut Problems) {
        if let Self::Wrong { problems, again } = self
            && !again.is_empty()
        {
            for problem in all.0.get_mut(problems).into_iter().flatten() {
                let also = format!("the same in {}", enumerated(&again));
                problem.hint = if problem.hint.is_empty() { also } else { format!("{}; {also}", problem.hint) };
            }
        }
    }
}

fn staged(
    task: &TreeTask,
    place: (usize, usize),
    (named, pipeline, cell): (mendel_spec::PipelineSpec, Arc<Pipeline>, &[Assignment]),
    shown: String,
) -> StagedTask {
    let words: Vec<_> = cell.iter().map(|set| format!("{}={}", set.name.replace('/', "."), set.text)).collect();
    let below = words.join(",");
    let folder = task.path.display().to_string();
    let moved = |path: &str| match path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) if !below.is_empty() => format!("{folder}/{}/{rest}", below.replace('%', "%%")),
        _ => path.to_owned(),
    };
    let joined = |text: String| if below.is_empty() { text } else { format!("{text}/{below}") };
    let marginal = task.marginal.iter().filter_map(|(entry, _)| pipeline.marginal_id(entry)).map(str::to_owned);
    StagedTask {
        address: joined(folder.clone()),
        shown: joined(shown),
        name: joined(task.name.clone()),
        root: task.rootdir.clone(),
        runnable: task.runnable,
        selected: task.selected,
        inputs: task.input_ids.clone(),
        spec: task.spec(),
        config: task.config.clone(),
        given: task.params.clone(),
        visible: task.visible_params(),
        scopes: task.scopes.iter().map(|(name, scope)| (name.clone(), moved(&scope.pattern))).collect(),
        marginal: marginal.collect(),
        named,
        pipeline,
        place,
    }
}

fn leaves(stage: &str, path: &str, value: &Value, params: &mut Vec<Param>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
                leaves(stage, &path, value, params);
            }
        }
        _ if path.is_empty() => {}
        value => params.push(Param {
            section: stage.to_owned(),
            name: path.to_owned(),
            kind: None,
            value: value.clone(),
            origin: Origin::Default { at: None },
            required: false,
            description: String::new(),
        }),
    }
}

/// What holds for every cell, and what each cell adds: one value of every grid.
fn cells(options: &RunOptions) -> (Vec<Assignment>, Vec<Vec<Assignment>>, Problems) {
    let mut problems = Problems::new();
    let given = options.given().unwrap_or_else(|failure| {
        if let Failure::Problems(found) = failure {
            problems.extend(found);
        }
        Default::default()
    });
    let (mut common, mut cells) = (given.sets, vec![Vec::new()]);
    for axis in given.grids.iter().chain(&given.either) {
        let set = |text: &String| Assignment { text: text.clone(), ..axis.clone() };
        match split_values(&axis.text) {
            Ok(values) if values.len() == 1 && axis.option == "-p" => common.extend(values.iter().map(set)),
            Ok(values) => {
                let grown = cells.iter().flat_map(|cell: &Vec<Assignment>| {
                    values.iter().map(move |text| cell.iter().cloned().chain([set(text)]).collect())
                });
                cells = grown.collect();
            }
            Err(found) => problems.extend(found),
        }
    }
    if given.declared {
        let problem = Problem::error("bad_option", "`--grid` without values is for a task with declared ones");
        problems.push(problem.hint("write `--grid stage/key=v1,v2`"));
    }
    (common, cells, problems)
}

fn tree_options(options: &RunOptions, sets: Vec<Assignment>) -> TreeOptions {
    TreeOptions {
        sets,
        tasks: options.tasks.clone(),
        under: options.under.clone(),
        with_ancestors: options.with_ancestors,
    }
}

/// The project that the command was started in, grown to hold every task.
fn project_of<'a>(start: &Path, tasks: impl Iterator<Item = &'a TreeTask>) -> Result<PathBuf, Failure> {
    let root = project_root(start, start).folder;
    let outside: Vec<_> = tasks.filter(|task| !task.path.starts_with(&root)).map(|task| task.rootdir.clone()).collect();
    let Some(first) = outside.first() else { return Ok(root) };
    let common = root.ancestors().find(|folder| outside.iter().all(|task| task.starts_with(folder)));
    match common
        .filter(|folder| project_root(folder, folder).folder.starts_with(folder) && folder.components().count() > 2)
    {
        Some(common) => Ok(common.to_owned()),
        None => Err(Failure::input_hint(
            format!("the tree `{}` and the code in `{}` have no project in common", first.display(), root.display()),
            "start the command in the folder that holds both",
        )),
    }
}

/// A folder as messages name it: below the folder the command was started in, where it lies there.
fn shown(path: &Path, start: &Path) -> String {
    match path.strip_prefix(start) {
        Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Ok(below) => below.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

fn place_of(origin: &Origin) -> Option<Place> {
    let Origin::File { at } = origin else { return None };
    let (file, line) = at.rsplit_once(':')?;
    Some(Place { file: file.into(), line: line.parse().ok()?, column: 1 })
}
