//! Which environment a folder asks for, and why.
//!
//! A conda file for this system comes first, then `requirements.txt`, then the
//! interpreter that is there. A choice of the user overrides the files.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use mendel_model::EnvironmentManager;

use super::{EnvironmentError, Machine};

const REQUIREMENTS: &str = "requirements.txt";
const CONDA: &str = "environment.yml";
const CONDA_MACOS: &str = "environment-osx.yml";

/// What the user wants: `--env`, or `environment:` of a task file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EnvironmentChoice {
    /// Whatever the files of the folder say.
    #[default]
    Auto,
    /// The interpreter that is there.
    System,
    /// A virtual environment.
    Venv,
    /// A conda environment.
    Conda,
    /// No Python environment at all.
    None,
    /// The environment that this file of the folder describes.
    File(String),
}

impl FromStr for EnvironmentChoice {
    type Err = EnvironmentError;

    /// One of the five words, or the name of a file.
    fn from_str(word: &str) -> Result<Self, EnvironmentError> {
        Ok(match word {
            "auto" => Self::Auto,
            "system" => Self::System,
            "venv" => Self::Venv,
            "conda" => Self::Conda,
            "none" => Self::None,
            file if file.contains('.') => Self::File(file.to_owned()),
            word => return Err(EnvironmentError::UnknownChoice { word: word.to_owned() }),
        })
    }
}

/// Which environment a folder gets, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// Who provides it.
    pub manager: EnvironmentManager,
    /// The file or option that decided.
    pub because: String,
    /// The file that lists the packages.
    pub file: Option<PathBuf>,
}

impl fmt::Display for Detected {
    /// As in `env: conda, because environment.yml`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manager = match self.manager {
            EnvironmentManager::None => "none",
            EnvironmentManager::System => "system",
            EnvironmentManager::Venv => "venv",
            EnvironmentManager::Conda => "conda",
        };
        write!(f, "env: {manager}, because {}", self.because)
    }
}

/// Decides which environment `folder` gets.
pub fn detect(folder: &Path, choice: &EnvironmentChoice, machine: &Machine) -> Result<Detected, EnvironmentError> {
    let there = |name: &&str| folder.join(name).is_file();
    let conda_files: &[&str] = if machine.is_macos { &[CONDA_MACOS, CONDA] } else { &[CONDA] };
    let conda = conda_files.iter().copied().find(there);
    let requirements = Some(REQUIREMENTS).filter(there);
    let found = |manager, because: String, file: Option<&str>| Detected {
        manager,
        because,
        file: file.map(|name| folder.join(name)),
    };
    let missing = |choice: &str, names: &[&str]| EnvironmentError::FileMissing {
        choice: choice.to_owned(),
        folder: folder.to_owned(),
        missing: names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
    };
    use EnvironmentManager as Manager;
    match choice {
        EnvironmentChoice::Auto => Ok(match (conda, requirements) {
            (Some(file), Some(_)) => {
                found(Manager::Conda, format!("{file} (it comes before {REQUIREMENTS})"), Some(file))
            }
            (Some(file), None) => found(Manager::Conda, file.to_owned(), Some(file)),
            (None, Some(file)) => found(Manager::Venv, file.to_owned(), Some(file)),
            (None, None) => found(Manager::System, format!("there is no {REQUIREMENTS} or {CONDA}"), None),
        }),
        EnvironmentChoice::System => Ok(found(Manager::System, "--env system".to_owned(), None)),
        EnvironmentChoice::None => Ok(found(Manager::None, "--env none".to_owned(), None)),
        EnvironmentChoice::Venv => match requirements {
            Some(file) => Ok(found(Manager::Venv, format!("--env venv, with {file}"), Some(file))),
            None => Err(missing("--env venv", &[REQUIREMENTS])),
        },
        EnvironmentChoice::Conda => match conda {
            Some(file) => Ok(found(Manager::Conda, format!("--env conda, with {file}"), Some(file))),
            None => Err(missing("--env conda", conda_files)),
        },
        EnvironmentChoice::File(file) => {
            let is_conda = [".yml", ".yaml"].iter().any(|ending| file.ends_with(ending));
            let manager = if is_conda { Manager::Conda } else { Manager::Venv };
            match Some(file.as_str()).filter(there) {
                Some(name) => Ok(found(manager, name.to_owned(), Some(name))),
                None => Err(missing(file, &[file])),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        folder
    }

    fn said(files: &[&str], choice: &str, is_macos: bool) -> String {
        let machine = Machine { is_macos, ..Machine::default() };
        match detect(folder(files).path(), &choice.parse().unwrap(), &machine) {
            Ok(detected) => detected.to_string(),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn ct_16_the_manager_and_the_file_that_decided_are_said() {
        assert_eq!(said(&["environment.yml"], "auto", false), "env: conda, because environment.yml");
        assert_eq!(said(&["requirements.txt"], "auto", false), "env: venv, because requirements.txt");
        assert_eq!(said(&[], "auto", false), "env: system, because there is no requirements.txt or environment.yml");
        assert_eq!(
            said(&["requirements.txt", "environment.yml"], "auto", false),
            "env: conda, because environment.yml (it comes before requirements.txt)"
        );
    }

    #[test]
    fn ct_15_the_file_for_macos_wins_there_and_is_ignored_elsewhere() {
        let both = ["environment.yml", "environment-osx.yml"];
        assert_eq!(said(&both, "auto", true), "env: conda, because environment-osx.yml");
        assert_eq!(said(&both, "auto", false), "env: conda, because environment.yml");
        assert_eq!(said(&both[..1], "auto", true), "env: conda, because environment.yml");
        assert!(said(&both[1..], "auto", false).starts_with("env: system"));
    }

    #[test]
    fn a_choice_overrides_the_files_and_needs_its_own() {
        let both = ["environment.yml", "requirements.txt"];
        assert_eq!(said(&both, "system", false), "env: system, because --env system");
        assert_eq!(said(&both, "none", false), "env: none, because --env none");
        assert_eq!(said(&both, "venv", false), "env: venv, because --env venv, with requirements.txt");
        assert_eq!(said(&both, "requirements.txt", false), "env: venv, because requirements.txt");
        assert_eq!(said(&[], "venv", false), "environment_file_missing");
        assert_eq!(said(&[], "conda", false), "environment_file_missing");
        assert_eq!(said(&[], "other.txt", false), "environment_file_missing");
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones() {
        let error = "docker".parse::<EnvironmentChoice>().unwrap_err();
        assert_eq!(error.to_string(), "`docker` is no kind of environment");
        assert!(error.hint().contains("`venv`"));
    }
}
