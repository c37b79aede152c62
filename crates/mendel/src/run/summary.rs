//! What happened, for people and for programs.

use std::{cmp::Ordering, collections::BTreeMap};

use mendel_engine::{Action, Plan};
use mendel_model::{Field, Reason, Run, SortKey, Status};
use serde::Serialize;
use serde_json::Value;

use crate::{
    context::now,
    exit::Exit,
    printer::Printer,
    render::{
        self,
        paint::Paint,
        table::{Cell, Column, Table},
    },
    run::{
        decide::values,
        explain,
        launch::{CellOutcome, StepCounts, TaskOutcome},
        prepare::Prepared,
    },
};

/// The `--json` document of `run` and `rerun`.
#[derive(Serialize)]
pub struct RunDocument {
    /// The runs, in the order of the request.
    pub runs: Vec<RunLine>,
    /// The tasks they belong to.
    pub tasks: Vec<TaskLine>,
    /// The batch of a grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// One run of the document.
#[derive(Serialize)]
pub struct RunLine {
    id: String,
    number: i64,
    name: String,
    project: String,
    status: Status,
    status_reason: String,
    params: BTreeMap<String, Value>,
    snapshot: Option<String>,
    identity: Option<String>,
    metrics: BTreeMap<String, Value>,
    exit_code: Option<i32>,
    steps: StepCounts,
    reasons: Vec<Reason>,
}

/// One task of the document.
#[derive(Serialize)]
pub struct TaskLine {
    path: String,
    name: String,
    kind: mendel_model::TaskKind,
    entry: String,
    environment: String,
}

impl RunLine {
    /// A run with what was done for it.
    pub fn of(cell: &CellOutcome) -> Self {
        let facts = &cell.run.facts;
        Self {
            id: facts.id.to_string(),
            number: cell.run.number,
            name: facts.name.clone(),
            project: facts.project.clone(),
            status: cell.run.status,
            status_reason: cell.run.status_reason.clone(),
            params: values(&facts.params),
            snapshot: facts.snapshot.map(|digest| digest.to_string()),
            identity: facts.identity.map(|identity| identity.to_string()),
            metrics: cell.run.metrics.clone(),
            exit_code: cell.run.exit_code,
            steps: cell.steps,
            reasons: facts.reasons.clone(),
        }
    }
}

impl TaskLine {
    /// A task that is a pipeline.
    pub fn staged(path: String, name: String, entry: String, environment: String) -> Self {
        Self { path, name, kind: mendel_model::TaskKind::Staged, entry, environment }
    }

    /// A task as it was understood.
    pub fn of(task: &Prepared) -> Self {
        Self {
            path: task.root.display().to_string(),
            name: task.name.clone(),
            kind: task.kind,
            entry: task.entry.clone(),
            environment: task.detected.because.clone(),
        }
    }
}

/// Says before anything starts what is computed and why.
pub fn announce(task: &Prepared, plan: &Plan, printer: &Printer) {
    if task.is_grid {
        return printer.note(format_args!(
            "{} runs: {} to compute, {} answered by what is stored",
            plan.steps.len(),
            plan.compute(),
            plan.reuse()
        ));
    }
    for step in &plan.steps {
        match &step.action {
            Action::Compute => {
                printer.note(format_args!("{}: computing, because {}", step.id, explain::sentences(&step.reasons)))
            }
            Action::Reuse(_) if !step.reasons.is_empty() => {
                printer.note(format_args!(
                    "{}: {} (does not recompute; see `environment` in mendel.toml)",
                    step.id,
                    explain::sentences(&step.reasons)
                ));
            }
            Action::Reuse(_) | Action::Same { .. } => {}
        }
    }
}

/// The answer, and the exit code it leads to.
pub fn answer(tasks: &[Prepared], outcomes: &[TaskOutcome], sort: Option<&SortKey>, printer: &Printer) -> Exit {
    let cells = || outcomes.iter().flat_map(|outcome| &outcome.cells);
    let document = RunDocument {
        runs: cells().map(RunLine::of).collect(),
        tasks: tasks.iter().map(TaskLine::of).collect(),
        batch: outcomes.iter().find_map(|outcome| outcome.batch).map(|batch| batch.to_string()),
    };
    if printer.is_json() {
        printer.answer(&document, |_| {});
    }
    tell_all(tasks, outcomes, sort, printer)
}

/// Tells what became of each task, and the exit code it leads to.
pub fn tell_all(tasks: &[Prepared], outcomes: &[TaskOutcome], sort: Option<&SortKey>, printer: &Printer) -> Exit {
    for (task, outcome) in tasks.iter().zip(outcomes) {
        tell(task, outcome, sort, printer);
    }
    if outcomes.iter().any(|outcome| outcome.interrupted) {
        return Exit::Interrupted;
    }
    let well = outcomes
        .iter()
        .flat_map(|outcome| &outcome.cells)
        .all(|cell| matches!(cell.run.status, Status::Completed | Status::Published));
    if well { Exit::Done } else { Exit::RunFailed }
}

fn tell(task: &Prepared, outcome: &TaskOutcome, sort: Option<&SortKey>, printer: &Printer) {
    if task.is_grid && !printer.is_json() {
        let runs: Vec<_> = outcome.cells.iter().map(|cell| cell.run.clone()).collect();
        printer.out(&table(&runs, sort, printer));
        if let Some(batch) = outcome.batch {
            printer.note(format_args!("batch {batch}; `mendel compare {batch}` compares its runs"));
        }
    }
    for cell in &outcome.cells {
        let (run, short) =
            (&cell.run, format!("@{} ({})", cell.run.number, render::document::short_id(cell.run.facts.id)));
        match (run.status, cell.computed) {
            (Status::Failed, _) => {
                printer.note(format_args!("{short} failed: {}", failure(run)));
                cell.last_lines.iter().for_each(|line| printer.note(format_args!("  | {line}")));
            }
            (Status::Stopped, _) => printer
                .note(format_args!("{short} stopped: {}; `mendel resume @{}` goes on", run.status_reason, run.number)),
            _ if task.is_grid => {}
            (_, true) => printer.note(format_args!(
                "{short} {} after {}; `mendel show @{}`",
                run.status,
                duration(run),
                run.number
            )),
            (_, false) => printer
                .note(format_args!("same work as {short}, finished {} ago; `--force` executes it again", age(run))),
        }
    }
}

pub fn failure(run: &Run) -> String {
    match (run.status_reason.as_str(), run.exit_code) {
        ("", Some(code)) => format!("exit code {code}"),
        ("", None) => "no reason was told".to_owned(),
        (reason, _) => reason.to_owned(),
    }
}

pub fn duration(run: &Run) -> String {
    let span = run.ended.zip(run.started).map_or(0, |(end, start)| end.since(start));
    render::time::span(span)
}

pub fn age(run: &Run) -> String {
    render::time::span(run.ended.map_or(0, |end| now().since(end)))
}

/// The runs of a grid: what differs, what came out, the best first where a key is given.
fn table(runs: &[Run], sort: Option<&SortKey>, printer: &Printer) -> String {
    let all: Vec<_> = runs.iter().map(|run| values(&run.facts.params)).collect();
    let mut names: Vec<_> = all.iter().flat_map(BTreeMap::keys).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| all.iter().any(|values| values.get(name) != all[0].get(name)));
    let mut metrics: Vec<_> =
        runs.iter().flat_map(|run| render::document::telling(&run.metrics).map(|(name, _)| name.clone())).collect();
    metrics.sort();
    metrics.dedup();
    let mut columns = vec![Column::text("RUN", 0), Column::text("NAME", 3), Column::text("STATUS", 1)];
    columns.extend(names.iter().map(|name| Column::text(name.clone(), 0)));
    columns.extend(metrics.iter().map(|name| Column::number(name.clone(), 2)));
    let mut order: Vec<usize> = (0..runs.len()).collect();
    if let Some(key) = sort {
        order.sort_by(|one, other| compare(&runs[*one], &runs[*other], key));
    }
    let mut table = Table::new(columns);
    for index in order {
        let run = &runs[index];
        let mut cells: Vec<Cell> = vec![
            format!("@{}", run.number).into(),
            render::text::safe(&run.facts.name).into_owned().into(),
            run.status.name().into(),
        ];
        cells.extend(
            names.iter().map(|name| Cell::from(all[index].get(name).map_or_else(String::new, render::value::value))),
        );
        cells.extend(
            metrics
                .iter()
                .map(|name| Cell::from(run.metrics.get(name).map_or_else(String::new, render::value::metric))),
        );
        table.row(cells);
    }
    table.show(render::table::terminal_width(), Paint(printer.has_colour()))
}

/// By a parameter or metric, numbers as numbers; runs without it come last.
fn compare(one: &Run, other: &Run, key: &SortKey) -> Ordering {
    let of = |run: &Run| match &key.field {
        Field::Metric(name) => run.metrics.get(name).cloned(),
        Field::Param(name) => values(&run.facts.params).remove(name),
        Field::Column(name) => Some(match *name {
            "name" => run.facts.name.clone().into(),
            "status" => run.status.name().into(),
            _ => run.number.into(),
        }),
        Field::Tags | Field::Batch => None,
    };
    match (of(one), of(other)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(one), Some(other)) => {
            let numbers = render::value::as_number(&one).zip(render::value::as_number(&other));
            let ascending = match numbers {
                Some((one, other)) => one.total_cmp(&other),
                None => one.to_string().cmp(&other.to_string()),
            };
            if key.descending { ascending.reverse() } else { ascending }
        }
    }
}
