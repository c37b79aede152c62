//! `mendel resume`

use clap::Args;
use mendel_model::{Status, TaskKind};

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    run::{launch, options::RunOptions, replay, staged, summary},
};

/// Go on with a run that failed, was stopped or lost its process: a new attempt.
#[derive(Args)]
pub struct Resume {
    /// The run: its id, the first or last digits of it, or `@7`.
    run: String,
    /// Do not record the load of the machine.
    #[arg(long)]
    no_monitor: bool,
}

impl Resume {
    /// Starts a new attempt with the snapshot and values of the run.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let run = context.run(&self.run).await?;
        if !matches!(run.status, Status::Failed | Status::Stopped | Status::Queued | Status::Draft) {
            let hint = format!("`mendel rerun @{}` executes its snapshot as a new run", run.number);
            return Err(Failure::input_hint(
                format!("run @{} is {}, and only one that failed or was stopped goes on", run.number, run.status),
                hint,
            ));
        }
        if run.facts.kind == TaskKind::Staged {
            return staged::replay::resume(&context, &run, !self.no_monitor, printer).await;
        }
        let options = RunOptions { no_monitor: self.no_monitor, ..RunOptions::default() };
        let task = replay::prepare(&context, &run, &options).await?;
        let outcome = launch::resume(&context, &task, &run, printer).await?;
        Ok(summary::answer(&[task], &[outcome], None, printer))
    }
}
