//! Names of paths among dependencies and outputs: below the root with `/`, else absolute.

use std::path::{Path, PathBuf};

use crate::roots::roots;

/// The roots of a run.
#[derive(Debug)]
pub(super) struct Places {
    roots: Vec<PathBuf>,
}

impl Places {
    /// `seen` is the root that the run saw, `project` the one it was made from.
    pub(super) fn new(seen: &Path, project: &Path) -> Self {
        Self { roots: roots(seen, project) }
    }

    /// The name of `path`; empty for a root itself.
    pub(super) fn subject(&self, path: &Path) -> String {
        let below = self.roots.iter().find_map(|root| path.strip_prefix(root).ok());
        below.unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Where the run saw what `subject` names.
    pub(super) fn seen(&self, subject: &str) -> PathBuf {
        self.roots[0].join(subject)
    }

    /// Whether `path` lies below a root.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }
}
