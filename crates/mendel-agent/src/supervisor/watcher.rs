//! The other end of a supervisor: starts one in a session of its own and watches it.
//!
//! The pipe to its standard input is the watcher's life line: when it closes, the
//! supervisor knows that nobody watches any more.

use std::{io, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    task::JoinHandle,
};

use super::{Command, Event};
use crate::job::JobBatch;

const LAST_WORDS_BYTES: usize = 4 << 10;

/// Why a supervisor cannot be started or talked to.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// It could not be started.
    #[error("cannot start the supervisor `{program}`")]
    Start {
        /// The binary.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The pipe to it broke.
    #[error("cannot talk to the supervisor")]
    Talk(#[from] io::Error),
    /// It ended before its work was done.
    #[error("the supervisor ended before its work was done ({status})")]
    Ended {
        /// How it ended.
        status: String,
        /// What it wrote last to its standard error.
        last_words: String,
    },
    /// It said something that is not an event.
    #[error("the supervisor said `{line}`, which is not an event")]
    BadEvent {
        /// What it said.
        line: String,
        /// Why it is not one.
        source: serde_json::Error,
    },
}

/// A running supervisor, as the one who asked sees it. Dropping it is going away.
#[derive(Debug)]
pub struct Watcher {
    child: Child,
    commands: Option<ChildStdin>,
    events: Lines<BufReader<ChildStdout>>,
    last_words: JoinHandle<Vec<u8>>,
    done: bool,
}

/// Starts `program supervise` in a session of its own and hands it `batch`.
pub async fn start(program: &Path, batch: &JobBatch) -> Result<Watcher, WatchError> {
    let failed = |source| WatchError::Start { program: program.display().to_string(), source };
    let mut command = tokio::process::Command::new(program);
    command.arg("supervise").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A supervisor started by user code belongs to no run, or the end of that run's process
    // would look like the end of ours.
    for name in ["MENDEL_RUN_ID", "MENDEL_ATTEMPT", "MENDEL_API", "MENDEL_OBSERVE"] {
        command.env_remove(name);
    }
    // SAFETY: `setsid` is safe to call between fork and exec: it allocates nothing.
    unsafe {
        command.pre_exec(|| nix::unistd::setsid().map(drop).map_err(io::Error::from));
    }
    let mut child = command.spawn().map_err(failed)?;
    let mut commands = child.stdin.take().expect("stdin is a pipe");
    let events = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
    let mut errors = child.stderr.take().expect("stderr is a pipe");
    let last_words = tokio::spawn(async move {
        let (mut kept, mut chunk) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = errors.read(&mut chunk).await {
            kept.extend_from_slice(&chunk[..count]);
            let surplus = kept.len().saturating_sub(LAST_WORDS_BYTES);
            kept.drain(..surplus);
        }
        kept
    });
    let mut line = serde_json::to_vec(batch).expect("a batch has text keys");
    line.push(b'\n');
    commands.write_all(&line).await?;
    Ok(Watcher { child, commands: Some(commands), events, last_words, done: false })
}

impl Watcher {
    /// The next event; none once the work is done.
    pub async fn next(&mut self) -> Result<Option<Event>, WatchError> {
        if self.done {
            return Ok(None);
        }
        let Some(line) = self.events.next_line().await? else { return Err(self.ended_early().await) };
        match serde_json::from_str(&line) {
            Ok(Event::Done) => {
                self.done = true;
                self.commands = None;
                self.child.wait().await?;
                Ok(None)
            }
            Ok(event) => Ok(Some(event)),
            Err(source) => Err(WatchError::BadEvent { line, source }),
        }
    }

    /// Tells the supervisor something; one that is gone is told nothing.
    pub async fn tell(&mut self, command: Command) -> Result<(), WatchError> {
        let Some(pipe) = self.commands.as_mut() else { return Ok(()) };
        let mut line = serde_json::to_vec(&command).expect("a command has text keys");
        line.push(b'\n');
        pipe.write_all(&line).await?;
        Ok(pipe.flush().await?)
    }

    /// Process id of the supervisor, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    async fn ended_early(&mut self) -> WatchError {
        self.done = true;
        let status = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => return WatchError::Talk(error),
        };
        let last_words = (&mut self.last_words).await.unwrap_or_default();
        WatchError::Ended { status, last_words: String::from_utf8_lossy(&last_words).trim().to_owned() }
    }
}
