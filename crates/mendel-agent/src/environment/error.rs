//! Why there is no environment, and the way out.

use std::{io, path::PathBuf};

/// Why an environment could not be chosen or made.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// `--env` or `environment:` names something that is not there.
    #[error("`{choice}` was asked for, but `{}` holds no {missing}", folder.display())]
    FileMissing {
        /// What was asked for.
        choice: String,
        /// The folder that was searched.
        folder: PathBuf,
        /// The names looked for.
        missing: String,
    },
    /// The word after `--env` is unknown.
    #[error("`{word}` is no kind of environment")]
    UnknownChoice {
        /// The word.
        word: String,
    },
    /// No conda-compatible tool is installed.
    #[error("`{file}` needs conda, and neither micromamba, mamba nor conda is installed")]
    ManagerMissing {
        /// The file that decided for conda.
        file: String,
    },
    /// There is no Python.
    #[error("no Python was found: {searched}")]
    PythonMissing {
        /// Where it was looked for.
        searched: String,
    },
    /// The interpreter did not answer.
    #[error("the interpreter `{}` does not work: {said}", path.display())]
    PythonBroken {
        /// The interpreter.
        path: PathBuf,
        /// Its last words.
        said: String,
    },
    /// A file that belongs to the inputs cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Packages could not be installed.
    #[error("{tool} could not make the environment of `{file}`: {said}")]
    Build {
        /// The program that failed.
        tool: String,
        /// The file it worked from.
        file: String,
        /// Its last words.
        said: String,
    },
    /// The folder of environments cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// What could not be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl EnvironmentError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FileMissing { .. } => "environment_file_missing",
            Self::UnknownChoice { .. } => "environment_unknown",
            Self::ManagerMissing { .. } => "env_manager_missing",
            Self::PythonMissing { .. } | Self::PythonBroken { .. } => "python_missing",
            Self::Unreadable { .. } => "environment_unreadable",
            Self::Build { .. } => "environment_failed",
            Self::Write { .. } => "environment_unwritable",
        }
    }

    /// The class for retry rules: what failed is the environment, not the user's code.
    pub fn class(&self) -> &'static str {
        "environment"
    }

    /// Whether trying again later may help without any change.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Build { .. } | Self::Write { .. })
    }

    /// The way out, for a person.
    pub fn hint(&self) -> String {
        match self {
            Self::FileMissing { .. } => "add the file, or choose with `--env auto|system|venv|conda|none`".to_owned(),
            Self::UnknownChoice { .. } => "it is one of `auto`, `system`, `venv`, `conda`, `none`".to_owned(),
            Self::ManagerMissing { .. } => {
                "install micromamba, or run with the present Python: `--env system`; with a requirements.txt: `--env venv`"
                    .to_owned()
            }
            Self::PythonMissing { .. } | Self::PythonBroken { .. } => {
                "install Python, or name an interpreter with `MENDEL_PYTHON=/path/to/python`".to_owned()
            }
            Self::Unreadable { .. } => "make it readable, or remove the line that names it".to_owned(),
            Self::Build { .. } => {
                "nothing half-made is kept: correct the file, or check network and disk and start the run again".to_owned()
            }
            Self::Write { .. } => "free some space, or check who may write there".to_owned(),
        }
    }
}
