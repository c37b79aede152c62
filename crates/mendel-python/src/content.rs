//! Bytes that Python hands over: an object with a buffer, or the path of a file.

use std::path::{Path, PathBuf};

use mendel_journal::{StageError, stage_bytes, stage_file};
use mendel_model::Digest;
use pyo3::{prelude::*, types::PyBytes};

/// Bytes, or where they lie.
pub(crate) enum Content<'py> {
    Bytes(Bound<'py, PyBytes>),
    File(PathBuf),
}

/// The same, free of the interpreter. `bytes` objects never change, so that others may
/// go on meanwhile.
pub(crate) enum Source<'a> {
    Bytes(&'a [u8]),
    File(&'a Path),
}

impl<'py> FromPyObject<'_, 'py> for Content<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes.to_owned()));
        }
        if let Ok(path) = object.extract::<PathBuf>() {
            return Ok(Self::File(path));
        }
        // Everything else that holds bytes: bytearray, memoryview, array, numpy.
        let view = object.py().import("builtins")?.call_method1("memoryview", (object,))?;
        Ok(Self::Bytes(view.call_method0("tobytes")?.cast_into()?))
    }
}

impl Content<'_> {
    pub(crate) fn source(&self) -> Source<'_> {
        match self {
            Self::Bytes(bytes) => Source::Bytes(bytes.as_bytes()),
            Self::File(path) => Source::File(path),
        }
    }

    /// The name a file suggests.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Bytes(_) => None,
            Self::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
        }
    }
}

impl Source<'_> {
    /// Stages the bytes in a journal folder.
    pub(crate) fn stage(&self, journal: &Path) -> Result<(Digest, u64), StageError> {
        match self {
            Self::Bytes(bytes) => stage_bytes(journal, bytes).map(|digest| (digest, bytes.len() as u64)),
            Self::File(path) => stage_file(journal, path),
        }
    }
}
