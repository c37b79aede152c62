//! The roots below which the paths of a run count.

use std::path::{Path, PathBuf};

/// The root that a run sees, then the project's own for what is linked in; each as given
/// and as the file system spells it.
pub(crate) fn roots(seen: &Path, project: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    for root in [seen, project] {
        let spelled = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        for root in [root.to_owned(), spelled] {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
    }
    roots
}
