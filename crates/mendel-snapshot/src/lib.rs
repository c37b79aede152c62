//! Walks a folder into a manifest, and puts a manifest back into a folder.
//!
//! Which files belong to a snapshot, when a remembered digest may be trusted, and what a
//! hostile manifest may not do is decided here. Nothing here knows where blobs are kept:
//! bytes are handed out and asked for by digest.

mod dependency;
mod git;
mod hash;
mod index;
mod limit;
mod link;
mod project_root;
mod restore;
mod rules;
mod snapshot;
mod tree_diff;
mod walk;
mod whole;

pub use dependency::{
    current_digest, existence, found_modules, listed_names, listing_digest, lookup_parts, lookup_subject, names_text,
};
pub use git::{GitReport, git_state};
pub use hash::{hash_file, read_verified};
pub use index::{FileStat, StatIndex};
pub use limit::{Excess, Limits};
pub use project_root::{ProjectRoot, project_root};
pub use restore::{RestoreError, restore};
pub use rules::{LEAVE_OUT_MARKER, Patterns};
pub use snapshot::{Options, Purpose, Snapshot, SnapshotError, SnapshotFile, snapshot};
pub use tree_diff::{TreeDiff, tree_diff};
pub use walk::{LeftOut, LeftOutReason};
pub use whole::{Whole, WholeFor};
