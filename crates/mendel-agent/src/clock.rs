//! The door through which the time of day comes in.

use std::time::{SystemTime, UNIX_EPOCH};

use mendel_model::Timestamp;

/// The time of day.
pub(crate) fn now() -> Timestamp {
    Timestamp(now_ns() / 1_000_000)
}

/// The time of day in nanoseconds since the epoch.
pub(crate) fn now_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_nanos());
    i64::try_from(now).unwrap_or(i64::MAX)
}
