//! Time stamps of reports: wall-clock milliseconds that never run backwards.
//!
//! The wall clock is read once; from there a monotonic clock counts, so that a jump of the
//! wall clock does not disorder a series. After a suspension, which the monotonic clock
//! does not count, the stamps are moved on.

use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use mendel_model::Timestamp;

/// A smaller difference from the wall clock is left alone.
const TOLERATED_MILLIS: i64 = 1_000;

#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    base: AtomicI64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), base: AtomicI64::new(wall()) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.base.load(Relaxed).saturating_add(elapsed))
    }

    /// Catches up with the wall clock when that is far ahead.
    pub(crate) fn catch_up(&self) {
        let ahead = wall().saturating_sub(self.now().0);
        if ahead > TOLERATED_MILLIS {
            self.base.fetch_add(ahead, Relaxed);
        }
    }
}

/// What the wall clock shows now.
pub(crate) fn wall() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
