//! How much of the disk a journal takes, and how much it may (L22).
//!
//! Beyond the limit metrics are thinned and artifacts refused; what controls a run is
//! always kept.

use std::{
    fs,
    path::Path,
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

use mendel_model::limits::{JOURNAL_BYTES, JOURNAL_PART_OF_FREE};
use nix::sys::statvfs::statvfs;

/// Of this many points one is kept while there is no room.
const KEPT_OF: u64 = 10;
/// Measured again after so many bytes.
const MEASURE_AFTER: u64 = 16 << 20;

#[derive(Debug, Default)]
pub(crate) struct Room {
    tight: AtomicBool,
    since: AtomicU64,
    passed: AtomicU64,
}

impl Room {
    /// Whether the journal is at its limit.
    pub(crate) fn is_tight(&self) -> bool {
        self.tight.load(Relaxed)
    }

    /// Notes that `bytes` were written to `folder`, and measures it now and then.
    pub(crate) fn written(&self, bytes: u64, folder: &Path) {
        if self.since.fetch_add(bytes, SeqCst) + bytes >= MEASURE_AFTER {
            self.measure(folder);
        }
    }

    /// Measures the journal in `folder`.
    pub(crate) fn measure(&self, folder: &Path) {
        self.since.store(0, SeqCst);
        let used = used(folder) + used(&folder.join("blobs"));
        let free =
            statvfs(folder).map_or(u64::MAX, |disk| disk.blocks_available().saturating_mul(disk.fragment_size()));
        // What the journal takes was free before.
        let limit = JOURNAL_BYTES.min(free.saturating_add(used) / JOURNAL_PART_OF_FREE);
        self.tight.store(used > limit, Relaxed);
    }

    /// Whether the next point is kept.
    pub(crate) fn keeps(&self) -> bool {
        !self.is_tight() || self.passed.fetch_add(1, Relaxed).is_multiple_of(KEPT_OF)
    }
}

fn used(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|facts| facts.len()).sum()
}
