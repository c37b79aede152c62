//! `mendel plan`

use std::{borrow::Cow, sync::Arc};

use clap::Args;
use mendel_engine::{Action, Plan as Decided};
use serde::{Serialize, Serializer};

use crate::{
    arguments::Global,
    commands::run::Request,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render,
    run::{
        decide::decide,
        explain, index,
        options::RunOptions,
        prepare::{self, Prepared},
        staged::{
            request::TreeRequest,
            steps::{self, Planner},
        },
    },
};

/// Show what `run` would do, and why; start nothing.
#[derive(Args)]
pub struct Plan {
    #[command(flatten)]
    pub options: RunOptions,
    /// A script and its words, a command after `--`, or task folders; the present folder otherwise.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PATH…")]
    pub words: Vec<String>,
}

#[derive(Serialize)]
struct Document {
    #[serde(serialize_with = "whole")]
    steps: Vec<Entry>,
    compute: usize,
    reuse: usize,
    /// Seconds that what is computed took before, as far as that is known.
    estimate: Option<f64>,
}

/// A step in little memory: a plan may have a million of them.
pub enum Entry {
    /// A step of a script.
    Script(Box<Step>),
    /// A step of the task of that name.
    Staged(Arc<str>, steps::Step),
}

/// One step of the answer.
#[derive(Clone, Serialize)]
pub struct Step {
    id: String,
    task: String,
    stage: String,
    input: Option<serde_json::Value>,
    action: &'static str,
    reason: String,
    reasons: Vec<mendel_model::Reason>,
    run: Option<String>,
    params: std::collections::BTreeMap<String, serde_json::Value>,
    seconds: Option<f64>,
}

impl Plan {
    /// Decides and prints.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let Request { options, target } = Request::read(self.options, self.words, "plan")?;
        let context = Context::here(global).await?;
        if let Some(request) = TreeRequest::of(&target, &context, &options, printer).await? {
            let steps = tree_steps(&context, &request, &options, printer).await?;
            return Ok(print(steps, printer));
        }
        let tasks = prepare::prepare(&target, &options, &context, printer).await?;
        Ok(print(lines(&context, &tasks, &options).await?, printer))
    }
}

async fn lines(context: &Context, tasks: &[Prepared], options: &RunOptions) -> Result<Vec<Entry>, Failure> {
    let mut plans = Vec::with_capacity(tasks.len());
    for task in tasks {
        plans.push(decide(context, task, options.force, &mut index::of(context, &task.root)).await?);
    }
    Ok(decided(tasks, &plans))
}

/// Every step of the tasks of trees.
pub async fn tree_steps(
    context: &Context,
    request: &TreeRequest,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Vec<Entry>, Failure> {
    let TreeRequest { forest, stood } = request;
    let mut planner = Planner::new(context, forest, stood, options)?;
    let mut steps = Vec::new();
    for (task, stood) in forest.tasks.iter().zip(stood).filter(|(task, _)| task.selected && task.runnable) {
        let shown: Arc<str> = task.shown.as_str().into();
        steps.reserve(Planner::count(task));
        planner.steps(task, stood, &mut |step| steps.push(Entry::Staged(shown.clone(), step))).await?;
    }
    let scripts = request.scripts(context, options, printer).await?;
    steps.extend(lines(context, &scripts, options).await?);
    Ok(steps)
}

impl Entry {
    fn is_computed(&self) -> bool {
        match self {
            Self::Script(step) => step.action == "compute",
            Self::Staged(_, step) => step.reused.is_none(),
        }
    }

    fn seconds(&self) -> Option<f64> {
        match self {
            Self::Script(step) => step.seconds,
            Self::Staged(_, step) => step.seconds,
        }
    }

    /// Whether both are steps of one stage that fare alike.
    fn is_like(&self, other: &Self) -> bool {
        let (Self::Staged(task, step), Self::Staged(its, other)) = (self, other) else { return false };
        (task, &step.stage, step.reused.is_some(), &step.reasons)
            == (its, &other.stage, other.reused.is_some(), &other.reasons)
    }

    fn whole(&self) -> Cow<'_, Step> {
        let (task, step) = match self {
            Self::Script(step) => return Cow::Borrowed(step),
            Self::Staged(task, step) => (task, step),
        };
        Cow::Owned(Step {
            id: format!("{task}:{}", step.name()),
            task: task.to_string(),
            stage: step.stage.to_string(),
            input: Some(step.input.value()),
            action: if step.reused.is_some() { "reuse" } else { "compute" },
            reason: explain::sentences(&step.reasons),
            reasons: step.reasons.to_vec(),
            run: step.reused.map(|run| run.to_string()),
            params: Default::default(),
            seconds: step.seconds,
        })
    }
}

fn whole<S: Serializer>(steps: &[Entry], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|step| step.whole().into_owned()))
}

fn decided(tasks: &[Prepared], plans: &[Decided]) -> Vec<Entry> {
    let steps = tasks
        .iter()
        .zip(plans)
        .flat_map(|(task, plan)| task.cells.iter().zip(&plan.steps).map(move |(cell, step)| (cell, step, plan)));
    steps.map(|(cell, step, plan)| Entry::Script(Box::new(line(cell, step, plan)))).collect()
}

/// Prints what would be done for tasks that are no trees.
pub fn answer(tasks: &[Prepared], plans: &[Decided], printer: &Printer) -> Exit {
    print(decided(tasks, plans), printer)
}

/// Prints what would be done.
pub fn print(steps: Vec<Entry>, printer: &Printer) -> Exit {
    let computed = || steps.iter().filter(|step| step.is_computed());
    let compute = computed().count();
    let estimate = computed().filter_map(Entry::seconds).reduce(|sum, seconds| sum + seconds);
    let document = Document { compute, reuse: steps.len() - compute, estimate, steps };
    printer.answer(&document, |text| {
        use render::table::{Column, Table};
        let mut table = Table::new(vec![
            Column::text("STEP", 0),
            Column::text("ACTION", 0),
            Column::text("PARAMETERS", 2),
            Column::text("BECAUSE", 1),
        ]);
        for (entry, inputs) in folded(&document.steps) {
            let step = entry.whole();
            let params: Vec<_> =
                step.params.iter().map(|(name, value)| format!("{name}={}", render::value::value(value))).collect();
            let name = match inputs {
                1 => step.id.clone(),
                inputs => format!("{}:{} ({inputs} inputs)", step.task, step.stage),
            };
            table.row(vec![name.into(), step.action.into(), params.join(" ").into(), step.reason.clone().into()]);
        }
        text.push_str(&table.show(render::table::terminal_width(), render::paint::Paint(printer.has_colour())));
        text.push_str(&format!("{} to compute, {} answered by what is stored\n", document.compute, document.reuse));
        if let Some(seconds) = document.estimate.filter(|_| document.compute > 0) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a span of time")]
            let span = render::time::span((seconds * 1000.0) as u64);
            text.push_str(&format!("what is computed took {span} before\n"));
        }
    });
    Exit::Done
}

/// Steps of one stage that fare alike are one line, with their number.
fn folded(steps: &[Entry]) -> Vec<(&Entry, usize)> {
    let mut lines: Vec<(&Entry, usize)> = Vec::new();
    for step in steps {
        match lines.last_mut() {
            Some((last, inputs)) if last.is_like(step) => *inputs += 1,
            _ => lines.push((step, 1)),
        }
    }
    lines
}

fn line(cell: &prepare::Cell, step: &mendel_engine::PlannedStep, plan: &Decided) -> Step {
    let (action, reason, run, duration) = match &step.action {
        Action::Compute => ("compute", explain::sentences(&step.reasons), None, None),
        Action::Reuse(result) => ("reuse", String::new(), Some(result.run.to_string()), Some(result.duration)),
        Action::Same { step: twin } => ("reuse", format!("same work as {}", plan.steps[*twin].id), None, None),
    };
    Step {
        id: step.id.clone(),
        task: step.task.clone(),
        stage: "main".into(),
        input: None,
        action,
        reason,
        reasons: step.reasons.clone(),
        run,
        params: crate::run::decide::values(&cell.params),
        #[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds is small")]
        seconds: duration.map(|milliseconds| milliseconds as f64 / 1000.0),
    }
}
