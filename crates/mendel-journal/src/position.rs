//! How far a journal was acknowledged, kept in a small file beside its segments.
//!
//! The file only saves work: after its loss everything is sent again, and the server
//! applies nothing twice. So a damaged one counts as none.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

const FILE: &str = "acknowledged";

/// The place behind the last acknowledged record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Number of the segment.
    pub segment: u64,
    /// Byte within it.
    pub offset: u64,
    /// The last acknowledged sequence.
    pub sequence: u64,
}

impl Position {
    /// The position kept in `folder`, if a readable one is.
    pub fn read(folder: &Path) -> Option<Self> {
        fs::read(folder.join(FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    /// Keeps this position in `folder`. The file is replaced as a whole and not
    /// synchronised, since its loss costs nothing but work.
    pub(crate) fn write(self, folder: &Path) -> io::Result<()> {
        let partial = folder.join(".acknowledged");
        let bytes = serde_json::to_vec(&self).expect("three numbers");
        fs::write(&partial, bytes)?;
        fs::rename(&partial, folder.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_position_counts_as_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let position = Position { segment: 2, offset: 64, sequence: 9 };
        position.write(folder.path()).expect("written");
        assert_eq!(Position::read(folder.path()), Some(position));
        fs::write(folder.path().join(FILE), "{\"seg").expect("damaged");
        assert_eq!(Position::read(folder.path()), None);
    }
}
