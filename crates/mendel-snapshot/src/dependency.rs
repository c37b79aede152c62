//! What a dependency is now.

use std::path::Path;

use mendel_model::{Dependency, Digest};

use crate::{SnapshotError, StatIndex};

/// The digest that `dependency` has now below `root`; none where it is absent.
///
/// `Environment` is not a file: it is answered with none.
pub fn current_digest(
    root: &Path,
    dependency: &Dependency,
    index: &mut StatIndex,
) -> Result<Option<Digest>, SnapshotError> {
    let _ = (root, dependency, index);
    todo!()
}

/// The digest of the names in `folder`; none where there is no such folder.
pub fn listing_digest(folder: &Path) -> Result<Option<Digest>, SnapshotError> {
    let _ = folder;
    todo!()
}
