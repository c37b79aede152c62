//! `mendel supervise`, started by `run`: holds the processes of its jobs.

use clap::Args;
use mendel_agent::{job::JobBatch, supervisor};
use mendel_journal::Workspace;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
};

/// Hold the processes of a run; the request comes on standard input.
#[derive(Args)]
pub struct Supervise {}

impl Supervise {
    /// Reads the request, serves the workspace to the children, and ends when all are closed.
    pub async fn execute(self, _global: &Global) -> Result<Exit, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::input_hint(format!("no request came: {error}"), "`mendel run` starts this")
        };
        let mut input = supervisor::Input::from_stdin().map_err(|error| unreadable(&error))?;
        let batch: JobBatch = input.batch().await.map_err(|error| unreadable(&error))?;
        let context = Context::bare(Workspace::at(batch.workspace.clone())).await?;
        let socket = context.workspace.supervisor_socket(std::process::id());
        context.workspace.prepare_socket(&socket).map_err(|error| Failure::trouble(error.to_string()))?;
        let api = format!("unix:{}", socket.display());
        let (done, finished) = tokio::sync::oneshot::channel::<()>();
        let served = mendel_server::serve_socket(context.router.clone(), &socket, async { drop(finished.await) });
        let held = async {
            supervisor::run(batch, input, tokio::io::stdout(), context.client.clone(), &api).await;
            drop(done);
        };
        let (served, ()) = tokio::join!(served, held);
        if let Err(error) = served {
            eprintln!("the socket of the run could not be served: {error}");
        }
        let _ = std::fs::remove_file(&socket);
        Ok(Exit::Done)
    }
}
