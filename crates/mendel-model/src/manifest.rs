//! The snapshot of a run: an immutable list of what it was made of.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{Canonical, Digest};

/// What a path of a snapshot is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum EntryKind {
    /// A file; its bytes are the blob of that digest.
    File {
        /// Address of the bytes.
        digest: Digest,
        /// Number of bytes.
        size: u64,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link that stays inside the folder.
    Link {
        /// Where it points, as written.
        target: String,
    },
}

/// One path of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// Path below the root, with `/` between parts.
    pub path: String,
    /// What is there.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// Where the code stood in git.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GitState {
    /// Address of the first remote, without credentials; else the folder's name.
    pub repository: String,
    /// The branch, if any.
    pub branch: Option<String>,
    /// The commit, if there is one.
    pub commit: Option<String>,
    /// Whether there were uncommitted changes.
    pub dirty: bool,
    /// The uncommitted changes as a patch; a blob.
    pub diff: Option<Digest>,
}

/// The code tree of a run, frozen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Entries sorted by path.
    pub entries: Vec<ManifestEntry>,
    /// Git, when the folder is in a work tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitState>,
}

impl Manifest {
    /// The digest of the tree: paths, bytes, modes and links, not git.
    pub fn digest(&self) -> Digest {
        self.digest_without(&HashSet::new())
    }

    /// The same of the tree without `paths`.
    pub fn digest_without(&self, paths: &HashSet<&str>) -> Digest {
        let mut form = Canonical::new("tree");
        for entry in self.entries.iter().filter(|entry| !paths.contains(entry.path.as_str())) {
            form.text(&entry.path);
            match &entry.kind {
                EntryKind::File { digest, executable, .. } => {
                    form.digest(digest).text(if *executable { "x" } else { "-" })
                }
                EntryKind::Link { target } => form.text("link").text(target),
            };
        }
        form.finish()
    }

    /// Number of bytes of all files.
    pub fn size(&self) -> u64 {
        let sizes = self.entries.iter().map(|entry| match entry.kind {
            EntryKind::File { size, .. } => size,
            EntryKind::Link { .. } => 0,
        });
        sizes.sum()
    }

    /// The entry at `path`.
    pub fn entry(&self, path: &str) -> Option<&ManifestEntry> {
        let found = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path));
        found.ok().map(|index| &self.entries[index])
    }
}
