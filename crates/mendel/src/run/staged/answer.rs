//! What happened to the tasks of trees, for people and for programs.

use mendel_engine::pipeline::Pending;
use mendel_model::Status;

use super::{Forest, StagedTask, launch::Outcome, standing::Stood};
use crate::{
    exit::Exit,
    printer::Printer,
    render::{
        document::short_id,
        text::{count, safe},
    },
    run::{
        launch::{CellOutcome, StepCounts},
        summary::{RunDocument, RunLine, TaskLine, age, duration, failure},
    },
};

/// Says before anything starts which tasks are pending, and why.
pub fn announce(forest: &Forest, stood: &[Stood], printer: &Printer) {
    for (task, stood) in forest.tasks.iter().zip(stood).filter(|(task, _)| task.selected && task.runnable) {
        if stood.standing.pending != Pending::UpToDate {
            let causes = stood.standing.causes.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; ");
            printer.note(format_args!("{}: {}: {causes}", task.shown, stood.standing.pending.word()));
        }
    }
}

/// The lines of an answer.
pub fn document(outcome: &Outcome<'_>) -> RunDocument {
    let task = |task: &StagedTask, cell: &CellOutcome| {
        let environment = cell.run.facts.environment.as_ref().map(|lock| lock.because.clone()).unwrap_or_default();
        TaskLine::staged(task.address.clone(), task.name.clone(), cell.run.facts.script.entry.clone(), environment)
    };
    RunDocument {
        runs: outcome.tasks.iter().map(|(_, cell)| RunLine::of(cell)).collect(),
        tasks: outcome.tasks.iter().map(|(staged, cell)| task(staged, cell)).collect(),
        batch: outcome.batch.map(|batch| batch.to_string()),
    }
}

/// Tells what became of each task, and the exit code it leads to.
pub fn tell(outcome: &Outcome<'_>, printer: &Printer) -> Exit {
    for (task, cell) in &outcome.tasks {
        line(&task.shown, cell, printer);
    }
    let well = |cell: &CellOutcome| matches!(cell.run.status, Status::Completed | Status::Published);
    match outcome.interrupted {
        true => Exit::Interrupted,
        false if outcome.tasks.iter().all(|(_, cell)| well(cell)) => Exit::Done,
        false => Exit::RunFailed,
    }
}

/// What became of one task.
pub fn line(shown: &str, cell: &CellOutcome, printer: &Printer) {
    let (run, shown) = (&cell.run, safe(shown));
    let short = format!("@{} ({})", run.number, short_id(run.facts.id));
    let StepCounts { computed, reused, waited } = cell.steps;
    let waited =
        if waited > 0 { format!(", {waited} computed by another run at the same time") } else { String::new() };
    match (run.status, cell.computed) {
        (Status::Failed, _) => {
            printer.note(format_args!("{shown}: {short} failed: {}", failure(run)));
            cell.last_lines.iter().for_each(|line| printer.note(format_args!("  | {line}")));
            if !cell.last_lines.is_empty() {
                printer.note(format_args!("  `mendel logs @{}` shows all of it", run.number));
            }
        }
        (Status::Stopped, _) => printer.note(format_args!(
            "{shown}: {short} stopped: {}; `mendel resume @{}` goes on",
            run.status_reason, run.number
        )),
        (_, true) => printer.note(format_args!(
            "{shown}: {short} {} after {}: {} computed, {reused} reused{waited}",
            run.status,
            duration(run),
            count(computed, "step")
        )),
        (_, false) => {
            printer.note(format_args!("{shown}: up to date, same work as {short}, finished {} ago", age(run)))
        }
    }
}
