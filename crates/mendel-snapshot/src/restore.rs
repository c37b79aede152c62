//! Puts a manifest back into a folder.

use std::{io, path::Path};

use mendel_model::{Digest, Manifest};

/// Why a manifest was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// Path below the folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes the entries of `manifest` below `folder`, which is made; `fetch` gives the bytes of a digest.
pub fn restore(
    manifest: &Manifest,
    folder: &Path,
    fetch: &mut dyn FnMut(&Digest) -> io::Result<Vec<u8>>,
) -> Result<(), RestoreError> {
    let _ = (manifest, folder, fetch);
    todo!()
}
