//! The index of file digests that saves reading unchanged files again.

use std::path::Path;

use mendel_snapshot::StatIndex;

use crate::context::Context;

/// The index of what lies below `root`.
pub fn of(context: &Context, root: &Path) -> StatIndex {
    StatIndex::for_root(&context.workspace.index(), root)
}
