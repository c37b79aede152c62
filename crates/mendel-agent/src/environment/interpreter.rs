//! What is known of an interpreter, without starting it when it was seen before.

use std::path::{Path, PathBuf};

use mendel_model::Package;

use super::{EnvironmentError, Machine};

/// A Python interpreter and the packages it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Its own idea of where it is; start this one.
    pub executable: PathBuf,
    /// The language version, such as `3.11.7`.
    pub version: String,
    /// Packages it can import, sorted by name.
    pub packages: Vec<Package>,
}

/// What `python` is and sees when started in `folder`; `cache` remembers it.
pub fn interpreter(
    python: &Path,
    folder: &Path,
    machine: &Machine,
    cache: &Path,
) -> Result<Interpreter, EnvironmentError> {
    let _ = (python, folder, machine, cache);
    todo!()
}
