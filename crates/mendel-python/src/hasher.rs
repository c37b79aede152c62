//! `mendel._native.Hasher`: BLAKE3 of bytes that come piece by piece.

use std::sync::{Mutex, PoisonError};

use mendel_model::Digest;
use pyo3::{prelude::*, types::PyBytes};

/// Hashes bytes as they come.
#[pyclass(name = "Hasher", module = "mendel._native", frozen)]
pub(crate) struct Hasher(Mutex<blake3::Hasher>);

#[pymethods]
impl Hasher {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(blake3::Hasher::new()))
    }

    #[pyo3(signature = (content, /))]
    fn update(&self, content: &Bound<'_, PyBytes>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).update(content.as_bytes());
    }

    fn digest(&self) -> String {
        let hash = self.0.lock().unwrap_or_else(PoisonError::into_inner).finalize();
        Digest::from_bytes(*hash.as_bytes()).to_string()
    }
}
