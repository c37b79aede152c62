//! The two threads that bring what was given to the disk.
//!
//! Writing and synchronising are apart, so that a slow synchronisation never keeps
//! records in memory that a killed process would lose.

use std::time::{Duration, Instant};

use mendel_journal::{Unsynced, WriterError};
use mendel_model::{ConsoleStream, Record};

use crate::{
    inbox::Given,
    reporting::{Reporting, describe},
};

/// M5: a power cut loses no more than this.
const SYNC_BYTES: u64 = 1 << 20;
const SYNC_AFTER: Duration = Duration::from_millis(900);
/// After trouble with the disk, the next try comes after this.
const RETRY: Duration = Duration::from_millis(500);
/// Memory kept between two rounds.
const SPARE_POINTS: usize = 64 << 10;

/// Writes what is given into the journal until the inbox is closed.
pub(crate) fn journal(own: &Reporting) {
    let mut spare = Given::default();
    let mut told = 0;
    while let Some(mut given) = own.inbox.take(spare) {
        own.clock.catch_up();
        thin(own, &mut given);
        tell_drops(own, &mut told, &mut given);
        write(own, &given);
        given.points.clear();
        given.points.shrink_to(SPARE_POINTS);
        given.records.clear();
        spare = given;
    }
    let closed = own.close_journal();
    own.progress(|progress| {
        progress.closed = true;
        if let Err(error) = closed {
            progress.disk_error = Some(describe(&error));
        }
    });
}

/// Puts what was written on stable storage, at the latest after a second or 1 MiB.
pub(crate) fn synchronise(own: &Reporting) {
    loop {
        let progress =
            own.wait(None, |progress| !progress.unsynced.is_empty() || progress.closed || progress.abandoned);
        if progress.unsynced.is_empty() {
            break;
        }
        drop(progress);
        let deadline = Instant::now() + SYNC_AFTER;
        let due = own.wait(Some(deadline), |progress| {
            let wanted = progress.synced < progress.sync_wanted || progress.closed || progress.abandoned;
            wanted || progress.unsynced.bytes() >= SYNC_BYTES
        });
        drop(due);
        let (unsynced, ticket) = own.progress(|progress| (std::mem::take(&mut progress.unsynced), progress.written));
        match unsynced.synchronise() {
            Ok(()) => own.progress(|progress| progress.synced = progress.synced.max(ticket)),
            Err(error) => lost(own, &error),
        }
    }
    own.progress(|progress| progress.synchronise_ended = true);
}

/// What the kernel held of a file whose synchronisation failed is not to be trusted; the
/// journal goes on in another one.
fn lost(own: &Reporting, error: &WriterError) {
    own.roll_journal();
    own.progress(|progress| {
        progress.unsafe_for_good = true;
        progress.disk_error = Some(describe(error));
    });
}

fn thin(own: &Reporting, given: &mut Given) {
    if !own.room.is_tight() {
        return;
    }
    own.room.measure(&own.folder());
    let before = given.points.len();
    let mut index = 0;
    let mut kept_before = Vec::with_capacity(given.records.len());
    let mut records = given.records.iter().map(|(at, _)| *at).peekable();
    let mut kept = 0;
    given.points.retain(|_| {
        while records.next_if_eq(&index).is_some() {
            kept_before.push(kept);
        }
        index += 1;
        let keeps = own.room.keeps();
        kept += usize::from(keeps);
        keeps
    });
    kept_before.extend(records.map(|_| kept));
    for ((at, _), kept) in given.records.iter_mut().zip(kept_before) {
        *at = kept;
    }
    own.inbox.dropped((before - given.points.len()) as u64);
}

/// Appends everything, then hands it on until that succeeds: what the writer holds is not
/// lost by a full disk, and the inbox keeps what comes meanwhile.
fn write(own: &Reporting, given: &Given) {
    let mut appended = false;
    loop {
        let outcome = own.with_journal(|writer| {
            let before = writer.total_bytes();
            if !std::mem::replace(&mut appended, true) {
                append(writer, given);
            }
            writer.write()?;
            Ok((writer.total_bytes() - before, writer.last(), writer.take_unsynced()))
        });
        match outcome {
            Ok((bytes, sequence, unsynced)) => {
                own.room.written(bytes, &own.folder());
                return written(own, given.ticket, sequence, unsynced);
            }
            Err(error) => own.progress(|progress| progress.disk_error = Some(describe(&error))),
        }
        let progress = own.wait(Some(Instant::now() + RETRY), |progress| progress.abandoned);
        if progress.abandoned {
            return;
        }
    }
}

/// The writer keeps what it could not write, so its errors are those of the `write` that
/// follows.
fn append(writer: &mut mendel_journal::Writer, given: &Given) {
    let mut from = 0;
    for (at, record) in &given.records {
        let _kept = writer.append_points(&given.points[from..*at]);
        let _kept = writer.append(record);
        from = *at;
    }
    let _kept = writer.append_points(&given.points[from..]);
}

fn written(own: &Reporting, ticket: u64, sequence: u64, unsynced: Unsynced) {
    own.progress(|progress| {
        if !progress.unsafe_for_good {
            progress.disk_error = None;
        }
        let was_safe = progress.synced == progress.written;
        progress.sequence = sequence;
        progress.written = ticket;
        progress.unsynced.join(unsynced);
        if was_safe && progress.unsynced.is_empty() {
            progress.synced = ticket;
        }
    });
}

/// Losses are told in the run's own console, as soon as there is room again.
fn tell_drops(own: &Reporting, told: &mut u64, given: &mut Given) {
    let (_, dropped) = own.inbox.counts();
    if dropped > *told && !own.room.is_tight() {
        let text = format!("mendel: {} points or lines were dropped: the disk was too slow or full", dropped - *told);
        *told = dropped;
        let record = Record::Console { stream: ConsoleStream::Err, time: own.clock.now(), text };
        given.records.push((given.points.len(), record));
    }
}
