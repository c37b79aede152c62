//! What dependencies are now, for steps that are judged in Python.

use std::{collections::HashMap, ffi::OsString, path::PathBuf};

use mendel_journal::Workspace;
use mendel_model::{Dependency, DependencyKind, Digest};
use mendel_snapshot::{
    StatIndex, Whole, WholeFor, current_digest, existence, found_modules, listed_names, lookup_subject, names_text,
};
use pyo3::prelude::*;
use serde_json::Value;

use crate::error::{bad, unusable};

/// Looks at the files of a project; digests are remembered as long as it lives.
#[pyclass(module = "mendel._native")]
pub(crate) struct Looker {
    root: PathBuf,
    written: PathBuf,
    index: StatIndex,
    whole: HashMap<String, Whole>,
}

#[pymethods]
impl Looker {
    #[new]
    fn new(workspace: PathBuf, root: PathBuf) -> Self {
        let index = StatIndex::for_root(&Workspace::at(&workspace).index(), &root);
        let written = Whole::list(&workspace, &root);
        Self { root, written, index, whole: HashMap::new() }
    }

    /// The list of what stages wrote below the root.
    #[getter]
    fn written(&self) -> OsString {
        self.written.as_os_str().to_owned()
    }

    fn digest(&mut self, py: Python<'_>, kind: &str, subject: &str) -> PyResult<Option<String>> {
        let kind: DependencyKind = serde_json::from_value(Value::from(kind)).map_err(bad)?;
        let dependency = Dependency { kind, subject: subject.to_owned(), digest: None };
        let found = py.detach(|| current_digest(&self.root, &dependency, &mut self.index)).map_err(unusable)?;
        Ok(found.as_ref().map(Digest::to_string))
    }

    fn existence(&self, path: PathBuf) -> PyResult<Option<String>> {
        existence(&path).map_err(unusable)
    }

    fn names(&self, folder: PathBuf) -> PyResult<Option<String>> {
        let names = listed_names(&folder).map_err(unusable)?;
        Ok(names.map(|names| names_text(&names)))
    }

    #[staticmethod]
    fn lookup(folder: PathBuf, shown: &str, names: Vec<String>) -> PyResult<(String, String)> {
        let found = found_modules(&folder, &names.iter().map(String::as_str).collect()).map_err(unusable)?;
        Ok((lookup_subject(shown, &names.into_iter().collect()), names_text(&found)))
    }

    /// Looks at whole folders again when they are asked for next.
    fn forget_whole(&mut self) {
        self.whole.clear();
    }

    #[pyo3(signature = (folder, task, input, earlier, *, data_only))]
    fn whole(
        &mut self,
        py: Python<'_>,
        folder: &str,
        task: &str,
        input: &str,
        earlier: Vec<String>,
        data_only: bool,
    ) -> PyResult<String> {
        let earlier: Vec<_> = earlier.iter().map(String::as_str).collect();
        py.detach(|| {
            if !self.whole.contains_key(folder) {
                let whole = Whole::look(&self.root, folder, &self.written, &mut self.index)?;
                self.whole.insert(folder.to_owned(), whole);
            }
            Ok(self.whole[folder].digest(WholeFor { task, input, earlier: &earlier, data_only }).to_string())
        })
        .map_err(|error: mendel_snapshot::SnapshotError| unusable(error))
    }
}
