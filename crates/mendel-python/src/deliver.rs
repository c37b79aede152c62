//! The thread that brings a journal to the server, for as long as the writer lives.
//!
//! It tries for ever, with growing and randomly shortened pauses (M14); the journal keeps
//! what is not delivered, and whoever opens the workspace next delivers it.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    sync::Arc,
    time::{Duration, Instant},
};

use mendel_journal::{DeliverError, Delivered, Delivery, SendError, Step};

use crate::{
    companion,
    link::{Carrier, Link},
    reporting::{Destination, Reporting, describe},
};

const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Between two deliveries, so that many reports become few requests.
const GATHER: Duration = Duration::from_millis(250);
/// A journal that grew by so many records since is delivered sooner.
const GATHER_RECORDS: u64 = 8;
/// How long a companion may take to start.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// What is known between two attempts.
#[derive(Default)]
struct State {
    delivery: Option<Delivery>,
    link: Option<(Destination, Link)>,
    /// Points and records delivered and refused by deliveries that ended.
    before: (u64, u64),
}

/// Why an attempt brought nothing.
enum Pause {
    /// Until something changes.
    Idle,
    /// Something is wrong; try again later.
    Trouble { message: String, after: Option<Duration> },
    /// There is nothing left to do, ever.
    Done,
}

/// Delivers until the journal is gone or the writer gives up.
pub(crate) fn deliver(own: &Reporting) {
    let mut state = State::default();
    let mut pause = PAUSE_MIN;
    loop {
        let due = own.wait(None, |progress| {
            let more = progress.sequence > progress.acknowledged || progress.hurry_delivery || progress.closed;
            more || progress.abandoned
        });
        // Asked before delivering: a journal that is closed meanwhile is removed by the next turn.
        let (abandoned, closed) = (due.abandoned, due.closed);
        drop(due);
        if abandoned {
            break;
        }
        own.progress(|progress| progress.hurry_delivery = false);
        match attempt(own, &mut state) {
            Pause::Done => break,
            Pause::Idle => {
                pause = PAUSE_MIN;
                let ended = own.progress(|progress| {
                    progress.delivery_error = None;
                    closed && progress.acknowledged >= progress.sequence
                });
                if ended {
                    break;
                }
                gather(own);
            }
            Pause::Trouble { message, after } => {
                own.progress(|progress| progress.delivery_error = Some(message));
                let wait = after.unwrap_or_else(|| jitter(pause));
                pause = (pause * 2).min(PAUSE_MAX);
                drop(own.wait(Some(Instant::now() + wait), |progress| progress.hurry_delivery || progress.abandoned));
                // A writer that closes asks again and again for as long as it waits.
                drop(own.wait(Some(Instant::now() + PAUSE_MIN / 4), |progress| progress.abandoned));
            }
        }
    }
    // The lock on the journal goes before the news that it is free.
    drop(state);
    own.progress(|progress| progress.deliver_ended = true);
}

/// Lets a few reports come together, unless someone waits or there are many.
fn gather(own: &Reporting) {
    drop(own.wait(Some(Instant::now() + GATHER), |progress| {
        let many = progress.sequence >= progress.acknowledged + GATHER_RECORDS;
        many || progress.hurry_delivery || progress.closed || progress.abandoned
    }));
}

fn attempt(own: &Reporting, state: &mut State) -> Pause {
    let wanted = own.destination();
    if wanted == Destination::Off {
        // A closed journal that nobody is to deliver is left as it is.
        let ended = own.wait(None, |progress| progress.hurry_delivery || progress.closed || progress.abandoned).closed;
        return if ended && own.destination() == Destination::Off { Pause::Done } else { Pause::Idle };
    }
    if state.link.as_ref().is_none_or(|(destination, _)| *destination != wanted) {
        let link = match &wanted {
            Destination::At(address) => Link::to(address).map_err(|error| describe(&error)),
            Destination::Found | Destination::Off => {
                companion::reach(&own.place.workspace, CONNECT_WITHIN).map_err(|error| describe(&error))
            }
        };
        match link {
            Ok(link) => state.link = Some((wanted, link)),
            Err(message) => return Pause::Trouble { message, after: None },
        }
    }
    let outcome = steps(own, state);
    if matches!(outcome, Pause::Trouble { .. }) {
        // The companion may have gone; then it is found or started anew.
        state.link = None;
    }
    outcome
}

fn steps(own: &Reporting, state: &mut State) -> Pause {
    if state.delivery.is_none() {
        match Delivery::open(&own.folder()) {
            Ok(Some(delivery)) => state.delivery = Some(delivery),
            Ok(None) => return busy(own),
            Err(error) => return Pause::Trouble { message: describe(&error), after: None },
        }
    }
    let (Some(delivery), Some((_, link))) = (&mut state.delivery, &state.link) else { return Pause::Idle };
    let mut carrier = Carrier { link, stop: Arc::clone(&own.stop) };
    loop {
        let stepped = delivery.step(&mut carrier);
        let (sequence, report) = (delivery.position().sequence, delivery.report());
        tell(own, (sequence, stepped.is_ok()), report, state.before);
        match stepped {
            Ok(Step::Sent) if own.is_abandoned() => return Pause::Done,
            Ok(Step::Sent) => {}
            Ok(Step::CaughtUp) => return Pause::Idle,
            Ok(Step::Finished) => return Pause::Done,
            Err(DeliverError::Send(SendError::Later { message, after })) => return Pause::Trouble { message, after },
            Err(error) => {
                // Read again from the start of what is not acknowledged.
                state.before = (state.before.0 + report.records, state.before.1 + report.refused);
                let message = describe(&error);
                state.delivery = None;
                return Pause::Trouble { message, after: None };
            }
        }
    }
}

/// Someone else delivers the journal, or did: a closed one that is gone has arrived. One
/// that is not there yet is about to be.
fn busy(own: &Reporting) -> Pause {
    if own.folder().is_dir() {
        return Pause::Trouble { message: "another process delivers this journal".into(), after: None };
    }
    let gone = own.progress(|progress| {
        if progress.closed && progress.disk_error.is_none() {
            progress.acknowledged = progress.sequence;
        }
        progress.closed
    });
    if gone { Pause::Done } else { Pause::Idle }
}

/// All in one, so that whoever waits sees no error that is over.
fn tell(own: &Reporting, (sequence, well): (u64, bool), report: &Delivered, before: (u64, u64)) {
    own.progress(|progress| {
        if well {
            progress.delivery_error = None;
        }
        progress.acknowledged = sequence;
        progress.delivered = before.0 + report.records;
        progress.refused = before.1 + report.refused;
        if let Some(refusal) = &report.refusal {
            progress.delivery_error = Some(format!("the server refused this writer: {refusal}"));
        } else if let Some(refusal) = report.refusals.last() {
            progress.refusal = Some(format!("the server refused a record: {}: {}", refusal.code, refusal.message));
        }
    });
}

/// A random part of `pause`, so that many writers do not come back at once.
fn jitter(pause: Duration) -> Duration {
    let chance = RandomState::new().hash_one(0) % 1_000;
    let chance = u32::try_from(chance).expect("below a thousand");
    pause * chance / 1_000
}
