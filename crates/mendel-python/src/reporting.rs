//! One writer of one run: its buffer, its journal, and the threads between them.
//!
//! Three threads, none of which ever takes the interpreter's lock: `journal` writes what
//! is given to the operating system, `synchronise` puts it on stable storage, `deliver`
//! brings it to the server. They start with the first report.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use mendel_journal::{StageError, Unsynced, Workspace, Writer, WriterError, this_process};
use mendel_model::{Digest, Point, Record, RunId, WriterId};
use tokio::sync::Notify;

use crate::{
    clock::Clock,
    deliver, drain,
    inbox::{Inbox, Weight},
    room::Room,
};

/// Which run is reported into, from where.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) workspace: Workspace,
    pub(crate) run: RunId,
    pub(crate) attempt: u32,
}

/// What one thread does for a writer.
type Work = fn(&Reporting);

/// Whom the journal is delivered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Nobody for now.
    Off,
    /// The server of the environment, else the companion.
    Found,
    /// The server at that address.
    At(String),
}

/// The journal of a writer: made with its first record, and only once.
#[derive(Debug)]
enum Journal {
    Unopened,
    Open(Writer),
    Closed,
}

/// How far what was given has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Up to here it was handed to the operating system: a ticket of the inbox, and the
    /// sequence in the journal.
    pub(crate) written: u64,
    pub(crate) sequence: u64,
    /// Ticket up to which it is on stable storage.
    pub(crate) synced: u64,
    /// A synchronisation failed, so that what came before it is not known to be safe.
    pub(crate) unsafe_for_good: bool,
    /// Written and not yet synchronised.
    pub(crate) unsynced: Unsynced,
    /// Ticket up to which someone waits for stable storage.
    pub(crate) sync_wanted: u64,
    /// Someone waits for the server.
    pub(crate) hurry_delivery: bool,
    /// Sequence up to which the server has it.
    pub(crate) acknowledged: u64,
    pub(crate) delivered: u64,
    pub(crate) refused: u64,
    /// The journal is complete and closed.
    pub(crate) closed: bool,
    /// Nothing more is to be tried.
    pub(crate) abandoned: bool,
    /// The threads that ended.
    pub(crate) synchronise_ended: bool,
    pub(crate) deliver_ended: bool,
    pub(crate) disk_error: Option<String>,
    pub(crate) delivery_error: Option<String>,
    /// The latest record that the server will never take, and why.
    pub(crate) refusal: Option<String>,
}

/// What became of what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) reported: u64,
    pub(crate) delivered: u64,
    pub(crate) pending: u64,
    pub(crate) dropped: u64,
    pub(crate) refused: u64,
    pub(crate) synced: bool,
    pub(crate) acknowledged: bool,
}

/// How long to wait, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    Synced,
    Acknowledged,
    Ended,
}

#[derive(Debug)]
pub(crate) struct Reporting {
    pub(crate) place: Place,
    pub(crate) writer: WriterId,
    pub(crate) clock: Clock,
    pub(crate) inbox: Inbox,
    pub(crate) room: Room,
    /// Breaks off a request under way when the writer is abandoned.
    pub(crate) stop: Arc<Notify>,
    started: AtomicBool,
    journal: Mutex<Journal>,
    destination: Mutex<Destination>,
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Reporting {
    pub(crate) fn new(place: Place, destination: Destination) -> Arc<Self> {
        Arc::new(Self {
            place,
            writer: WriterId::from_uuid(mendel_journal::new_id()),
            clock: Clock::start(),
            inbox: Inbox::default(),
            room: Room::default(),
            stop: Arc::default(),
            started: AtomicBool::new(false),
            journal: Mutex::new(Journal::Unopened),
            destination: Mutex::new(destination),
            progress: Mutex::new(Progress::default()),
            changed: Condvar::new(),
        })
    }

    /// The folder of the journal; it appears with the first report.
    pub(crate) fn folder(&self) -> PathBuf {
        self.place.workspace.journal(self.place.run, self.writer)
    }

    #[inline]
    pub(crate) fn point(self: &Arc<Self>, point: Point) {
        self.inbox.point(point);
        self.start();
    }

    pub(crate) fn record(self: &Arc<Self>, record: Record, weight: Weight) -> bool {
        let taken = self.inbox.record(record, weight);
        self.start();
        taken
    }

    /// Keeps bytes beside the journal until the server has them.
    pub(crate) fn stage(
        &self,
        stage: impl FnOnce(&std::path::Path) -> Result<(Digest, u64), StageError>,
    ) -> io::Result<(Digest, u64)> {
        let folder = self.folder();
        self.with_journal(|_| Ok(())).map_err(|error| io::Error::other(describe(&error)))?;
        self.room.measure(&folder);
        if self.room.is_tight() {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the journal waits for its server and is full"));
        }
        stage(&folder).map_err(|error| io::Error::other(describe(&error)))
    }

    /// Works on the journal, opened when it is not.
    pub(crate) fn with_journal<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, WriterError>,
    ) -> Result<T, WriterError> {
        let mut journal = lock(&self.journal);
        if matches!(*journal, Journal::Unopened) {
            let Place { workspace, run, attempt } = &self.place;
            *journal = Journal::Open(Writer::open(workspace, *run, *attempt, self.writer, &this_process())?);
        }
        match &mut *journal {
            Journal::Open(writer) => work(writer),
            Journal::Unopened | Journal::Closed => {
                let source = io::Error::other("the writer is closed");
                Err(WriterError::Open { path: self.folder(), source })
            }
        }
    }

    /// Goes on in another segment, if the journal is open.
    pub(crate) fn roll_journal(&self) {
        if let Journal::Open(writer) = &mut *lock(&self.journal) {
            writer.roll();
        }
    }

    pub(crate) fn close_journal(&self) -> Result<(), WriterError> {
        match std::mem::replace(&mut *lock(&self.journal), Journal::Closed) {
            Journal::Open(writer) => writer.close(),
            Journal::Unopened | Journal::Closed => Ok(()),
        }
    }

    pub(crate) fn destination(&self) -> Destination {
        lock(&self.destination).clone()
    }

    pub(crate) fn deliver_to(&self, destination: Destination) {
        *lock(&self.destination) = destination;
        self.progress(|progress| progress.hurry_delivery = true);
    }

    /// Changes the progress, and tells those who wait for it.
    pub(crate) fn progress<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        let answer = change(&mut lock(&self.progress));
        self.changed.notify_all();
        answer
    }

    /// Waits until `ready` of the progress, or until `deadline`.
    pub(crate) fn wait(
        &self,
        deadline: Option<Instant>,
        ready: impl Fn(&Progress) -> bool,
    ) -> MutexGuard<'_, Progress> {
        let mut progress = lock(&self.progress);
        while !ready(&progress) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            progress = match left {
                None => self.changed.wait(progress).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => self.changed.wait_timeout(progress, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        progress
    }

    /// Asks for everything given so far to be safe here, or at the server; returns the
    /// ticket to wait for.
    pub(crate) fn hurry(&self, until: Until) -> u64 {
        let ticket = self.inbox.hurry();
        self.progress(|progress| {
            progress.sync_wanted = ticket;
            progress.hurry_delivery |= until != Until::Synced;
        });
        ticket
    }

    /// Whether what was given up to `ticket` has come as far as `until`, waiting until
    /// `deadline`.
    pub(crate) fn reached(&self, ticket: u64, until: Until, deadline: Instant) -> bool {
        if !self.started.load(Relaxed) {
            return true;
        }
        let ready = |progress: &Progress| match until {
            Until::Synced => progress.synced >= ticket || progress.unsafe_for_good,
            Until::Acknowledged => progress.has_acknowledged(ticket),
            Until::Ended => progress.deliver_ended && progress.synchronise_ended,
        };
        let progress = self.wait(Some(deadline), ready);
        ready(&progress)
    }

    /// Takes nothing more, and lets the threads finish.
    pub(crate) fn close(&self) {
        self.inbox.close();
        self.progress(|progress| progress.hurry_delivery = true);
    }

    /// Lets the threads end as they are.
    pub(crate) fn abandon(&self) {
        self.progress(|progress| progress.abandoned = true);
        self.stop.notify_one();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        lock(&self.progress).abandoned
    }

    pub(crate) fn counts(&self) -> Counts {
        let (reported, dropped) = self.inbox.counts();
        let ticket = self.inbox.ticket();
        let progress = lock(&self.progress);
        let done = progress.delivered + progress.refused;
        Counts {
            reported,
            delivered: progress.delivered,
            pending: reported.saturating_sub(done),
            dropped,
            refused: progress.refused,
            synced: progress.synced >= ticket && !progress.unsafe_for_good,
            acknowledged: progress.has_acknowledged(ticket),
        }
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        let progress = lock(&self.progress);
        let Progress { disk_error, delivery_error, refusal, .. } = &*progress;
        disk_error.as_ref().or(delivery_error.as_ref()).or(refusal.as_ref()).cloned()
    }

    fn start(self: &Arc<Self>) {
        if self.started.load(Relaxed) || self.started.swap(true, Relaxed) {
            return;
        }
        let work: [(&str, Work); 3] = [
            ("mendel-journal", drain::journal),
            ("mendel-sync", drain::synchronise),
            ("mendel-deliver", deliver::deliver),
        ];
        for (name, work) in work {
            let own = Arc::clone(self);
            // Little is done on their stacks; a small one keeps the process small.
            let thread = thread::Builder::new().name(name.into()).stack_size(512 << 10);
            if let Err(error) = thread.spawn(move || work(&own)) {
                self.progress(|progress| progress.disk_error = Some(format!("cannot start thread {name}: {error}")));
            }
        }
    }
}

impl Progress {
    fn has_acknowledged(&self, ticket: u64) -> bool {
        self.written >= ticket && self.acknowledged >= self.sequence
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with everything behind it, in one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
