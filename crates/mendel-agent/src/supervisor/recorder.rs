//! What the supervisor itself reports into a run: console lines and the machine's series.
//!
//! Everything goes to a journal first; a task of its own hands it to the system within
//! 50 ms, puts it on stable storage within a second or a mebibyte, and delivers it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mendel_api::Client;
use mendel_journal::{Workspace, Writer, WriterError, new_id, this_process};
use mendel_model::{Point, Record, RunId, SeriesKey, Timestamp, WriterId};
use tokio::{sync::Notify, task::spawn_blocking};

use crate::{error_text::in_full, sender::deliver_folder};

const WRITE_DELAY: Duration = Duration::from_millis(50);
const SYNCHRONISE_DELAY: Duration = Duration::from_secs(1);
const SYNCHRONISE_BYTES: u64 = 1 << 20;
const DELIVERY_DELAY: Duration = Duration::from_millis(400);
const BUFFER_BYTES: usize = 256 << 10;
/// How often a delivery is tried before the journal is left to whoever comes next.
const CLOSING_TRIES: u32 = 6;
/// How often the last lines are written before they are given up: a full disk may get room.
const WRITING_TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The journal of one attempt, shared by all that report into it.
#[derive(Debug, Clone)]
pub(super) struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    news: Notify,
    client: Client,
}

#[derive(Debug)]
struct State {
    writer: Option<Writer>,
    series: HashMap<SeriesKey, u32>,
}

impl Recorder {
    /// Opens a journal for `attempt` of `run`.
    pub(super) fn open(workspace: &Workspace, client: Client, run: RunId, attempt: u32) -> Result<Self, WriterError> {
        let writer = Writer::open(workspace, run, attempt, WriterId::from_uuid(new_id()), &this_process())?;
        let state = State { writer: Some(writer), series: HashMap::new() };
        Ok(Self(Arc::new(Shared { state: Mutex::new(state), news: Notify::new(), client })))
    }

    /// Adds a record.
    pub(super) fn record(&self, record: &Record) {
        self.0.change(|writer, _| {
            let _kept = writer.append(record);
        });
    }

    /// Adds one point of each of `values`.
    pub(super) fn points(&self, step: i64, time: Timestamp, values: &[(SeriesKey, f64)]) {
        self.0.change(|writer, series| {
            let mut points = Vec::with_capacity(values.len());
            for (key, value) in values {
                let next = series.len() as u32;
                let number = match series.get(key) {
                    Some(number) => *number,
                    None => {
                        let _kept = writer.append(&Record::Series { id: next, key: key.clone() });
                        series.insert(key.clone(), next);
                        next
                    }
                };
                points.push(Point { series: number, step, time, value: *value });
            }
            let _kept = writer.append_points(&points);
        });
    }

    /// Writes, synchronises and delivers what is reported, until it is closed.
    pub(super) async fn work(self) {
        let mut synchronised = (Instant::now(), 0);
        let mut delivered = (Instant::now() - DELIVERY_DELAY, 0);
        let mut pending = false;
        loop {
            let news = self.0.news.notified();
            if pending {
                // Whether woken or not, what waits is looked at again.
                let _ = tokio::time::timeout(DELIVERY_DELAY, news).await;
            } else {
                news.await;
            }
            tokio::time::sleep(WRITE_DELAY).await;
            let Some(written) = self.0.write() else { return };
            let unsynced = written - synchronised.1;
            if unsynced >= SYNCHRONISE_BYTES || unsynced > 0 && synchronised.0.elapsed() >= SYNCHRONISE_DELAY {
                self.synchronise().await;
                synchronised = (Instant::now(), written);
            }
            if written > delivered.1
                && delivered.0.elapsed() >= DELIVERY_DELAY
                && let Some(folder) = self.folder()
            {
                // A failure is tried again with the next news, and at the end.
                let _ = deliver_folder(&self.0.client, &folder).await;
                delivered = (Instant::now(), written);
            }
            pending = written > synchronised.1 || written > delivered.1;
        }
    }

    /// Closes the journal and delivers it; an error says why it has to wait.
    pub(super) async fn close(&self) -> Result<(), String> {
        let writer = self.0.state().writer.take();
        self.0.news.notify_one();
        let Some(writer) = writer else { return Ok(()) };
        let folder = writer.folder().to_owned();
        close_journal(writer).await?;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match deliver_folder(&self.0.client, &folder).await {
                Ok(delivered) if !delivered.busy => break,
                Err(error) if attempt == CLOSING_TRIES => return Err(error.to_string()),
                Ok(_) if attempt == CLOSING_TRIES => return Err("someone else delivers its journal".to_owned()),
                Ok(_) | Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
        Ok(())
    }

    async fn synchronise(&self) {
        let Some(unsynced) = self.0.state().writer.as_mut().map(Writer::take_unsynced) else { return };
        let synchronised = spawn_blocking(move || unsynced.synchronise()).await;
        if !matches!(synchronised, Ok(Ok(())))
            && let Some(writer) = self.0.state().writer.as_mut()
        {
            writer.roll();
        }
    }

    fn folder(&self) -> Option<std::path::PathBuf> {
        self.0.state().writer.as_ref().map(|writer| writer.folder().to_owned())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer keeps what it could not write, so its errors are those of a later write.
    fn change(&self, change: impl FnOnce(&mut Writer, &mut HashMap<SeriesKey, u32>)) {
        let mut state = self.state();
        let State { writer: Some(writer), series } = &mut *state else { return };
        change(writer, series);
        if writer.buffered_bytes() > BUFFER_BYTES {
            let _kept = writer.write();
        }
        drop(state);
        self.news.notify_one();
    }

    /// Hands everything to the system; how many bytes that were so far, or none once the
    /// journal is closed.
    fn write(&self) -> Option<u64> {
        let mut state = self.state();
        let writer = state.writer.as_mut()?;
        let _kept = writer.write();
        Some(writer.total_bytes())
    }
}

/// Writes what is left and closes, with patience: unwritten lines are in memory alone.
async fn close_journal(mut writer: Writer) -> Result<(), String> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..WRITING_TRIES {
        if writer.write().is_ok() {
            break;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let closed = spawn_blocking(move || writer.close()).await.map_err(|error| error.to_string())?;
    closed.map_err(|error| in_full(&error))
}
