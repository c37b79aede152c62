//! Runs that nobody holds any more: their journals are delivered, then they are closed.

use mendel_api::{Client, ClientError};
use mendel_journal::Workspace;
use mendel_model::{Run, RunId, Status};

/// A run that was left alone, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// Which run.
    pub run: RunId,
    /// Its status now.
    pub status: Status,
    /// Why.
    pub reason: String,
}

/// Closes those of `runs` that are running while their owner on this host is dead. Two
/// openers at once close each run once.
pub async fn recover(workspace: &Workspace, client: &Client, runs: &[Run]) -> Result<Vec<Recovered>, ClientError> {
    let _ = (workspace, client, runs);
    todo!()
}
