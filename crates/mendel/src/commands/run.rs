//! `mendel run`

use std::borrow::Cow;

use clap::Args;

use crate::{
    arguments::{Global, behind_dashes},
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    run::{
        claim::Claims,
        decide::decide,
        index,
        launch::{TaskOutcome, launch},
        options::RunOptions,
        outputs,
        prepare::{self, Prepared},
        reuse,
        staged::{self, answer, request::TreeRequest},
        summary::{self, RunLine, TaskLine},
        target::Target,
    },
};

/// Run a script, a command or a task folder, unless a fresh result answers.
///
/// `mendel run train.py --lr 0.1` runs a script with its own words; `mendel run -- CMD ARGS`
/// any command; `mendel run FOLDER` a task folder. Options of mendel come before the script.
#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    pub options: RunOptions,
    /// A script and its words, a command after `--`, or task folders; the present folder otherwise.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PATH…")]
    pub words: Vec<String>,
}

impl Run {
    /// Decides, executes what is not fresh, and says what happened.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let Request { options, target } = Request::read(self.options, self.words, "run")?;
        execute(&options, &target, global, printer).await
    }
}

/// The words of `run` or `plan`, understood.
pub struct Request {
    /// The options.
    pub options: RunOptions,
    /// What they are for.
    pub target: Target,
}

impl Request {
    /// Understands `words` after `command`.
    pub fn read(options: RunOptions, words: Vec<String>, command: &str) -> Result<Self, Failure> {
        let is_command = behind_dashes(&words, command);
        Ok(Self { options, target: Target::of(words, is_command)? })
    }
}

/// The one way from a request to finished runs.
pub async fn execute(
    options: &RunOptions,
    target: &Target,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let context = Context::here(global).await?;
    if let Some(request) = TreeRequest::of(target, &context, options, printer).await? {
        return run_trees(&context, &request, options, printer).await;
    }
    let tasks = prepare::prepare(target, options, &context, printer).await?;
    finish(&context, &tasks, options, printer).await
}

/// Decides and executes the tasks of trees: pipelines first, then scripts.
async fn run_trees(
    context: &Context,
    request: &TreeRequest,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let scripts = request.scripts(context, options, printer).await?;
    if options.dry_run {
        let steps = super::plan::tree_steps(context, request, options, printer).await?;
        return Ok(super::plan::print(steps, printer));
    }
    let TreeRequest { forest, stood } = request;
    answer::announce(forest, stood, printer);
    let staged = staged::launch::launch(context, forest, stood, options, printer).await?;
    let failed = staged.tasks.iter().any(|(_, cell)| cell.run.status == mendel_model::Status::Failed);
    let mut outcomes = Vec::with_capacity(scripts.len());
    let stop = staged.interrupted || options.fail_fast && failed;
    if !stop {
        outcomes = execute_all(context, &scripts, options, printer).await?;
    }
    let mut document = answer::document(&staged);
    document.runs.extend(outcomes.iter().flat_map(|outcome| &outcome.cells).map(RunLine::of));
    document.tasks.extend(scripts.iter().map(TaskLine::of));
    printer.answer(&document, |_| {});
    let exit = answer::tell(&staged, printer);
    let rest = summary::tell_all(&scripts, &outcomes, None, printer);
    Ok(if exit == Exit::Done { rest } else { exit })
}

/// Decides and executes tasks that are ready.
pub async fn finish(
    context: &Context,
    tasks: &[Prepared],
    options: &RunOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let sort = options
        .sort
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error: mendel_model::BadFilter| Failure::input(error.to_string()))?;
    let asked = tasks.iter().map(|task| task.cells.len()).max().unwrap_or(0);
    if asked > mendel_model::limits::GRID_CELLS_UNASKED && !options.yes && !options.dry_run {
        return Err(Failure::input_hint(
            format!("this makes {asked} runs"),
            "`--yes` says that so many are wanted; `--dry-run` shows them",
        ));
    }
    let mut plans = Vec::with_capacity(tasks.len());
    for task in tasks {
        let mut index = index::of(context, &task.root);
        plans.push(decide(context, task, options.force, &mut index).await?);
    }
    if options.dry_run {
        return Ok(super::plan::answer(tasks, &plans, printer));
    }
    let outcomes = execute_planned(context, tasks, &plans, options, printer).await?;
    Ok(summary::answer(tasks, &outcomes, sort.as_ref(), printer))
}

async fn execute_all(
    context: &Context,
    tasks: &[Prepared],
    options: &RunOptions,
    printer: &Printer,
) -> Result<Vec<TaskOutcome>, Failure> {
    let mut plans = Vec::with_capacity(tasks.len());
    for task in tasks {
        plans.push(decide(context, task, options.force, &mut index::of(context, &task.root)).await?);
    }
    execute_planned(context, tasks, &plans, options, printer).await
}

async fn execute_planned(
    context: &Context,
    tasks: &[Prepared],
    plans: &[mendel_engine::Plan],
    options: &RunOptions,
    printer: &Printer,
) -> Result<Vec<TaskOutcome>, Failure> {
    let mut outcomes = Vec::with_capacity(tasks.len());
    for (task, plan) in tasks.iter().zip(plans) {
        let mut index = index::of(context, &task.root);
        let mut plan = Cow::Borrowed(plan);
        let mut claims = Claims::default();
        if !options.force && plan.compute() > 0 {
            claims = Claims::take(context, task, &plan, printer);
            // Whoever had the same work may have done it by now.
            plan = Cow::Owned(decide(context, task, false, &mut index).await?);
        }
        summary::announce(task, &plan, printer);
        let outcome = launch(context, (task, &plan), options, &mut index, printer).await?;
        drop(claims);
        reuse::put_back(context, task, &plan, printer).await?;
        outputs::tell_missing(context, task, &outcome, printer).await?;
        let stop = outcome.interrupted
            || options.fail_fast && outcome.cells.iter().any(|cell| cell.run.status == mendel_model::Status::Failed);
        outcomes.push(outcome);
        if stop {
            break;
        }
    }
    Ok(outcomes)
}
