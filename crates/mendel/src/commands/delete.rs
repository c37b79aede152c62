//! `mendel delete`

use std::io::{IsTerminal, stdin};

use mendel_model::{Run, Status};
use serde_json::json;

use super::reset::forget_completion;
use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        text::{count, safe},
    },
};

/// Delete runs with all that belongs to them.
#[derive(clap::Args)]
pub struct Delete {
    /// The runs: ids, beginnings of ids, or `@7`.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Delete {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut runs: Vec<Run> = Vec::new();
        for reference in &self.runs {
            let run = context.run(reference).await?;
            refuse_live(&run)?;
            if runs.iter().all(|other| other.facts.id != run.facts.id) {
                runs.push(run);
            }
        }
        let names: Vec<String> = runs.iter().map(|run| format!("@{} {}", run.number, safe(&run.facts.name))).collect();
        if !self.yes && !confirm(printer, &format!("Delete {} ({})?", count(runs.len(), "run"), names.join(", ")))? {
            printer.note(format_args!("Nothing was deleted."));
            return Ok(Exit::BadInput);
        }
        for run in &runs {
            forget_completion(&context, run).await?;
            context.client.delete_run(run.facts.id).await?;
            printer.note(format_args!("Deleted run @{}", run.number));
        }
        let mut answer = document::runs(&runs);
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("deleted".to_owned(), json!(true));
        }
        printer.answer(&answer, |_| {});
        Ok(Exit::Done)
    }
}

fn refuse_live(run: &Run) -> Result<(), Failure> {
    match run.status {
        Status::Running => Err(Failure::input_hint(
            format!("run @{} is running", run.number),
            format!("`mendel stop @{}` stops it", run.number),
        )),
        Status::Published => Err(Failure::input_hint(
            format!("run @{} is published and read-only", run.number),
            format!("`mendel archive @{}` puts it out of sight", run.number),
        )),
        Status::Draft | Status::Queued | Status::Completed | Status::Failed | Status::Stopped => Ok(()),
    }
}

/// Asks the person at the terminal; without one, `--yes` has to say it.
pub fn confirm(printer: &Printer, question: &str) -> Result<bool, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::input_hint(format!("nobody is there to answer: {question}"), "`--yes` answers it"));
    }
    printer.err(&format!("{question} [y/N] "));
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(|error| Failure::trouble(format!("the answer cannot be read: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
