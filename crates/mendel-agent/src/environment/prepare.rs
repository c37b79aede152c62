//! Makes the environment that was detected, once for the same inputs.

use std::{ffi::OsString, path::{Path, PathBuf}};

use mendel_model::EnvironmentLock;

use super::{Detected, EnvironmentError, Machine, Place};

/// An environment that is complete and can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Interpreter and packages.
    pub lock: EnvironmentLock,
    /// The interpreter to start; none where there is no Python.
    pub python: Option<PathBuf>,
    /// Variables to set for user code, such as `PATH` and `VIRTUAL_ENV`.
    pub variables: Vec<(String, OsString)>,
    /// Whether it was made just now.
    pub built: bool,
}

/// Fails if the program that has to make the environment is not installed.
pub fn ensure_available(detected: &Detected, machine: &Machine) -> Result<(), EnvironmentError> {
    let _ = (detected, machine);
    todo!()
}

/// Which environment is wanted, and where it is made.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The folder whose files describe it.
    pub folder: &'a Path,
    /// What was detected there.
    pub detected: &'a Detected,
    /// Where environments are kept.
    pub place: &'a Place,
    /// What the machine offers.
    pub machine: &'a Machine,
}

/// The lock of the environment if it is already there; nothing is made.
pub fn known_lock(request: &Request<'_>) -> Result<Option<EnvironmentLock>, EnvironmentError> {
    let _ = request;
    todo!()
}

/// Makes the environment unless it is there; `say` hears each line of the tools.
pub fn prepare(
    request: &Request<'_>,
    rebuild: bool,
    say: &mut dyn FnMut(&str),
) -> Result<Prepared, EnvironmentError> {
    let _ = (request, rebuild, say);
    todo!()
}
