//! Where the code stood in git.

use std::path::Path;

use mendel_model::GitState;

/// What git said of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitReport {
    /// The state, when the folder is in a work tree.
    pub state: Option<GitState>,
    /// The patch of uncommitted changes; its digest is in the state.
    pub diff: Option<Vec<u8>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Asks git about `folder`; never fails and never takes more than a few seconds.
pub fn git_state(folder: &Path) -> GitReport {
    let _ = folder;
    todo!()
}
