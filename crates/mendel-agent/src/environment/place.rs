//! Where environments of a workspace are kept.

use std::path::PathBuf;

/// The folders that environments are made and remembered in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Holds one folder for each environment.
    pub environments: PathBuf,
    /// Holds what is remembered about interpreters.
    pub cache: PathBuf,
}
