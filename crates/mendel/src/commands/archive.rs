//! `mendel archive`

use mendel_model::RunUpdate;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::document,
};

/// Put runs away, so that lists leave them out.
#[derive(clap::Args)]
pub struct Archive {
    /// The runs: ids, beginnings of ids, or `@7`.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Take them back.
    #[arg(long)]
    undo: bool,
}

impl Archive {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut found = Vec::new();
        for reference in &self.runs {
            found.push(context.run(reference).await?);
        }
        let update = RunUpdate { archived: Some(!self.undo), ..RunUpdate::default() };
        let mut changed = Vec::new();
        for run in found {
            changed.push(context.client.update_run(run.facts.id, None, &update).await?);
        }
        let did = if self.undo { "Took back" } else { "Archived" };
        for run in &changed {
            printer.note(format_args!("{did} run @{}", run.number));
        }
        printer.answer(&document::runs(&changed), |_| {});
        Ok(Exit::Done)
    }
}
