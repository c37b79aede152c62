//! Which environment a folder asks for.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use mendel_model::EnvironmentManager;

use super::{EnvironmentError, Machine};

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

    fn from_str(word: &str) -> Result<Self, EnvironmentError> {
        let _ = word;
        todo!()
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

/// Decides which environment `folder` gets.
pub fn detect(folder: &Path, choice: &EnvironmentChoice, machine: &Machine) -> Result<Detected, EnvironmentError> {
    let _ = (folder, choice, machine);
    todo!()
}
