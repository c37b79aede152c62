//! The limits of a snapshot, and what is said when one is passed.

use mendel_model::limits;

/// How much a snapshot may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files in the snapshot.
    pub files: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes above which a warning is given.
    pub warn_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: limits::SNAPSHOT_FILES,
            bytes: limits::SNAPSHOT_BYTES,
            file_bytes: limits::SNAPSHOT_FILE_BYTES,
            warn_bytes: limits::SNAPSHOT_WARN_BYTES,
        }
    }
}
