//! `mendel stop`

use std::time::Duration;

use clap::Args;
use mendel_model::{Move, Status, StatusRecord};

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
    /// Seconds to wait until they have stopped.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: u64,
}

impl Stop {
    /// Asks, waits, and prints the runs.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut stopped = Vec::with_capacity(self.runs.len());
        for reference in &self.runs {
            stopped.push(self.stop(&context, reference).await?);
        }
        let still = stopped.iter().any(|run| run.status == Status::Running);
        printer.answer(&render::document::runs(&stopped), |text| {
            for run in &stopped {
                text.push_str(&format!("@{} {}\n", run.number, run.status));
            }
        });
        Ok(if still { Exit::RunFailed } else { Exit::Done })
    }

    async fn stop(&self, context: &Context, reference: &str) -> Result<mendel_model::Run, Failure> {
        let run = context.run(reference).await?;
        let id = run.facts.id;
        match run.status {
            Status::Running => mendel_agent::supervisor::request_stop(&context.workspace, id)
                .map_err(|error| Failure::trouble(format!("run @{} cannot be asked to stop: {error}", run.number)))?,
            Status::Draft | Status::Queued => {
                let record = StatusRecord { to: Move::Stop, reason: "stopped".into(), message: String::new(), time: now(), owner: None, exit_code: None, signal: None };
                return Ok(context.client.move_run(id, None, &record).await?);
            }
            ended => return Err(Failure::input(format!("run @{} is {ended} already", run.number))),
        }
        for _ in 0..self.wait * 10 {
            let run = context.run(&id.to_string()).await?;
            if run.status != Status::Running {
                return Ok(run);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        context.run(&id.to_string()).await
    }
}
