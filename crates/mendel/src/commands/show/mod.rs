//! `mendel show`
//!
//! Whether the word names a run or a path is decided here; what each looks like is told by
//! `run` and `task`.

mod events;
pub mod load;
mod run;
mod run_text;
mod staged;
mod task;

use std::path::Path;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    run::staged::is_tree,
};

/// Show a run, or a task as it would run.
#[derive(clap::Args)]
pub struct Show {
    /// A run (`@7`, its id, or the first or last digits of it), a task folder, or a script.
    #[arg(default_value = ".", value_name = "RUN|PATH")]
    subject: String,
    /// Show every point of every metric.
    #[arg(long)]
    metrics: bool,
    /// Show artifacts and models.
    #[arg(long)]
    artifacts: bool,
    /// Show the whole console.
    #[arg(long)]
    log: bool,
    /// Show when things happened and how long they took.
    #[arg(long)]
    timing: bool,
    /// Show what became of inputs and stages, in order.
    #[arg(long)]
    events: bool,
    /// Draw the lines of this metric.
    #[arg(long, value_name = "METRIC")]
    plot: Vec<String>,
}

impl Show {
    /// Whether no part was asked for by name, so that programs get all of them.
    fn wants_all(&self) -> bool {
        !(self.metrics || self.artifacts || self.log || self.timing || !self.plot.is_empty())
    }

    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let path = Path::new(&self.subject);
        if !self.subject.starts_with('@') && path.exists() {
            if path.is_dir()
                && is_tree(path)
                && let Some(exit) = staged::show(path, global, printer).await?
            {
                return Ok(exit);
            }
            return task::show(path, printer);
        }
        if self.subject.parse::<mendel_model::RunRef>().is_err() {
            return Err(Failure::input_hint(
                format!("`{}` is neither a run nor a path", self.subject),
                "`mendel runs` lists runs; a run is named by id, its first or last digits, or `@7`",
            ));
        }
        let context = Context::here(global).await?;
        let run = context.run(&self.subject).await?;
        if self.events {
            events::show(&context.client, run.facts.id, printer).await?;
            return Ok(Exit::Done);
        }
        run::show(&context.client, run, &self, printer).await?;
        Ok(Exit::Done)
    }
}
