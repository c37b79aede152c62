//! Telling a forked child from its parent, at the price of reading one number.
//!
//! The system calls back in the child of every fork, also one that Python does not know
//! of. What belongs to the parent (threads, locks, sockets) is then left alone, and made
//! anew on first use.

use std::sync::{
    Once,
    atomic::{AtomicU64, Ordering::Relaxed},
};

static GENERATION: AtomicU64 = AtomicU64::new(0);
static WATCH: Once = Once::new();

/// How many forks lie between this process and the one that loaded the module.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Relaxed)
}

/// Begins to count forks.
pub(crate) fn watch() {
    WATCH.call_once(|| {
        // SAFETY: the handler may run in a child with one thread and locks held by
        // threads that are gone; it only touches atomics and closes files.
        let registered = unsafe { nix::libc::pthread_atfork(None, None, Some(in_child)) };
        assert!(registered == 0, "registering a handler only fails without memory");
    });
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Relaxed);
    mendel_journal::forget_locks_after_fork();
}
