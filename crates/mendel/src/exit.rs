//! How the command ends: exit codes, and failures told in one form.

use std::process::ExitCode;

use mendel_agent::environment::EnvironmentError;
use mendel_snapshot::SnapshotError;
use mendel_spec::Problems;

/// The exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// A run failed, or a wait ended badly.
    RunFailed,
    /// Bad input; nothing was started or written.
    BadInput,
    /// Workspace or server trouble.
    Trouble,
    /// Interrupted by the person.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::RunFailed => 1,
            Exit::BadInput => 2,
            Exit::Trouble => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The input is wrong: one fragment, and what to type instead.
    Input { message: String, hint: Option<String> },
    /// Task files or values are wrong: every fault with its place.
    Problems(Problems),
    /// The workspace or server cannot do it.
    Trouble { message: String, hint: Option<String> },
}

impl Failure {
    /// Bad input without a hint.
    pub fn input(message: impl Into<String>) -> Self {
        Self::Input { message: message.into(), hint: None }
    }

    /// Bad input with the way out.
    pub fn input_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Input { message: message.into(), hint: Some(hint.into()) }
    }

    /// Trouble without a hint.
    pub fn trouble(message: impl Into<String>) -> Self {
        Self::Trouble { message: message.into(), hint: None }
    }

    /// Trouble with the way out.
    pub fn trouble_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Trouble { message: message.into(), hint: Some(hint.into()) }
    }

    /// The exit code it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Input { .. } | Self::Problems(_) => Exit::BadInput,
            Self::Trouble { .. } => Exit::Trouble,
        }
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Self::input_hint(told(&error), error.hint())
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        Self::input_hint(format!("{}: {}", error.code(), told(&error)), error.hint())
    }
}

/// An error with what lies behind it.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}
