//! A run: one execution of a task's snapshot with fixed parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Digest, EnvironmentLock, Identity, Param, Reason, RunId, Status, Timestamp};

/// What kind of task a run executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// A plain Python script.
    #[default]
    Script,
    /// Any other command.
    Command,
    /// A folder with an entry script, with or without `task.yaml`.
    Folder,
    /// Stages per input.
    Staged,
    /// A training described in YAML.
    Training,
    /// A Python class.
    Typed,
    /// Made by `Task.create`: no code of its own.
    Manual,
}

/// What a run is for, in the words of the Trains API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum TaskType {
    #[default]
    Training,
    Testing,
    Inference,
    DataProcessing,
    Application,
    Monitor,
    Controller,
    Optimizer,
    Service,
    Qc,
    Custom,
    Report,
}

/// The process that executes a run, told by three facts that no later process shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the machine.
    pub host: String,
    /// Id of the boot.
    pub boot: String,
    /// Process id.
    pub pid: u32,
    /// Start of the process in clock ticks since boot.
    pub start: u64,
}

/// Where the code of a run is from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScriptInfo {
    /// The entry: a path below the root, or the words of a command.
    pub entry: String,
    /// The words after it.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Absolute path of the project root on the machine that ran it.
    #[serde(default)]
    pub root: String,
    /// Folder it started in, below the root.
    #[serde(default)]
    pub working_folder: String,
    /// Repository address, if any.
    #[serde(default)]
    pub repository: String,
    /// Branch.
    #[serde(default)]
    pub branch: String,
    /// Commit.
    #[serde(default)]
    pub commit: String,
    /// Uncommitted changes as a patch.
    #[serde(default)]
    pub diff: Option<Digest>,
}

/// What is needed to make a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// Its id, made by the client; asking twice makes one run.
    pub id: RunId,
    /// Its name.
    pub name: String,
    /// Its project, created when missing.
    pub project: String,
    /// What kind of task it executes.
    #[serde(default)]
    pub kind: TaskKind,
    /// What it is for.
    #[serde(default, rename = "type")]
    pub purpose: TaskType,
    /// Who made it.
    #[serde(default)]
    pub user: String,
    /// When it was made.
    pub created: Timestamp,
    /// Parameters.
    #[serde(default)]
    pub params: Vec<Param>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Comment.
    #[serde(default)]
    pub comment: String,
    /// The run it was made from, or belongs under.
    #[serde(default)]
    pub parent: Option<RunId>,
    /// Code.
    #[serde(default)]
    pub script: ScriptInfo,
    /// Digest of the snapshot's manifest blob.
    #[serde(default)]
    pub snapshot: Option<Digest>,
    /// What it means.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Digest of the code tree.
    #[serde(default)]
    pub code: Option<Digest>,
    /// Locked environment.
    #[serde(default)]
    pub environment: Option<EnvironmentLock>,
    /// Why it is computed and not reused.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Configuration objects and other documents by name.
    #[serde(default)]
    pub documents: Map<String, Value>,
    /// The process that executes it, when it starts at once.
    #[serde(default)]
    pub owner: Option<Owner>,
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What it was made with, as edited since.
    #[serde(flatten)]
    pub facts: NewRun,
    /// Number within the workspace.
    pub number: i64,
    /// Where it stands.
    pub status: Status,
    /// Why it stands there: `client_lost`, `killed by SIGKILL`, an exception's type.
    #[serde(default)]
    pub status_reason: String,
    /// The same in a sentence.
    #[serde(default)]
    pub status_message: String,
    /// When the status last changed.
    pub status_changed: Timestamp,
    /// When the first attempt started.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// When anything of it last changed.
    pub updated: Timestamp,
    /// Number of the attempt; its fence.
    pub attempt: u32,
    /// Exit code of the process.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Signal that ended the process.
    #[serde(default)]
    pub signal: Option<i32>,
    /// Highest iteration reported.
    #[serde(default)]
    pub last_iteration: i64,
    /// Whether it is put away.
    #[serde(default)]
    pub archived: bool,
    /// Whether its files changed while it ran: kept, never reused.
    #[serde(default)]
    pub tainted: bool,
    /// Last value of each series by `metric/variant`; non-finite ones as text.
    #[serde(default)]
    pub metrics: BTreeMap<String, Value>,
}

impl Run {
    /// Brings the run to a status that a caller names, with what follows from it: a start
    /// begins a new attempt, an end has a time. Whether it may is asked of [`Status`] before.
    pub fn stand(&mut self, status: Status, reason: &str, message: &str, now: Timestamp) {
        let before = std::mem::replace(&mut self.status, status);
        self.status_reason = reason.to_owned();
        self.status_message = message.to_owned();
        self.status_changed = now;
        self.updated = self.updated.max(now);
        if before == status {
            return;
        }
        match status {
            Status::Running => {
                self.attempt += 1;
                self.started = self.started.or(Some(now));
                self.ended = None;
            }
            Status::Completed | Status::Failed | Status::Stopped => self.ended = Some(now),
            Status::Draft | Status::Queued => self.ended = None,
            Status::Published => {}
        }
        if status != Status::Published {
            (self.exit_code, self.signal) = (None, None);
        }
    }
}

/// A change of what a run says about itself; absent fields stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunUpdate {
    /// New name.
    pub name: Option<String>,
    /// New project, created when missing.
    pub project: Option<String>,
    /// New purpose.
    #[serde(rename = "type")]
    pub purpose: Option<TaskType>,
    /// New comment.
    pub comment: Option<String>,
    /// Tags to add.
    pub add_tags: Vec<String>,
    /// Tags to remove.
    pub remove_tags: Vec<String>,
    /// New parent; `Some(None)` removes it.
    #[serde(with = "double_option", skip_serializing_if = "Option::is_none")]
    pub parent: Option<Option<RunId>>,
    /// Parameters to set; others stay.
    pub set_params: Vec<Param>,
    /// Parameters to set in place of all others.
    pub replace_params: Option<Vec<Param>>,
    /// Documents to set; null removes one.
    pub documents: Map<String, Value>,
    /// Code facts.
    pub script: Option<ScriptInfo>,
    /// Locked environment.
    pub environment: Option<EnvironmentLock>,
    /// Manifest blob.
    pub snapshot: Option<Digest>,
    /// Identity, once the parser has run.
    pub identity: Option<Identity>,
    /// Digest of the code tree.
    pub code: Option<Digest>,
    /// Put away or take back.
    pub archived: Option<bool>,
    /// Files changed while it ran.
    pub tainted: Option<bool>,
    /// Force the highest iteration.
    pub last_iteration: Option<i64>,
    /// Why it is computed.
    pub reasons: Option<Vec<Reason>>,
}

/// A line of a run's console.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsoleLine {
    /// `out` or `err`.
    pub stream: crate::ConsoleStream,
    /// When it was written.
    pub time: Timestamp,
    /// The text without its line end.
    pub text: String,
}

mod double_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}
