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
        match self {
            Self::Build { said, .. } => matches!(Cause::of(said), Cause::Network | Cause::Disk | Cause::Other),
            Self::Write { .. } => true,
            _ => false,
        }
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
            Self::Build { said, file, .. } => match Cause::of(said) {
                Cause::Network => "the package index could not be reached: check the network and run again".to_owned(),
                Cause::Disk => "free some space on the disk and run again".to_owned(),
                Cause::Hash => format!("a package is not the one that `{file}` expects: check its hashes"),
                Cause::Package => format!("no such package or version can be had: correct `{file}`"),
                Cause::Other => format!("nothing half-made is kept: correct `{file}`, or run again"),
            },
            Self::Write { .. } => "free some space, or check who may write there".to_owned(),
        }
    }
}

/// What an installer's last words point to.
enum Cause {
    Network,
    Disk,
    Hash,
    Package,
    Other,
}

impl Cause {
    fn of(said: &str) -> Self {
        let said = said.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if any(&["no space left", "disk quota"]) {
            Self::Disk
        } else if any(&["hash mismatch", "do not match the hashes", "hashes are required"]) {
            Self::Hash
        } else if any(&["connect", "timed out", "name resolution", "dns error", "network is unreachable", "503", "502"])
        {
            Self::Network
        } else if any(&["no matching distribution", "no solution found", "not found in the package registry"]) {
            Self::Package
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f67_the_last_words_of_an_installer_tell_whether_trying_again_helps() {
        let cases = [
            ("error: Request failed after 3 retries\ndns error: failed to lookup", true, "network"),
            ("OSError: [Errno 28] No space left on device", true, "space"),
            ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", false, "hashes"),
            ("ERROR: No matching distribution found for nope", false, "no such package"),
            ("something else", true, "half-made"),
        ];
        for (said, retryable, word) in cases {
            let error = EnvironmentError::Build {
                tool: "pip".to_owned(),
                file: "requirements.txt".to_owned(),
                said: said.to_owned(),
            };
            assert_eq!(error.is_retryable(), retryable, "{said}");
            assert!(error.hint().contains(word), "{said}: {}", error.hint());
            assert_eq!(error.class(), "environment");
        }
    }
}
