//! `mendel.toml`: what holds for a whole project.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Problems;

/// What a changed environment does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentPolicy {
    /// It is shown and recomputes nothing.
    #[default]
    Warn,
    /// It recomputes.
    Strict,
    /// It is not looked at.
    Ignore,
}

/// What a snapshot leaves out and how large it may be.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SnapshotSettings {
    /// Patterns of gitignore kind.
    pub ignore: Vec<String>,
    /// Most files.
    pub max_files: Option<usize>,
    /// Most bytes.
    pub max_bytes: Option<u64>,
    /// Most bytes of one file.
    pub max_file_bytes: Option<u64>,
}

/// A project file.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ProjectFile {
    /// Its path.
    pub path: PathBuf,
    /// Name of the project.
    pub project: Option<String>,
    /// The workspace to use: a folder or an address.
    pub workspace: Option<String>,
    /// What a changed environment does.
    pub environment: EnvironmentPolicy,
    /// `auto`, `system`, `venv`, `conda` or `none`: what `--env` is when not given.
    pub env: Option<String>,
    /// What `--jobs` is when not given.
    pub jobs: Option<usize>,
    /// Tags every run gets.
    pub tags: Vec<String>,
    /// Snapshots.
    pub snapshot: SnapshotSettings,
    /// What was odd and did not stop it.
    #[serde(skip)]
    pub warnings: Problems,
}

impl ProjectFile {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let _ = path;
        todo!()
    }

    /// Reads the nearest `mendel.toml` at or above `folder`, if there is one.
    pub fn find(folder: &Path) -> Result<Option<Self>, Problems> {
        let _ = folder;
        todo!()
    }
}
