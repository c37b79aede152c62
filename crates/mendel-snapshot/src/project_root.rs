//! Where the project of a plain script begins.

use std::path::{Path, PathBuf};

/// The project a plain script belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRoot {
    /// Its folder.
    pub folder: PathBuf,
    /// The file that marks it; none for a bare folder.
    pub marker: Option<&'static str>,
}

/// The nearest folder upwards from `script_folder` that holds a project file, else itself.
pub fn project_root(script_folder: &Path) -> ProjectRoot {
    let _ = script_folder;
    todo!()
}
