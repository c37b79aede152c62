//! `mendel._native.Marks`: which identities have results, as far as this process has heard.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use mendel_model::Identity;
use pyo3::prelude::*;

use crate::error::bad;

#[derive(Default)]
struct Known {
    position: i64,
    marks: HashSet<u64>,
}

/// Marks of identities. What is not among them had no result when they were told.
#[pyclass(name = "Marks", module = "mendel._native", frozen)]
#[derive(Default)]
pub(crate) struct Marks(Mutex<Known>);

impl Marks {
    pub(crate) fn position(&self) -> i64 {
        self.known().position
    }

    pub(crate) fn add(&self, found: mendel_api::Marks) {
        let mut known = self.known();
        known.position = found.position;
        known.marks.extend(found.marks);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Marks {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __contains__(&self, identity: &str) -> PyResult<bool> {
        let identity: Identity = identity.parse().map_err(bad)?;
        Ok(self.known().marks.contains(&identity.mark()))
    }

    fn __len__(&self) -> usize {
        self.known().marks.len()
    }
}
