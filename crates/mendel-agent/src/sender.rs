//! Carries journals to the server through the client.
//!
//! A journal is delivered by blocking code; the client is asked on the runtime that the
//! sender was made on, which has to be driven by another thread meanwhile.

use std::path::Path;

use mendel_api::{Client, ClientError, CreateRuns};
use mendel_journal::{DeliverError, Delivered, Journal, SendError, Sender, deliver};
use mendel_model::{Digest, NewRun, RunId, WriterId};
use tokio::{runtime::Handle, task::spawn_blocking};

/// A [`Sender`] over the client. Use it from a blocking thread only.
#[derive(Debug, Clone)]
pub struct ClientSender {
    client: Client,
    runtime: Handle,
}

impl ClientSender {
    /// A sender that asks `client` on the runtime of the caller.
    pub fn new(client: Client) -> Self {
        Self { client, runtime: Handle::current() }
    }
}

impl Sender for ClientSender {
    fn create_run(&mut self, run: &NewRun) -> Result<(), SendError> {
        let wanted = CreateRuns { runs: vec![run.clone()], batch: None };
        self.runtime.block_on(self.client.create_runs(&wanted)).map(drop).map_err(send_error)
    }

    fn put_blob(&mut self, _digest: &Digest, path: &Path) -> Result<(), SendError> {
        self.runtime.block_on(self.client.put_blob_file(path)).map(drop).map_err(send_error)
    }

    fn append(&mut self, run: RunId, attempt: u32, writer: WriterId, frames: &[u8]) -> Result<u64, SendError> {
        let frames = bytes::Bytes::copy_from_slice(frames);
        self.runtime.block_on(self.client.append(run, attempt, writer, frames)).map_err(send_error)
    }
}

fn send_error(error: ClientError) -> SendError {
    // Without a key that is accepted nothing is lost either: the journal waits for one.
    let passing = error.is_passing() || matches!(error, ClientError::Refused { status: 401, .. });
    match error {
        ClientError::Refused { status, code, message, .. } if !passing => SendError::Refused { status, code, message },
        ClientError::File { .. } => {
            SendError::Refused { status: 422, code: "unreadable_file".to_owned(), message: error.to_string() }
        }
        other => SendError::Later { message: other.to_string(), after: None },
    }
}

/// Delivers everything there is in the journal folder `path`.
pub(crate) async fn deliver_folder(client: &Client, path: &Path) -> Result<Delivered, DeliverError> {
    let mut sender = ClientSender::new(client.clone());
    let path = path.to_owned();
    spawn_blocking(move || deliver(&path, &mut sender))
        .await
        .unwrap_or_else(|error| Err(DeliverError::Send(SendError::Later { message: error.to_string(), after: None })))
}

/// Delivers all of `journals`; the errors of those that stay are returned.
pub(crate) async fn deliver_journals(client: &Client, journals: &[Journal]) -> Vec<DeliverError> {
    let mut failed = Vec::new();
    for journal in journals {
        if let Err(error) = deliver_folder(client, &journal.path).await {
            failed.push(error);
        }
    }
    failed
}
