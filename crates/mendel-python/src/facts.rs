//! Functions of the module: ids, digests, workspaces, and facts of processes.

use std::{ffi::OsString, path::PathBuf};

use mendel_journal::{Surroundings, Workspace};
use mendel_model::{Digest, Owner};
use nix::{
    sys::{prctl, signal::Signal},
    unistd::getppid,
};
use pyo3::prelude::*;
use serde_json::json;

use crate::{
    client::Client,
    companion,
    content::{Content, Source},
    error::{bad, from_reach, unusable},
};

#[pyfunction]
pub(crate) fn new_id() -> String {
    mendel_journal::new_id().as_simple().to_string()
}

#[pyfunction]
#[pyo3(signature = (content, /))]
pub(crate) fn digest(py: Python<'_>, content: Content<'_>) -> PyResult<String> {
    let source = content.source();
    let digest = py.detach(|| match source {
        Source::Bytes(bytes) => Ok(Digest::of(bytes)),
        Source::File(path) => mendel_journal::digest_of_file(path).map(|(digest, _)| digest),
    })?;
    Ok(digest.to_string())
}

#[pyfunction]
#[pyo3(signature = (workspace, digest, /))]
pub(crate) fn blob_file(py: Python<'_>, workspace: PathBuf, digest: &str) -> PyResult<Option<OsString>> {
    let digest: Digest = digest.parse().map_err(bad)?;
    let path = Workspace::at(workspace).blob(&digest);
    let found = py.detach(|| mendel_journal::digest_of_file(&path)).is_ok_and(|(found, _)| found == digest);
    Ok(found.then(|| path.into_os_string()))
}

#[pyfunction]
#[pyo3(signature = (start = None, explicit = None))]
pub(crate) fn workspace_find(start: Option<PathBuf>, explicit: Option<PathBuf>) -> PyResult<OsString> {
    let start = match start {
        Some(start) => start,
        None => std::env::current_dir()?,
    };
    let found = Workspace::find(&start, explicit.as_deref(), &Surroundings::of_this_process());
    Ok(found.root().as_os_str().to_owned())
}

#[pyfunction]
#[pyo3(signature = (workspace, /))]
pub(crate) fn workspace_create(workspace: PathBuf) -> PyResult<String> {
    Workspace::at(workspace).create().map_err(unusable)
}

#[pyfunction]
pub(crate) fn binary() -> Option<OsString> {
    companion::binary(crate::interpreter()).map(PathBuf::into_os_string)
}

#[pyfunction]
#[pyo3(signature = (parent, /))]
pub(crate) fn die_with_parent(parent: i32) -> PyResult<()> {
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(std::io::Error::from)?;
    if getppid().as_raw() != parent {
        // It died before the signal was asked for, so nobody would send it.
        std::process::exit(1);
    }
    Ok(())
}

#[pyfunction]
pub(crate) fn owner() -> String {
    json!(mendel_journal::this_process()).to_string()
}

#[pyfunction]
#[pyo3(signature = (owner_json, /))]
pub(crate) fn owner_alive(owner_json: &str) -> PyResult<bool> {
    let owner: Owner = serde_json::from_str(owner_json).map_err(bad)?;
    Ok(mendel_journal::is_alive(&owner))
}

#[pyfunction]
#[pyo3(signature = (workspace, /))]
pub(crate) fn leftover(py: Python<'_>, workspace: PathBuf) -> PyResult<String> {
    let journals = py.detach(|| mendel_journal::leftover(&Workspace::at(workspace)))?;
    let rows = journals.iter().map(|journal| {
        json!({"path": journal.path, "run": journal.run, "writer": journal.writer, "attempt": journal.attempt})
    });
    Ok(json!(rows.collect::<Vec<_>>()).to_string())
}

#[pyfunction]
#[pyo3(signature = (workspace, timeout = 10.0))]
pub(crate) fn connect(py: Python<'_>, workspace: PathBuf, timeout: f64) -> PyResult<Client> {
    let workspace = Workspace::at(std::path::absolute(&workspace).unwrap_or(workspace));
    let within = std::time::Duration::try_from_secs_f64(timeout.max(0.0)).unwrap_or(std::time::Duration::MAX);
    let link = py.detach(|| companion::reach(&workspace, within)).map_err(|error| from_reach(&error))?;
    Ok(Client::over(link))
}
