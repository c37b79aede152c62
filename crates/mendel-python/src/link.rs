//! A client that blocks, and carries a journal's records.
//!
//! Each link has a runtime of its own on the calling thread, so it belongs to the process
//! it was made in.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use mendel_api::{Client, ClientError, CreateRuns, Credentials};
use mendel_journal::{SendError, Sender};
use mendel_model::{Digest, NewRun, RunId, WriterId};
use tokio::{runtime::Runtime, sync::Notify, time::timeout};

use crate::reporting::describe;

/// A server that takes a request and says nothing is given up after this.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// The same for the bytes of a blob, whose upload goes on where it stopped.
const BLOB_WITHIN: Duration = Duration::from_secs(3600);

/// A client with its runtime.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) address: String,
    pub(crate) client: Client,
    runtime: Runtime,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("cannot start a runtime")]
    Runtime(#[from] std::io::Error),
    #[error(transparent)]
    Address(#[from] mendel_api::BadAddress),
}

impl Link {
    /// A link to `address`; it connects when it is first used.
    pub(crate) fn to(address: &str) -> Result<Self, LinkError> {
        Self::showing(address, None)
    }

    /// The same, showing `credentials`.
    pub(crate) fn showing(address: &str, credentials: Option<&Credentials>) -> Result<Self, LinkError> {
        let client = Client::at(address, credentials)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { address: address.to_owned(), client, runtime })
    }

    /// Waits for `question` on this thread.
    pub(crate) fn block_on<T>(&self, question: impl Future<Output = T>) -> T {
        self.runtime.block_on(question)
    }
}

/// Carries records over a link until it is told to stop.
pub(crate) struct Carrier<'a> {
    pub(crate) link: &'a Link,
    pub(crate) stop: Arc<Notify>,
}

impl Carrier<'_> {
    fn ask<T>(&self, within: Duration, question: impl Future<Output = Result<T, ClientError>>) -> Result<T, SendError> {
        let later = |message: &str| SendError::Later { message: message.to_owned(), after: None };
        self.link.block_on(async {
            tokio::select! {
                answer = timeout(within, question) => match answer {
                    Ok(answer) => answer.map_err(send_error),
                    Err(_) => Err(later("the server takes requests and does not answer")),
                },
                () = self.stop.notified() => Err(later("this process ends")),
            }
        })
    }
}

impl Sender for Carrier<'_> {
    fn create_run(&mut self, run: &NewRun) -> Result<(), SendError> {
        let wanted = CreateRuns { runs: vec![run.clone()], batch: None };
        self.ask(ANSWER_WITHIN, self.link.client.create_runs(&wanted)).map(drop)
    }

    fn put_blob(&mut self, _: &Digest, path: &Path) -> Result<(), SendError> {
        self.ask(BLOB_WITHIN, self.link.client.put_blob_file(path)).map(drop)
    }

    fn append(&mut self, run: RunId, attempt: u32, writer: WriterId, frames: &[u8]) -> Result<u64, SendError> {
        let frames = bytes::Bytes::copy_from_slice(frames);
        self.ask(ANSWER_WITHIN, self.link.client.append(run, attempt, writer, frames))
    }
}

fn send_error(error: ClientError) -> SendError {
    match error {
        ClientError::Refused { status, code, message, .. } if !passing(status) => {
            SendError::Refused { status, code, message }
        }
        error => SendError::Later { message: describe(&error), after: None },
    }
}

/// M14: these are tried again, all other refusals are final. A key that is not accepted can be
/// replaced, so the journal waits for that.
fn passing(status: u16) -> bool {
    matches!(status, 401 | 408 | 425 | 429 | 500..)
}
