//! `mendel publish`

use mendel_model::{Move, StatusRecord};

use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::document,
};

/// Make ended runs read-only for ever.
#[derive(clap::Args)]
pub struct Publish {
    /// The runs: ids, beginnings of ids, or `@7`.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
}

impl Publish {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut found = Vec::new();
        for reference in &self.runs {
            let run = context.run(reference).await?;
            // All are judged before one is changed: published cannot be taken back.
            run.status.apply(Move::Publish).map_err(|error| {
                Failure::input_hint(
                    format!("@{}: {error}", run.number),
                    "only a run that has ended can be published, and only once",
                )
            })?;
            found.push(run);
        }
        let mut published = Vec::new();
        for run in found {
            published.push(context.client.move_run(run.facts.id, None, &change(Move::Publish)).await?);
        }
        for run in &published {
            printer.note(format_args!("Published run @{}", run.number));
        }
        printer.answer(&document::runs(&published), |_| {});
        Ok(Exit::Done)
    }
}

/// A change of status that a person asks for.
pub fn change(to: Move) -> StatusRecord {
    StatusRecord {
        to,
        reason: String::new(),
        message: String::new(),
        time: now(),
        owner: None,
        exit_code: None,
        signal: None,
    }
}
