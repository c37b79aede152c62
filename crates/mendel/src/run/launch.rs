//! Creates the runs that have to be computed, hands them to a supervisor and watches.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use mendel_agent::{
    environment::{self, Machine},
    job::{FolderLink, Job, JobBatch, JobEnvironment, Keep, Launch, Watched, WorkingFolder},
};
use mendel_api::CreateRuns;
use mendel_engine::{Action, Plan};
use mendel_model::{BatchId, Digest, NewBatch, NewRun, Param, Run, RunId, ScriptInfo, TaskKind};
use mendel_snapshot::{LeftOut, LeftOutReason, Snapshot, StatIndex};
use mendel_spec::Notebook;
use serde::{Deserialize, Serialize};

use crate::{
    context::{Context, now},
    exit::Failure,
    printer::Printer,
    run::{
        freeze,
        options::RunOptions,
        package,
        prepare::{Cell, Prepared, place},
        watch::{self, Watched as Seen},
    },
};

/// What was done for the steps of a run; each counts once.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct StepCounts {
    /// Computed by it.
    pub computed: usize,
    /// Found in the store.
    pub reused: usize,
    /// Computed by another run at the same time, which was waited for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What became of one cell.
pub struct CellOutcome {
    /// The run that holds its result.
    pub run: Run,
    /// Whether it was executed now.
    pub computed: bool,
    /// How many steps were executed, and how many answered by what is stored.
    pub steps: StepCounts,
    /// The last lines of its console, where it failed.
    pub last_lines: Vec<String>,
}

/// What became of one task.
pub struct TaskOutcome {
    /// Its cells, in the order of the request.
    pub cells: Vec<CellOutcome>,
    /// The batch they form.
    pub batch: Option<BatchId>,
    /// Whether a person interrupted it.
    pub interrupted: bool,
}

/// Executes what `plan` says of `task`.
pub async fn launch(
    context: &Context,
    (task, plan): (&Prepared, &Plan),
    options: &RunOptions,
    index: &mut StatIndex,
    printer: &Printer,
) -> Result<TaskOutcome, Failure> {
    let wanted = task.cells.iter().zip(&plan.steps).filter(|(_, step)| step.action == Action::Compute);
    let wanted: Vec<_> = wanted.map(|(cell, step)| (cell, step.reasons.clone())).collect();
    let mut seen = Seen::default();
    let mut created = Vec::new();
    if !wanted.is_empty() {
        let ready = Ready::make(context, task, options, index, printer).await?;
        let runs: Vec<_> = wanted.iter().map(|(cell, reasons)| ready.new_run(cell, reasons, options)).collect();
        created = runs.iter().map(|run| run.id).collect();
        let batch = task.is_grid.then(|| new_batch(task, members(plan, &created)));
        context.client.create_runs(&CreateRuns { runs: runs.clone(), batch: batch.clone() }).await?;
        let jobs = wanted.iter().zip(&runs).map(|((cell, _), run)| ready.job(context, cell, run));
        let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
        let names = task.is_grid.then(|| runs.iter().map(|run| (run.id, run.name.clone())).collect());
        seen = watch::execute(context, ready.batch_of(context, jobs, options)?, names, printer).await?;
        return outcome(context, plan, &created, seen, batch.map(|batch| batch.id)).await;
    }
    let batch = task.is_grid.then(|| new_batch(task, members(plan, &created)));
    if let Some(batch) = &batch {
        context.client.create_runs(&CreateRuns { runs: Vec::new(), batch: Some(batch.clone()) }).await?;
    }
    outcome(context, plan, &created, seen, batch.map(|batch| batch.id)).await
}

/// What all cells of a task share once something has to be computed.
struct Ready<'a> {
    task: &'a Prepared,
    snapshot: Snapshot,
    manifest: Digest,
    environment: environment::Prepared,
}

impl<'a> Ready<'a> {
    async fn make(
        context: &Context,
        task: &'a Prepared,
        options: &RunOptions,
        index: &mut StatIndex,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let (place, machine) = (place(context), Machine::of_this_process());
        let request = task.environment(&place, &machine);
        environment::ensure_available(&task.detected, &machine)?;
        let environment =
            environment::prepare(&request, options.rebuild_env, &mut |line| printer.note(format_args!("  {line}")))?;
        if environment.built {
            printer.note(format_args!("built the environment ({})", task.detected.because));
        }
        let (snapshot, manifest) = freeze::freeze(context, (&task.root, &task.snapshot), index, printer).await?;
        Ok(Self { task, snapshot, manifest, environment })
    }

    fn new_run(&self, cell: &Cell, reasons: &[mendel_model::Reason], options: &RunOptions) -> NewRun {
        let git = self.snapshot.manifest.git.clone().unwrap_or_default();
        NewRun {
            id: RunId::from_uuid(mendel_journal::new_id()),
            name: format!("{}{}", self.task.name, cell.suffix),
            project: self.task.project.clone(),
            kind: self.task.kind,
            purpose: Default::default(),
            user: std::env::var("USER").unwrap_or_default(),
            created: now(),
            params: cell.params.clone(),
            tags: self.task.tags.clone(),
            comment: options.comment.clone().unwrap_or_else(|| self.task.description.clone()),
            parent: self.task.origin,
            script: ScriptInfo {
                entry: self.task.entry.clone(),
                arguments: cell.words.clone(),
                root: self.task.root.display().to_string(),
                working_folder: self.task.below(),
                repository: git.repository,
                branch: git.branch.unwrap_or_default(),
                commit: git.commit.unwrap_or_default(),
                diff: git.diff,
            },
            snapshot: Some(self.manifest),
            identity: cell.identity,
            code: Some(self.snapshot.manifest.digest()),
            environment: Some(self.environment.lock.clone()),
            reasons: reasons.to_vec(),
            documents: cell.documents(),
            owner: None,
        }
    }

    fn job(&self, context: &Context, cell: &Cell, run: &NewRun) -> Result<Job, Failure> {
        let task = self.task;
        let params = context.workspace.run(run.id).join("params.json");
        write_params(&params, &cell.data.received(&run.params))?;
        let variables = self.environment.variables.iter();
        let variables = variables.map(|(name, value)| (name.clone(), Some(value.to_string_lossy().into_owned())));
        let own = [("MENDEL_PARAMS".to_owned(), Some(params.display().to_string()))];
        Ok(Job {
            run: run.id,
            step: "main".into(),
            launch: self.launch()?,
            arguments: arguments_of(task, &cell.words),
            root: task.root.clone(),
            starts_in: task.starts_in(),
            parser_settles: task.kind == TaskKind::Script,
            folder: match task.private {
                true => {
                    WorkingFolder::Private { below: task.below(), links: links(&task.root, &self.snapshot.left_out) }
                }
                false => WorkingFolder::InPlace { path: task.folder.clone() },
            },
            manifest: Some(self.manifest),
            environment: JobEnvironment {
                python: self.environment.python.clone(),
                variables: variables.chain(own).collect(),
                lock: Some(self.environment.lock.digest()),
            },
            inputs: task.inputs.clone(),
            data: cell.data.dependencies(),
            identity: cell.identity,
            parser_note: task.parser_note.clone(),
            keep: Keep {
                monitor: task.monitor,
                large_outputs: task.keep_outputs,
                artifacts: task.kind == TaskKind::Folder,
                ..Keep::default()
            },
            coretex: task.coretex,
        })
    }

    fn launch(&self) -> Result<Launch, Failure> {
        let task = self.task;
        let (entry, path) = (task.entry.clone(), start_path(task));
        Ok(match (task.kind, extension(task)) {
            (TaskKind::Command, _) => Launch::Command { program: entry },
            (_, Some("sh")) => Launch::Shell { entry, path },
            (_, Some("r" | "R")) => Launch::Command { program: "Rscript".into() },
            (_, Some("ipynb")) => {
                let stand_in = Some(self.notebook()?.script(&path.to_string_lossy()));
                Launch::Script { entry, path, stand_in }
            }
            _ => Launch::Script { entry, path, stand_in: None },
        })
    }

    /// The entry as the snapshot has it.
    fn notebook(&self) -> Result<Notebook, Failure> {
        let entry = &self.task.entry;
        let file = self.snapshot.files.iter().find(|file| file.path == *entry);
        let file = file.ok_or_else(|| Failure::input(format!("`{entry}` is not in the snapshot")))?;
        let contents = self.snapshot.read(&[file])?;
        Ok(Notebook::read(entry, &String::from_utf8_lossy(&contents.concat()))?)
    }

    fn batch_of(&self, context: &Context, jobs: Vec<Job>, options: &RunOptions) -> Result<JobBatch, Failure> {
        let binary = std::env::current_exe()
            .map_err(|error| Failure::trouble(format!("this program cannot be found: {error}")))?;
        Ok(JobBatch {
            workspace: context.workspace.root().to_owned(),
            slots: self.task.jobs.unwrap_or(1),
            fail_fast: options.fail_fast,
            stop_grace: 30,
            watched: Watched::Required,
            package: package::folder(),
            binary,
            jobs,
        })
    }
}

/// The words after what is started; R is started with its script as the first of them.
fn arguments_of(task: &Prepared, words: &[String]) -> Vec<String> {
    let script = match extension(task) {
        Some("r" | "R") if task.kind != TaskKind::Command => Some(start_path(task).display().to_string()),
        _ => None,
    };
    script.into_iter().chain(words.iter().cloned()).collect()
}

fn extension(task: &Prepared) -> Option<&str> {
    Path::new(&task.entry).extension().and_then(|extension| extension.to_str())
}

/// The entry as it is started: as typed in place, and from the start folder of a private copy.
fn start_path(task: &Prepared) -> PathBuf {
    if !task.private {
        return task.typed.clone();
    }
    let up = Path::new(&task.below()).components().count();
    std::iter::repeat_n("..", up).collect::<PathBuf>().join(&task.entry)
}

/// What a private folder finds where it lies: data that the snapshot leaves out.
fn links(root: &Path, left_out: &[LeftOut]) -> Vec<FolderLink> {
    let never = [".git", ".mendel", "__pycache__", ".venv", "venv", ".cache"];
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = left_out.iter().filter(|one| {
        matches!(one.reason, LeftOutReason::Ignored | LeftOutReason::TooLarge)
            && !never.contains(&name(&one.path).as_str())
    });
    wanted.map(|one| FolderLink { path: one.path.clone(), target: root.join(&one.path) }).collect()
}

/// Where user code finds the values it was given.
fn write_params(path: &Path, params: &[Param]) -> Result<(), Failure> {
    let unwritable = |error: std::io::Error| Failure::trouble(format!("cannot write `{}`: {error}", path.display()));
    let bytes = serde_json::to_vec(params).expect("parameters have text keys");
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(unwritable)?;
    std::fs::write(path, bytes).map_err(unwritable)
}

fn new_batch(task: &Prepared, members: Vec<RunId>) -> NewBatch {
    let id = BatchId::from_uuid(mendel_journal::new_id());
    NewBatch { id, name: task.name.clone(), project: task.project.clone(), members, created: now() }
}

/// The run of every cell, in order.
fn members(plan: &Plan, created: &[RunId]) -> Vec<RunId> {
    let mut fresh = created.iter();
    let mut members: Vec<RunId> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let run = match &step.action {
            Action::Compute => fresh.next().copied(),
            Action::Reuse(result) => Some(result.run),
            Action::Same { step } => members.get(*step).copied(),
        };
        members.extend(run);
    }
    members
}

async fn outcome(
    context: &Context,
    plan: &Plan,
    created: &[RunId],
    mut seen: Seen,
    batch: Option<BatchId>,
) -> Result<TaskOutcome, Failure> {
    let members = members(plan, created);
    let ids: HashSet<RunId> = members.iter().copied().collect();
    let runs = context.client.runs_of(&ids.into_iter().collect::<Vec<_>>()).await?;
    let known: HashMap<RunId, Run> = runs.into_iter().map(|run| (run.facts.id, run)).collect();
    let mut cells = Vec::with_capacity(plan.steps.len());
    for (step, id) in plan.steps.iter().zip(members) {
        let gone = || Failure::trouble(format!("run `{id}` was deleted meanwhile"));
        let run = known.get(&id).cloned().ok_or_else(gone)?;
        let last_lines = seen.last_lines.remove(&id).unwrap_or_default();
        let computed = step.action == Action::Compute;
        let steps = StepCounts { computed: computed.into(), reused: (!computed).into(), waited: 0 };
        cells.push(CellOutcome { run, computed, steps, last_lines });
    }
    Ok(TaskOutcome { cells, batch, interrupted: seen.interrupted })
}

/// Starts a new attempt of `run`, whose task was made ready from its snapshot.
pub async fn resume(context: &Context, task: &Prepared, run: &Run, printer: &Printer) -> Result<TaskOutcome, Failure> {
    let options = RunOptions::default();
    let mut index = StatIndex::in_memory();
    let ready = Ready::make(context, task, &options, &mut index, printer).await?;
    let cell = task.cells.first().ok_or_else(|| Failure::input("there is nothing to go on with"))?;
    let job = ready.job(context, cell, &run.facts)?;
    let mut seen = watch::execute(context, ready.batch_of(context, vec![job], &options)?, None, printer).await?;
    let last_lines = seen.last_lines.remove(&run.facts.id).unwrap_or_default();
    let run = context.run(&run.facts.id.to_string()).await?;
    Ok(TaskOutcome {
        cells: vec![CellOutcome {
            run,
            computed: true,
            steps: StepCounts { computed: 1, ..StepCounts::default() },
            last_lines,
        }],
        batch: None,
        interrupted: seen.interrupted,
    })
}
