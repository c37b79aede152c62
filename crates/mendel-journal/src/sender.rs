//! What a delivery needs from whoever carries records to a server, and how that can fail.

use std::{path::Path, time::Duration};

use mendel_model::{Digest, NewRun, RunId, WriterId};

/// Carries records to a server. Every call may be repeated and has its effect once.
pub trait Sender {
    /// Makes the run, unless it exists.
    fn create_run(&mut self, run: &NewRun) -> Result<(), SendError>;

    /// Stores the bytes at `path` under `digest`, unless they are stored.
    fn put_blob(&mut self, digest: &Digest, path: &Path) -> Result<(), SendError>;

    /// Appends whole frames of one writer; returns the highest sequence that is durable.
    fn append(&mut self, run: RunId, attempt: u32, writer: WriterId, frames: &[u8]) -> Result<u64, SendError>;
}

/// Why something was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work later: nobody answers, or the server has no room now.
    #[error("not delivered yet: {message}")]
    Later {
        /// What happened.
        message: String,
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
    /// It will never work in this form.
    #[error("refused with {status} `{code}`: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable code.
        code: String,
        /// A sentence.
        message: String,
    },
}
