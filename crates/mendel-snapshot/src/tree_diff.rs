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

/// Compares the entries of two manifests.
pub fn tree_diff(old: &Manifest, new: &Manifest) -> TreeDiff {
    let _ = (old, new);
    todo!()
}
