//! `mendel stop`

use clap::Args;
use mendel_model::{Move, StatusRecord};

use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render,
};

/// Stop runs: a running one as Ctrl-C would, a waiting one at once.
#[derive(Args)]
pub struct Stop {
    /// The runs.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
}

impl Stop {
    /// Stops, and prints the runs.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut stopped = Vec::with_capacity(self.runs.len());
        for reference in &self.runs {
            stopped.push(self.stop(&context, reference).await?);
        }
        printer.answer(&render::document::runs(&stopped), |text| {
            for run in &stopped {
                text.push_str(&format!("@{} {}\n", run.number, run.status));
            }
        });
        Ok(Exit::Done)
    }

    /// The run is stopped here and now; its supervisor hears of it and ends the process.
    async fn stop(&self, context: &Context, reference: &str) -> Result<mendel_model::Run, Failure> {
        let run = context.run(reference).await?;
        if run.status.is_terminal() {
            return Err(Failure::input(format!("run @{} is {} already", run.number, run.status)));
        }
        let record = StatusRecord {
            to: Move::Stop,
            reason: "stopped".into(),
            message: "asked for with `mendel stop`".into(),
            time: now(),
            owner: None,
            exit_code: None,
            signal: None,
        };
        Ok(context.client.move_run(run.facts.id, None, &record).await?)
    }
}
