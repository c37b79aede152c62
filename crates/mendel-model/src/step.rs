//! Steps: the smallest unit that is planned, executed and reused, and the reasons why.

use serde::{Deserialize, Serialize};

use crate::{Digest, Identity, RunId, Timestamp};

/// The address of a stored result: digest of configuration, code and inputs.
pub type StepKey = Digest;

/// What kind of thing a result depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// Source that was executed: entry script, module, or the whole tree of a command.
    Code,
    /// A file that was read.
    Input,
    /// The names in a folder that was listed.
    Listing,
    /// Interpreter and packages.
    Environment,
}

/// One thing a result depends on, as it was when the result was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dependency {
    /// Its kind.
    pub kind: DependencyKind,
    /// Path below the project root with `/`, an absolute path outside it, or `environment`.
    pub subject: String,
    /// Digest of its content; none where it was absent and its absence mattered.
    pub digest: Option<Digest>,
}

/// A file that a step wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Path below the working folder, with `/`.
    pub path: String,
    /// Digest of its bytes at the end.
    pub digest: Digest,
    /// Number of bytes.
    pub size: u64,
    /// Whether the bytes are kept as a blob, or only the digest.
    pub kept: bool,
}

/// A finished step: what it depended on and what it made. Many may lie under one identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// What the step means.
    pub identity: Identity,
    /// Digest of identity and dependencies.
    pub key: StepKey,
    /// The run that made it.
    pub run: RunId,
    /// The step's name within the run.
    pub step: String,
    /// What it depended on.
    pub dependencies: Vec<Dependency>,
    /// What it wrote.
    pub outputs: Vec<Output>,
    /// How long it took, in milliseconds.
    pub duration: u64,
    /// When it ended.
    pub finished: Timestamp,
}

/// Why a step is, or was, computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// Nothing like it was ever computed.
    Never,
    /// Its code changed.
    Code,
    /// A parameter changed.
    Parameter,
    /// A file it reads changed.
    Input,
    /// Interpreter or packages changed.
    Environment,
    /// It was asked for with `--force` or `rerun`.
    Forced,
    /// The earlier one did not complete, or its files changed while it ran.
    Incomplete,
    /// It cannot be known whether the result still holds.
    Unknown,
}

/// One reason, in words a person can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Its kind.
    pub kind: ReasonKind,
    /// What changed: a path, a parameter, a package.
    pub subject: String,
    /// What it was.
    #[serde(default)]
    pub before: Option<String>,
    /// What it is.
    #[serde(default)]
    pub after: Option<String>,
    /// The file to look at.
    #[serde(default)]
    pub file: Option<String>,
    /// The first line that differs.
    #[serde(default)]
    pub line: Option<u32>,
}

impl Reason {
    /// A reason without detail.
    pub fn new(kind: ReasonKind, subject: impl Into<String>) -> Self {
        Self { kind, subject: subject.into(), before: None, after: None, file: None, line: None }
    }
}
