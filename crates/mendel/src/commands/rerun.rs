//! `mendel rerun`

use clap::Args;
use mendel_model::TaskKind;

use crate::{
    arguments::Global,
    commands::run::finish,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    run::{options::RunOptions, replay, staged},
};

/// Execute the snapshot of a run again, in a clean folder.
#[derive(Args)]
pub struct Rerun {
    /// The run: its id, the first or last digits of it, or `@7`.
    run: String,
    #[command(flatten)]
    options: RunOptions,
}

impl Rerun {
    /// Restores the snapshot and executes it as a new run.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let origin = context.run(&self.run).await?;
        if origin.facts.kind == TaskKind::Staged {
            return staged::replay::rerun(&context, &origin, &self.options, printer).await;
        }
        let task = replay::prepare(&context, &origin, &self.options).await?;
        let options = RunOptions { force: true, ..self.options };
        finish(&context, &[task], &options, printer).await
    }
}
