//! Steps: the smallest unit that is planned, executed and reused, and the reasons why.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Canonical, Digest, Identity, InputId, RunId, Timestamp};

/// The address of a stored result: digest of configuration, code and inputs.
pub type StepKey = Digest;

/// The step key of `identity` with `dependencies`, in any order.
pub fn step_key(identity: &Identity, dependencies: &[Dependency]) -> StepKey {
    let mut sorted: Vec<_> = dependencies.iter().collect();
    sorted.sort();
    let mut form = Canonical::new("step");
    form.digest(identity.digest()).count(sorted.len());
    for Dependency { kind, subject, digest } in sorted {
        let kind = match kind {
            DependencyKind::Code => "code",
            DependencyKind::Input => "input",
            DependencyKind::Listing => "listing",
            DependencyKind::Environment => "environment",
            DependencyKind::Lookup => "lookup",
            DependencyKind::Variable => "variable",
            DependencyKind::Existence => "existence",
        };
        form.text(kind).text(subject);
        match digest {
            Some(digest) => form.digest(digest),
            None => form.text("absent"),
        };
    }
    form.finish()
}

/// The name of a stage's step within its run: `STAGE[INPUT as JSON]`, or `STAGE` alone.
pub fn stage_step(stage: &str, input: Option<&InputId>) -> String {
    match input {
        Some(input) => format!("{stage}[{}]", input.json()),
        None => stage.to_owned(),
    }
}

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
    /// Modules that were looked for in a folder: those of the names that are there.
    Lookup,
    /// A variable of the environment that the code asked for.
    Variable,
    /// Whether something is at a path: a file, a folder, or a link and where it leads.
    Existence,
}

/// One thing a result depends on, as it was when the result was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dependency {
    /// Its kind.
    pub kind: DependencyKind,
    /// Path below the project root with `/`, an absolute path outside it, or `environment`.
    /// For a lookup the folder and the names, as `folder/{one,two}`; else a variable's name.
    pub subject: String,
    /// Digest of its content; none where it was absent and its absence mattered.
    pub digest: Option<Digest>,
}

/// A file that a step wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Path below the project root, with `/`.
    pub path: String,
    /// Digest of its bytes at the end.
    pub digest: Digest,
    /// Number of bytes.
    pub size: u64,
    /// Whether the bytes are kept as a blob, or only the digest.
    pub kept: bool,
    /// Whether it may be executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Where it leads, if it is a symbolic link; its bytes are then this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether nothing was there before: such a file is no part of what the step was made of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
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
    /// The input it was for; none for a script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputId>,
    /// What a stage made; none for a script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageRecord>,
}

/// What a stage made of one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Absolute path of the task it was made for.
    pub task: String,
    /// Its output fields.
    pub fields: Vec<StageField>,
    /// Files it wrote through scopes.
    #[serde(default)]
    pub files: Vec<ScopeFile>,
    /// Fields that a disabled stage did not make.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Its hyperparameters, with every default it asked for.
    #[serde(default)]
    pub config: Value,
    /// Seconds of its own code.
    #[serde(default)]
    pub seconds: f64,
    /// Why it never answers: what it read is not known for sure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// Why every file of the project counts, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

/// The value of a field, by the digest of its encoded bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageField {
    /// Name of the field.
    pub name: String,
    /// How the value is encoded.
    pub format: String,
    /// Digest of the encoded value.
    pub digest: Digest,
    /// Bytes of the encoded value.
    pub size: u64,
    /// Whether the bytes are kept as a blob, or only the digest.
    pub kept: bool,
}

/// A file that a stage wrote to a path it got from a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeFile {
    /// The scope.
    pub scope: String,
    /// What follows the path of the scope, for a file in a folder; empty for the path itself.
    pub path_suffix: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Number of bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
}

/// Why a step is, or was, computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// Nothing like it was ever computed.
    Never,
    /// Its code changed.
    Code,
    /// A stage was added to the pipeline or removed from it.
    Pipeline,
    /// The specification changed in what no stage reads.
    Specification,
    /// A parameter changed.
    Parameter,
    /// A file it reads changed.
    Input,
    /// Interpreter or packages changed.
    Environment,
    /// A variable of the environment changed.
    Variable,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_named_after_its_stage_and_input() {
        assert_eq!(stage_step("segment", Some(&7.into())), "segment[7]");
        assert_eq!(stage_step("segment", Some(&"a\"b".into())), r#"segment["a\"b"]"#);
        assert_eq!(stage_step("fit", None), "fit");
    }

    #[test]
    fn a_step_key_depends_on_every_dependency_and_not_on_their_order() {
        let identity = Canonical::new("test").identity();
        let file = |subject: &str, bytes: &[u8]| Dependency {
            kind: DependencyKind::Input,
            subject: subject.into(),
            digest: Some(Digest::of(bytes)),
        };
        let (one, other) = (file("a", b"1"), file("b", b"2"));
        let key = step_key(&identity, &[one.clone(), other.clone()]);
        assert_eq!(key, step_key(&identity, &[other, one.clone()]));
        assert_ne!(key, step_key(&identity, std::slice::from_ref(&one)));
        assert_ne!(
            step_key(&identity, std::slice::from_ref(&one)),
            step_key(&identity, &[Dependency { digest: None, ..one }])
        );
    }
}
