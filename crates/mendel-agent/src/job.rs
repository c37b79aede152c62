//! What a supervisor is asked to do: a batch of jobs, each one attempt of one run.
//!
//! Everything a supervisor needs is in the batch, so that it can go on when whoever asked
//! is gone. Which runs exist, and with which parameters, was decided before.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use mendel_model::{Dependency, Digest, Identity, RunId};
use serde::{Deserialize, Serialize};

/// Jobs that one supervisor holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobBatch {
    /// The workspace folder (`.mendel`).
    pub workspace: PathBuf,
    /// How many jobs run side by side; zero counts as one.
    pub slots: usize,
    /// Whether the first failure keeps the others from starting, and stops those that run.
    #[serde(default)]
    pub fail_fast: bool,
    /// Seconds from asking a job to stop until it is killed.
    #[serde(default = "default_grace")]
    pub stop_grace: u64,
    /// What happens to the jobs when the watcher goes away.
    #[serde(default)]
    pub watched: Watched,
    /// The folder of the Python package `mendel` that belongs to this command.
    #[serde(default)]
    pub package: Option<PathBuf>,
    /// The `mendel` binary that user code may start.
    pub binary: PathBuf,
    /// The jobs, in the order of their starting.
    pub jobs: Vec<Job>,
}

/// What happens to jobs when nobody watches any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Watched {
    /// They are stopped as by Ctrl-C, with the reason `client_lost`.
    #[default]
    Required,
    /// They go on.
    Optional,
}

/// One attempt of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The run; it exists and may start.
    pub run: RunId,
    /// The name of the step within the run.
    #[serde(default = "default_step")]
    pub step: String,
    /// What is started.
    pub launch: Launch,
    /// The words after the entry; for a command those after its first.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// The project root: what is below it is observed.
    pub root: PathBuf,
    /// Where it runs.
    pub folder: WorkingFolder,
    /// The folder it starts in as part of its identity: below the root, empty for the root.
    #[serde(default)]
    pub starts_in: String,
    /// Digest of the manifest blob of the run's snapshot.
    #[serde(default)]
    pub manifest: Option<Digest>,
    /// What it runs with.
    #[serde(default)]
    pub environment: JobEnvironment,
    /// For a command: the only files that count as its inputs, if any were named.
    #[serde(default)]
    pub inputs: Option<Vec<PathBuf>>,
    /// What it depends on whatever it opens: the data that its parameters name.
    #[serde(default)]
    pub data: Vec<Dependency>,
    /// What the run means, where that is known before it starts.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Whether the parameters that its own parser reports settle what the run means; not
    /// for a task whose parameters are declared in a file.
    #[serde(default)]
    pub parser_settles: bool,
    /// Under which note the reported parser is kept for later requests, as `mendel-spec`
    /// spells a known one.
    #[serde(default)]
    pub parser_note: Option<String>,
    /// What is recorded beside its status.
    #[serde(default)]
    pub keep: Keep,
    /// Whether a module named `coretex` is put first.
    #[serde(default)]
    pub coretex: bool,
}

/// The note that keeps what a request came to mean whose words alone were known before it ran.
pub fn words_note(asked: &Identity) -> String {
    format!("words/{}", asked.digest())
}

/// What a run means besides its words when only `inputs` count: it may answer where others do not.
pub fn narrowing(root: &Path, inputs: &[PathBuf]) -> Vec<String> {
    let mut named: Vec<_> = inputs
        .iter()
        .map(|path| format!("mendel --input {}", path.strip_prefix(root).unwrap_or(path).display()))
        .collect();
    named.sort();
    named.dedup();
    named
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Launch {
    /// A Python script.
    Script {
        /// Its path below the root, with `/`: part of the identity.
        entry: String,
        /// Its path as typed, relative to the working folder.
        path: PathBuf,
        /// What is started in its place: a notebook as a script.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stand_in: Option<String>,
    },
    /// A command found on the path.
    Command {
        /// Its first word.
        program: String,
    },
    /// A shell script, started by its `#!` line, else by `sh`.
    Shell {
        /// Its path below the root, with `/`: part of the identity.
        entry: String,
        /// Its path as typed, relative to the working folder.
        path: PathBuf,
    },
    /// The stages of a pipeline, which the package goes through input by input. It keeps
    /// their results itself, and nothing of it is observed.
    Stages {
        /// The folder of the task below the root, with `/`.
        entry: String,
        /// The document that says what to go through.
        document: PathBuf,
        /// Tasks of one family import the same, and are forked from a process that has done so;
        /// none for a task that is a process of its own.
        #[serde(default)]
        family: Option<String>,
    },
    /// A task made of a Python class, which was written into a folder of its own. Nothing
    /// of it is observed, and its console goes to files there as well.
    Typed {
        /// The name of its class.
        entry: String,
        /// The folder of the task.
        task: PathBuf,
        /// What its files are named after: `name.out`, `name.err`.
        name: String,
    },
}

impl Launch {
    /// What it is in the identity of a run.
    pub fn entry(&self) -> &str {
        match self {
            Self::Script { entry, .. }
            | Self::Shell { entry, .. }
            | Self::Stages { entry, .. }
            | Self::Typed { entry, .. } => entry,
            Self::Command { program } => program,
        }
    }
}

/// Where a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkingFolder {
    /// Where it was started.
    InPlace {
        /// The folder.
        path: PathBuf,
    },
    /// In a folder of its own, which holds the snapshot. It is removed after a good end,
    /// unless outputs lie in it that are kept nowhere else.
    Private {
        /// The folder to start in, below the root, with `/`; empty for the root.
        below: String,
        /// What the snapshot leaves out, linked in from where it lies.
        links: Vec<FolderLink>,
    },
}

/// A path of a private folder that lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderLink {
    /// Path below the root, with `/`.
    pub path: String,
    /// Where it lies.
    pub target: PathBuf,
}

/// What a job runs with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobEnvironment {
    /// The interpreter of a script; the first `python3` or `python` of the path else.
    pub python: Option<PathBuf>,
    /// Variables on top of those of the supervisor; null removes one.
    pub variables: BTreeMap<String, Option<String>>,
    /// Digest of the environment lock.
    pub lock: Option<Digest>,
}

/// What is recorded beside the status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Its console.
    pub console: bool,
    /// Series of the machine's load.
    pub monitor: bool,
    /// Outputs above the size up to which every output is kept.
    pub large_outputs: bool,
    /// Outputs as artifacts of the run as well.
    pub artifacts: bool,
    /// Whether it may answer a later request.
    pub result: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self { console: true, monitor: true, large_outputs: false, artifacts: false, result: true }
    }
}

const fn default_grace() -> u64 {
    30
}

fn default_step() -> String {
    "main".to_owned()
}
