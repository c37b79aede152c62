//! Takes a snapshot of a folder.

use std::{
    io,
    path::{Path, PathBuf},
};

use mendel_model::{Digest, Manifest};

use crate::{FileStat, LeftOut, Limits, StatIndex};

/// What a snapshot is taken for, which says what happens to what does not fit in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A task folder: what does not fit is an error.
    Task,
    /// A plain script or command at this path below the root: what does not fit is left out.
    Script(PathBuf),
}

/// How a snapshot is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What it is taken for.
    pub purpose: Purpose,
    /// How much it may hold.
    pub limits: Limits,
    /// Whether the state of git is recorded.
    pub git: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { purpose: Purpose::Task, limits: Limits::default(), git: true }
    }
}

/// One file of a snapshot, with what the caller needs to store it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Path below the root, with `/` between parts.
    pub path: String,
    /// Address of the bytes.
    pub digest: Digest,
    /// What `stat` said when the bytes had that digest.
    pub stat: FileStat,
}

/// A folder, frozen: what it holds, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The folder.
    pub root: PathBuf,
    /// The list of entries, and git.
    pub manifest: Manifest,
    /// The files, sorted by path; store those whose digest is missing.
    pub files: Vec<SnapshotFile>,
    /// What is in the folder and not in the snapshot, sorted by path.
    pub left_out: Vec<LeftOut>,
    /// The patch of uncommitted changes; its digest is in the manifest.
    pub diff: Option<Vec<u8>>,
    /// What a person should know, such as an unusual size.
    pub warnings: Vec<String>,
}

/// Why no snapshot was taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SnapshotError {
    /// The way out, for a person.
    pub fn hint(&self) -> Option<String> {
        None
    }
}

impl Snapshot {
    /// The bytes of `file`, if they still have its digest.
    pub fn read(&self, file: &SnapshotFile) -> Result<Vec<u8>, SnapshotError> {
        crate::read_verified(&self.root.join(&file.path), &file.digest)
    }
}

/// Takes a snapshot of the folder `root`; digests that `index` remembers are not computed.
pub fn snapshot(root: &Path, options: &Options, index: &mut StatIndex) -> Result<Snapshot, SnapshotError> {
    let _ = (root, options, index);
    todo!()
}
