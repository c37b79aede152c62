//! `mendel reset`
//!
//! Forgets what a run completed and made, so that it is computed again; its snapshot and its
//! place in the history stay.

use std::path::{Path, PathBuf};

use mendel_api::RunQuery;
use mendel_model::{Move, Run, Status, TaskKind};
use mendel_spec::Kind;
use serde_json::json;

use super::{delete::confirm, publish::change};
use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        paint::Paint,
        table::{Column, Table, terminal_width},
        text::{count, safe},
    },
    run::staged::record,
};

/// Forget completions and outputs of a run, or of every run of a path.
#[derive(clap::Args)]
pub struct Reset {
    /// A run, a task folder, or a script.
    #[arg(value_name = "PATH|RUN")]
    subject: String,
    /// Only tell what would be forgotten.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Reset {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let path = Path::new(&self.subject);
        let (context, runs, tasks) = match !self.subject.starts_with('@') && path.exists() {
            true => {
                let path =
                    path.canonicalize().map_err(|error| Failure::input(format!("`{}`: {error}", path.display())))?;
                let context = Context::here(global).await?;
                let runs = runs_of(&context, &path).await?;
                let tasks = tasks_of(&context, &path).await?;
                (context, runs, tasks)
            }
            false => {
                let context = Context::here(global).await?;
                let run = context.run(&self.subject).await?;
                run.status.apply(Move::Reset).map_err(|error| Failure::input(format!("@{}: {error}", run.number)))?;
                if run.status == Status::Running {
                    return Err(Failure::input_hint(
                        format!("run @{} is running", run.number),
                        format!("`mendel stop @{}` stops it", run.number),
                    ));
                }
                (context, vec![run], Vec::new())
            }
        };
        let question = format!("Forget what {} completed and made?", count(runs.len(), "run"));
        let question = match tasks.len() {
            0 => question,
            several => {
                tasks.iter().for_each(|task| printer.note(format_args!("  {task}")));
                format!(
                    "Forget the completions of {} and what {} made?",
                    count(several, "task"),
                    count(runs.len(), "run")
                )
            }
        };
        let is_nothing = runs.is_empty() && tasks.is_empty();
        if !self.dry_run && !is_nothing && !self.yes && !confirm(printer, &question)? {
            printer.note(format_args!("Nothing was forgotten."));
            return Ok(Exit::BadInput);
        }
        let mut reset = Vec::new();
        for run in runs {
            reset.push(match self.dry_run {
                true => run,
                false => {
                    forget_completion(&context, &run).await?;
                    context.client.move_run(run.facts.id, None, &change(Move::Reset)).await?
                }
            });
        }
        for task in tasks.iter().filter(|_| !self.dry_run) {
            record::forget(&context, task, None).await?;
        }
        let did = if self.dry_run { "would be reset" } else { "reset" };
        printer.note(format_args!("{} {did}", count(reset.len(), "run")));
        let answer = json!({"reset": reset.iter().map(document::run).collect::<Vec<_>>(), "tasks": tasks, "dry_run": self.dry_run});
        printer.answer(&answer, |text| {
            let mut table =
                Table::new(vec![Column::text("run", 0), Column::text("name", 0), Column::text("status", 0)]);
            for run in &reset {
                table.row(vec![
                    format!("@{}", run.number).into(),
                    safe(&run.facts.name).into_owned().into(),
                    run.status.name().into(),
                ]);
            }
            if !table.is_empty() {
                text.push_str(&table.show(terminal_width(), Paint(printer.has_colour())));
            }
        });
        Ok(Exit::Done)
    }
}

/// The folders of completed tasks at and below `path`.
async fn tasks_of(context: &Context, path: &Path) -> Result<Vec<String>, Failure> {
    let tree = mendel_spec::read_tree(path, &mendel_spec::TreeOptions::default());
    let folders: Vec<String> = tree
        .selected()
        .filter(|(_, task)| task.kind == Kind::Staged)
        .map(|(_, task)| task.path.display().to_string())
        .collect();
    let keys: Vec<_> = folders.iter().map(|folder| record::note_key(folder)).collect();
    let notes = context.client.notes::<serde::de::IgnoredAny>(&keys).await?;
    Ok(folders.into_iter().zip(notes).filter_map(|(folder, note)| note.map(|_| folder)).collect())
}

/// Forgets the completion of a task that `run` made, if it still is the last one.
pub async fn forget_completion(context: &Context, run: &Run) -> Result<(), Failure> {
    let folder = entry(run).filter(|_| run.facts.kind == TaskKind::Staged);
    if let Some(folder) = folder {
        record::forget(context, &folder.display().to_string(), Some(run.facts.id)).await?;
    }
    Ok(())
}

/// The ended runs whose entry lies at or below `path`.
async fn runs_of(context: &Context, path: &Path) -> Result<Vec<Run>, Failure> {
    let ended = vec![Status::Completed, Status::Failed, Status::Stopped];
    let query = RunQuery { status: ended, ..RunQuery::default() };
    let runs = context.client.all_runs(&query).await?;
    Ok(runs.into_iter().filter(|run| entry(run).is_some_and(|entry| entry.starts_with(path))).collect())
}

/// Where the entry of `run` lay on the machine that ran it.
fn entry(run: &Run) -> Option<PathBuf> {
    let script = &run.facts.script;
    (!script.root.is_empty()).then(|| Path::new(&script.root).join(&script.entry))
}
