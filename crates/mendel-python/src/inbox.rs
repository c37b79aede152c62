//! The buffer between user code and the journal: points and records in the order given.
//!
//! Giving something takes one short lock and no allocation in steady state. When the disk
//! stalls, the buffer grows to a cap; what is given beyond it is counted and dropped.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mendel_model::{Point, Record};

/// The journal thread is woken at this many points, if it does not run by itself before.
const WAKE_POINTS: usize = 8_192;
/// Points kept while the disk stalls: 32 MiB.
const POINTS_MAX: usize = 1 << 20;
/// Bytes of console and events kept while the disk stalls.
const RECORD_BYTES_MAX: usize = 32 << 20;
/// M5: what is given reaches the operating system within this time.
const GATHER: Duration = Duration::from_millis(40);

/// Whether a record may be dropped when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Says what the run is: always kept.
    Control,
    /// So many bytes of output.
    Output(usize),
}

/// What was given since the last taking.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) points: Vec<Point>,
    /// Records, each with the number of points given before it.
    pub(crate) records: Vec<(usize, Record)>,
    /// Things given since the beginning; names a moment in the order of giving.
    pub(crate) ticket: u64,
}

#[derive(Debug, Default)]
struct Waiting {
    given: Given,
    record_bytes: usize,
    dropped: u64,
    /// Those of the dropped that had been taken first.
    thinned: u64,
    hurry: bool,
    closed: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.given.points.is_empty() && self.given.records.is_empty()
    }
}

impl Inbox {
    /// Gives a point.
    #[inline]
    pub(crate) fn point(&self, point: Point) {
        let mut waiting = self.lock();
        let held = waiting.given.points.len();
        if held >= POINTS_MAX || waiting.closed {
            waiting.dropped += 1;
            return;
        }
        let wake = held + 1 == WAKE_POINTS || waiting.is_empty();
        waiting.given.points.push(point);
        waiting.given.ticket += 1;
        drop(waiting);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Gives a record; false when there was no room for it.
    pub(crate) fn record(&self, record: Record, weight: Weight) -> bool {
        let mut waiting = self.lock();
        let bytes = match weight {
            Weight::Control => 0,
            Weight::Output(bytes) => bytes,
        };
        if waiting.closed || (weight != Weight::Control && waiting.record_bytes + bytes > RECORD_BYTES_MAX) {
            waiting.dropped += 1;
            return false;
        }
        let before = waiting.given.points.len();
        let wake = waiting.is_empty();
        // Naming a series is no report of its own.
        waiting.given.ticket += u64::from(!matches!(record, Record::Series { .. }));
        waiting.given.records.push((before, record));
        waiting.record_bytes += bytes;
        drop(waiting);
        if wake {
            self.wake.notify_one();
        }
        true
    }

    /// Waits for something to be given, gathers a little more, and takes it all; `spare`
    /// lends its memory. None once the inbox is closed and empty.
    pub(crate) fn take(&self, mut spare: Given) -> Option<Given> {
        let mut waiting = self.lock();
        while waiting.is_empty() && !waiting.closed && !waiting.hurry {
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        while waiting.given.points.len() < WAKE_POINTS && !waiting.hurry && !waiting.closed {
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else { break };
            waiting = self.wake.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if waiting.is_empty() && waiting.closed {
            return None;
        }
        spare.ticket = waiting.given.ticket;
        std::mem::swap(&mut waiting.given, &mut spare);
        waiting.record_bytes = 0;
        waiting.hurry = false;
        Some(spare)
    }

    /// Has everything written at once; the moment up to which that is meant.
    pub(crate) fn hurry(&self) -> u64 {
        let mut waiting = self.lock();
        waiting.hurry = true;
        self.wake.notify_one();
        waiting.given.ticket
    }

    /// Takes nothing more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Counts points that were dropped later than here.
    pub(crate) fn dropped(&self, points: u64) {
        let mut waiting = self.lock();
        waiting.dropped += points;
        waiting.thinned += points;
    }

    /// Counts a point that cannot be taken.
    pub(crate) fn dropped_before_taking(&self) {
        self.lock().dropped += 1;
    }

    /// Names this moment in the order of giving.
    pub(crate) fn ticket(&self) -> u64 {
        self.lock().given.ticket
    }

    /// What was taken and kept, and what was dropped.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let waiting = self.lock();
        (waiting.given.ticket - waiting.thinned, waiting.dropped)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
