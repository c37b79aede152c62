//! What differs between two trees.

use mendel_model::Manifest;

/// The paths that differ between two trees, each list sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TreeDiff {
    /// Only in the new tree.
    pub added: Vec<String>,
    /// Only in the old tree.
    pub removed: Vec<String>,
    /// In both, with other bytes, mode or target.
    pub changed: Vec<String>,
}

impl TreeDiff {
    /// Whether the trees are equal.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares the entries of two manifests.
pub fn tree_diff(old: &Manifest, new: &Manifest) -> TreeDiff {
    let mut diff = TreeDiff::default();
    for entry in &new.entries {
        match old.entry(&entry.path) {
            None => diff.added.push(entry.path.clone()),
            Some(before) if before.kind != entry.kind => diff.changed.push(entry.path.clone()),
            Some(_) => {}
        }
    }
    let gone = old.entries.iter().filter(|entry| new.entry(&entry.path).is_none());
    diff.removed.extend(gone.map(|entry| entry.path.clone()));
    diff
}
