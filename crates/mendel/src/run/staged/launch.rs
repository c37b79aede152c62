//! Creates the runs of pending tasks, hands them to a supervisor and watches.

use std::{collections::HashMap, path::Path, sync::Arc};

use mendel_agent::{
    environment::{self, Machine},
    job::{JobBatch, Watched, WorkingFolder},
};
use mendel_api::CreateRuns;
use mendel_model::{BatchId, EnvironmentLock, NewBatch, Reason, ReasonKind, Run, RunId, RunRef};

use super::{
    Forest, StagedTask,
    job::{Attempt, DOCUMENT, Ready},
    reason,
    record::{Completion, completions},
    scope_files::put_back,
    standing::Stood,
};
use crate::{
    context::{Context, now},
    exit::Failure,
    printer::Printer,
    run::{
        freeze::freeze,
        index,
        launch::{CellOutcome, StepCounts},
        options::RunOptions,
        package, prepare, watch,
    },
};

/// What became of the tasks that were asked for.
pub struct Outcome<'a> {
    /// Each task with what became of it, in the order of their folders.
    pub tasks: Vec<(&'a StagedTask, CellOutcome)>,
    /// The batch they form, where there are several.
    pub batch: Option<BatchId>,
    /// Whether a person interrupted them.
    pub interrupted: bool,
}

impl Forest {
    /// The environment that the stages run in, made unless it is there.
    pub fn environment(
        &self,
        context: &Context,
        options: &RunOptions,
        printer: &Printer,
    ) -> Result<environment::Prepared, Failure> {
        let machine = Machine::of_this_process();
        let detected = environment::detect(&self.project, &self.settings.choice, &machine)?;
        environment::ensure_available(&detected, &machine)?;
        let place = prepare::place(context);
        let request =
            environment::Request { folder: &self.project, detected: &detected, place: &place, machine: &machine };
        let prepared =
            environment::prepare(&request, options.rebuild_env, &mut |line| printer.note(format_args!("  {line}")))?;
        if prepared.built {
            printer.note(format_args!("built the environment ({})", detected.because));
        }
        Ok(prepared)
    }

    /// The lock of that environment, if it can be told without making it.
    pub fn known_lock(&self, context: &Context) -> Result<Option<EnvironmentLock>, Failure> {
        let machine = Machine::of_this_process();
        let detected = environment::detect(&self.project, &self.settings.choice, &machine)?;
        let place = prepare::place(context);
        let request =
            environment::Request { folder: &self.project, detected: &detected, place: &place, machine: &machine };
        environment::known_lock(&request).map_err(Failure::from)
    }
}

/// Runs what of the wanted tasks is pending.
pub async fn launch<'a>(
    context: &Context,
    forest: &'a Forest,
    stood: &[Stood],
    options: &RunOptions,
    printer: &Printer,
) -> Result<Outcome<'a>, Failure> {
    let wanted = forest.tasks.iter().zip(stood).filter(|(task, _)| task.selected && task.runnable);
    let mut answered = HashMap::new();
    let mut pending = Vec::new();
    let mut order = Vec::new();
    for (task, stood) in wanted {
        order.push(task);
        let outcome = answer(context, stood, options).await?;
        let is_whole = outcome.is_none() || put_back(context, &task.shown, &stood.lost, printer).await?;
        match outcome.filter(|_| is_whole) {
            Some(outcome) => drop(answered.insert(&task.address, outcome)),
            None if is_whole => pending.push((task, reasons(stood, options))),
            None => pending.push((task, vec![Reason::new(ReasonKind::Incomplete, "a stored file is damaged")])),
        }
    }
    let mut watched = watch::Watched::default();
    let mut batch = None;
    if !pending.is_empty() {
        let pool = context.workspace.cache().join(format!("pool-{}", mendel_journal::new_id()));
        let (runs, jobs) = begin(context, forest, pending, (options, &pool), printer).await?;
        let several = runs.len() > 1;
        let ids: HashMap<_, _> = runs.iter().map(|(address, run)| (*address, run.id)).collect();
        if order.len() > 1 {
            let member = |task: &&StagedTask| {
                let made = ids.get(&task.address.as_str()).copied();
                made.or_else(|| answered.get(&task.address).map(|outcome| outcome.run.facts.id))
            };
            let members = order.iter().filter_map(member).collect();
            batch = Some(new_batch(forest, members));
        }
        let made = runs.iter().map(|(_, run)| run.clone()).collect();
        context.client.create_runs(&CreateRuns { runs: made, batch: batch.clone() }).await?;
        let names = several.then(|| runs.iter().map(|(_, run)| (run.id, run.name.clone())).collect());
        watched = watch::execute(context, jobs, names, printer).await?;
        // Empty files; those of a command that was killed go with the cache.
        let _ = std::fs::remove_dir_all(&pool);
        let records = completions(context, &forest.tasks).await?;
        for (task, record) in forest.tasks.iter().zip(records) {
            if let Some(id) = ids.get(&task.address.as_str()) {
                let outcome = ended(context, *id, record, &mut watched).await?;
                answered.insert(&task.address, outcome);
            }
        }
    }
    let tasks = order.into_iter().filter_map(|task| Some((task, answered.remove(&task.address)?)));
    Ok(Outcome { tasks: tasks.collect(), batch: batch.map(|batch| batch.id), interrupted: watched.interrupted })
}

/// The completed run that answers for an up-to-date task; none where it has to run.
async fn answer(context: &Context, stood: &Stood, options: &RunOptions) -> Result<Option<CellOutcome>, Failure> {
    let asked_anew = options.force || options.no_pickup;
    let Some(completion) = stood.completion.as_ref().filter(|_| stood.is_done() && !asked_anew) else {
        return Ok(None);
    };
    let Some(id) = completion.run else { return Ok(None) };
    let Some(run) = context.client.run(&RunRef::Id(id)).await? else { return Ok(None) };
    let (own, others) = completion.shares(id);
    let steps = StepCounts { reused: own + others, ..StepCounts::default() };
    Ok(Some(CellOutcome { run, computed: false, steps, last_lines: Vec::new() }))
}

fn reasons(stood: &Stood, options: &RunOptions) -> Vec<Reason> {
    if options.force || options.no_pickup {
        return vec![Reason::new(ReasonKind::Forced, "asked for")];
    }
    stood.standing.causes.iter().map(reason::of).collect()
}

type Named<'a> = (&'a str, mendel_model::NewRun);

/// The runs of pending tasks by the address of each, and the jobs that execute them.
async fn begin<'a>(
    context: &Context,
    forest: &'a Forest,
    pending: Vec<(&'a StagedTask, Vec<Reason>)>,
    (options, pool): (&RunOptions, &Path),
    printer: &Printer,
) -> Result<(Vec<Named<'a>>, JobBatch), Failure> {
    let environment = forest.environment(context, options, printer)?;
    let mut index = index::of(context, &forest.project);
    let root = (forest.project.as_path(), &forest.settings.snapshot);
    let (snapshot, manifest) = freeze(context, root, &mut index, printer).await?;
    let jobs = forest.settings.jobs.unwrap_or(1).max(1);
    let slots = jobs.min(pending.len());
    let ready = Ready { forest, environment: &environment, snapshot: &snapshot, manifest, options, jobs, pool };
    let mut told: Vec<*const super::pipeline::Pipeline> = Vec::new();
    let (mut runs, mut work) = (Vec::new(), Vec::new());
    for (task, reasons) in pending {
        if !told.contains(&Arc::as_ptr(&task.pipeline)) {
            reason::keep_symbols(context, task).await?;
            told.push(Arc::as_ptr(&task.pipeline));
        }
        let run = ready.run(task, reasons);
        let attempt = Attempt {
            run: &run,
            document: &run.documents[DOCUMENT],
            environment: &environment,
            folder: WorkingFolder::InPlace { path: forest.start.clone() },
            monitor: !options.no_monitor,
        };
        work.push(attempt.job(context)?);
        runs.push((task.address.as_str(), run));
    }
    Ok((runs, batch_of(context, work, slots, options.fail_fast)?))
}

/// Jobs for one supervisor.
pub fn batch_of(
    context: &Context,
    jobs: Vec<mendel_agent::job::Job>,
    slots: usize,
    fail_fast: bool,
) -> Result<JobBatch, Failure> {
    let binary =
        std::env::current_exe().map_err(|error| Failure::trouble(format!("this program cannot be found: {error}")))?;
    Ok(JobBatch {
        workspace: context.workspace.root().to_owned(),
        slots,
        fail_fast,
        stop_grace: 30,
        watched: Watched::Required,
        package: Some(package::needed()?),
        binary,
        jobs,
    })
}

/// A run that ended, with what it computed and what it found.
pub async fn ended(
    context: &Context,
    id: RunId,
    record: Option<Completion>,
    watched: &mut watch::Watched,
) -> Result<CellOutcome, Failure> {
    let run: Run = context.run(&id.to_string()).await?;
    let told = run.facts.documents.get("steps").cloned().and_then(|steps| serde_json::from_value(steps).ok());
    let steps = match (told, record.filter(|record| record.run == Some(id))) {
        (Some(told), _) => told,
        (None, Some(record)) => {
            let (computed, reused) = record.shares(id);
            StepCounts { computed, reused, waited: 0 }
        }
        // It was killed before it could tell; what it made is there.
        (None, None) => {
            StepCounts { computed: context.client.results_of_run(id).await?.len(), ..StepCounts::default() }
        }
    };
    let last_lines = watched.last_lines.remove(&id).unwrap_or_default();
    Ok(CellOutcome { run, computed: true, steps, last_lines })
}

fn new_batch(forest: &Forest, members: Vec<RunId>) -> NewBatch {
    let id = BatchId::from_uuid(mendel_journal::new_id());
    let name = prepare::folder_name(&forest.project);
    NewBatch { id, name, project: forest.settings.project.clone(), members, created: now() }
}
