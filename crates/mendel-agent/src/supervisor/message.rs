//! What a supervisor says to its watcher and is told by it, one JSON object a line.

use mendel_model::{ConsoleStream, Identity, Output, Param, Progress, RunId, Status, Timestamp};
use serde::{Deserialize, Serialize};

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Its process was started.
    Started {
        /// Which run.
        run: RunId,
        /// Number of the attempt.
        attempt: u32,
        /// Process id.
        pid: u32,
        /// When.
        time: Timestamp,
    },
    /// A line of its console.
    Line {
        /// Which run.
        run: RunId,
        /// Which stream.
        stream: ConsoleStream,
        /// When it was written.
        time: Timestamp,
        /// The line so far; it replaces an unfinished one of the same stream.
        text: String,
        /// Whether the line is finished; else more of it follows, or a later state of it.
        whole: bool,
    },
    /// Its parameters are settled, as its own parser reported them.
    Params {
        /// Which run.
        run: RunId,
        /// Its parameters.
        params: Vec<Param>,
        /// What the run means.
        identity: Identity,
        /// Whether an earlier identity was replaced by this one.
        changed: bool,
    },
    /// How far it is, as its stages reported.
    Progress {
        /// Which run.
        run: RunId,
        /// When.
        time: Timestamp,
        /// How far.
        progress: Progress,
    },
    /// It ended, or never started.
    Ended(Ended),
    /// Something that a person should know and that stops nothing.
    Warning {
        /// Which run, if one.
        run: Option<RunId>,
        /// A sentence.
        text: String,
    },
    /// Nothing is left to do; the last event.
    Done,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Which run.
    pub run: RunId,
    /// Its status now.
    pub status: Status,
    /// A short reason; empty for one that ended well.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// Exit code of the process.
    pub exit_code: Option<i32>,
    /// Signal that ended the process.
    pub signal: Option<i32>,
    /// The last lines of its console.
    pub last_lines: Vec<String>,
    /// What it wrote.
    pub outputs: Vec<Output>,
    /// Files that changed while it ran; such a run never answers a later request.
    pub tainted: Vec<String>,
    /// What the script's own parser said, when it refused the words before any work.
    pub refused: Option<String>,
    /// Whether a process was started at all.
    pub started: bool,
    /// Whether its result may answer a later request.
    pub reusable: bool,
    /// When it ended.
    pub time: Timestamp,
    /// How long it took, in milliseconds.
    pub duration: u64,
}

/// What a watcher tells a supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Stop every job as Ctrl-C would, and start no other.
    Stop,
    /// Stop one job.
    StopRun {
        /// Which run.
        run: RunId,
    },
    /// Kill every job at once, and start no other.
    Kill,
}
