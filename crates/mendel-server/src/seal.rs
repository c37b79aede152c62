//! Sealing in the background: which runs' tails are merged into chunks, and when.
//!
//! A run that ended is sealed whole; tails of running ones are merged once enough has come
//! in. Requests only note that a run was touched, so no writer ever waits for a sealing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mendel_model::RunId;
use mendel_store::StoreError;
use tokio::sync::Notify;

use crate::App;

/// What comes in within this time after a first request is sealed together.
const PAUSE: Duration = Duration::from_secs(1);

/// Bytes of records since the last sealing that make another one worth its cost.
const TAIL_BYTES: usize = 4 << 20;

/// The runs that were written to since they were last sealed.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    runs: Mutex<HashMap<RunId, Touch>>,
    wake: Notify,
}

/// How often and with how much a run was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Touch {
    times: u64,
    bytes: usize,
}

impl Touched {
    /// Notes that `bytes` of records, or a change of status, came in for `run`.
    pub(crate) fn add(&self, run: RunId, bytes: usize) {
        let mut runs = self.lock();
        let touch = runs.entry(run).or_default();
        touch.times += 1;
        touch.bytes += bytes;
        drop(runs);
        self.wake.notify_one();
    }

    fn seen(&self) -> Vec<(RunId, Touch)> {
        self.lock().iter().map(|(run, touch)| (*run, *touch)).collect()
    }

    /// Forgets `run`, unless it was touched again since it was `seen`.
    fn settle(&self, run: RunId, seen: Touch) {
        let mut runs = self.lock();
        match runs.get_mut(&run) {
            Some(touch) if *touch == seen => {
                runs.remove(&run);
            }
            Some(touch) => touch.bytes -= seen.bytes.min(touch.bytes),
            None => {}
        }
    }

    /// Forgets the bytes that were `seen` of a run that goes on.
    fn shorten(&self, run: RunId, seen: Touch) {
        if let Some(touch) = self.lock().get_mut(&run) {
            touch.bytes -= seen.bytes.min(touch.bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Touch>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seals what is due, for as long as it is polled. Failures go to the report of `app` and
/// are tried again after the next request for the same run.
pub async fn seal_in_background(app: App) {
    loop {
        app.touched.wake.notified().await;
        tokio::time::sleep(PAUSE).await;
        seal_due(&app).await;
    }
}

/// Seals every run that was written to through `app`, ended or not.
pub async fn seal_touched(app: &App) {
    for (run, seen) in app.touched.seen() {
        match app.store.seal(Some(run)).await {
            Ok(_) => app.touched.settle(run, seen),
            Err(error) => app.report(&error),
        }
    }
}

async fn seal_due(app: &App) {
    let mut long = Vec::new();
    for (run, seen) in app.touched.seen() {
        match seal_ended(app, run).await {
            Ok(true) => app.touched.settle(run, seen),
            Ok(false) if seen.bytes >= TAIL_BYTES => long.push((run, seen)),
            Ok(false) => {}
            Err(error) => app.report(&error),
        }
    }
    if long.is_empty() {
        return;
    }
    match app.store.seal(None).await {
        Ok(_) => long.into_iter().for_each(|(run, seen)| app.touched.shorten(run, seen)),
        Err(error) => app.report(&error),
    }
}

/// Seals `run` if nothing more is to come; whether that is so.
async fn seal_ended(app: &App, run: RunId) -> Result<bool, StoreError> {
    match app.store.run(run).await? {
        Some(found) if !found.status.is_terminal() => Ok(false),
        Some(_) => app.store.seal(Some(run)).await.map(|_| true),
        // Deleted meanwhile: there is nothing left to seal.
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use mendel_model::{Move, NewRun, StatusRecord, Timestamp};
    use mendel_store::Store;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_touched_while_it_was_sealed_is_not_forgotten() {
        let touched = Touched::default();
        let run = RunId::new(1, [1; 10]);
        touched.add(run, 10);
        let (_, seen) = touched.seen()[0];
        touched.add(run, 0);
        touched.settle(run, seen);
        let left = touched.seen();
        assert_eq!(left, [(run, Touch { times: 2, bytes: 0 })]);
        touched.settle(run, left[0].1);
        assert_eq!(touched.seen(), []);
    }

    #[tokio::test]
    async fn a_run_is_done_with_once_it_ended_or_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("a store");
        let app = App::new(store.clone());
        let gone = RunId::new(1, [1; 10]);
        let run = RunId::new(1, [2; 10]);
        let wanted = json!({"id": run, "name": "train", "project": "digits", "created": 0});
        let wanted: NewRun = serde_json::from_value(wanted).expect("a run");
        let change =
            |to: Move| -> StatusRecord { serde_json::from_value(json!({"to": to, "time": 0})).expect("a change") };
        store.create_runs(&[wanted], None, Timestamp(0)).await.expect("made");
        store.move_run(run, None, &change(Move::Start), Timestamp(0)).await.expect("moved");
        app.touched.add(gone, 5);
        app.touched.add(run, TAIL_BYTES);

        seal_due(&app).await;
        assert_eq!(
            app.touched.seen(),
            [(run, Touch { times: 1, bytes: 0 })],
            "its tails were merged, but more may come"
        );

        store.move_run(run, None, &change(Move::Complete), Timestamp(0)).await.expect("moved");
        seal_due(&app).await;
        assert_eq!(app.touched.seen(), []);
    }
}
