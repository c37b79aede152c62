//! What a supervisor reads: first its batch, then commands, until its watcher is gone.

use std::{io, pin::Pin};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};

use super::Command;
use crate::job::JobBatch;

/// Why no batch could be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The pipe broke, or ended before a batch came.
    #[error("cannot read what to do")]
    Read(#[source] io::Error),
    /// What came is no batch.
    #[error("what came is not a batch of jobs")]
    NoBatch(#[source] serde_json::Error),
}

/// The supervisor's end of the pipe from its watcher.
pub struct Input(Pin<Box<dyn AsyncBufRead + Send>>);

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Input").finish()
    }
}

impl Input {
    /// Reads from any pipe.
    pub fn new(pipe: impl tokio::io::AsyncRead + Send + 'static) -> Self {
        Self(Box::pin(BufReader::new(pipe)))
    }

    /// Reads from standard input, which must be a pipe.
    pub fn from_stdin() -> io::Result<Self> {
        // A pipe of tokio's own instead of its stdin, whose blocking thread would keep a
        // supervisor alive for as long as its watcher.
        let own = nix::unistd::dup(io::stdin()).map_err(io::Error::from)?;
        Ok(Self::new(tokio::net::unix::pipe::Receiver::from_owned_fd(own)?))
    }

    /// The batch; the first thing that is read.
    pub async fn batch(&mut self) -> Result<JobBatch, InputError> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).await.map_err(InputError::Read)?;
        serde_json::from_slice(&line).map_err(InputError::NoBatch)
    }

    /// The next command; none once the watcher is gone. A line that is no command is
    /// skipped: it is from a newer watcher.
    pub(super) async fn command(&mut self) -> Option<Command> {
        let mut line = Vec::new();
        loop {
            line.clear();
            match self.0.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
            if let Ok(command) = serde_json::from_slice(&line) {
                return Some(command);
            }
        }
    }
}
