//! A store in a folder of its own, a server over it, and clients of both kinds.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use mendel_api::{Client, ClientError, CreateRuns};
use mendel_model::{
    ConsoleStream, Move, NewRun, Point, Record, Run, RunId, RunUpdate, SeriesKey, StatusRecord, TaskKind, Timestamp,
    WriterId,
};
use mendel_server::{App, RouterTransport, router, serve_socket};
use mendel_store::Store;
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

/// The time by the server's clock.
pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// One server, reachable in two ways.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    pub(crate) inside: Client,
    pub(crate) outside: Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("a store");
        let app = App::new(store.clone()).with_clock(|| NOW).of_workspace("77");
        let socket = folder.path().join("s");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn({
            let (router, socket) = (router(app.clone()), socket.clone());
            async move {
                let told = async { drop(stopped.await) };
                serve_socket(router, &socket, told).await
            }
        });
        let inside = Client::new(RouterTransport::new(router(app)));
        let outside = Client::socket(&socket);
        answering(&outside).await;
        Self { folder, store, inside, outside, stop, serving }
    }

    /// A client in process and one over the socket.
    pub(crate) fn clients(&self) -> [&Client; 2] {
        [&self.inside, &self.outside]
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// The file that keeps a blob.
    pub(crate) fn blob_file(&self, digest: &mendel_model::Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.path().join("blobs").join(&name[..2]).join(name)
    }

    /// Ends the server as a supervisor does, and fails if it did not end well.
    pub(crate) async fn stop(self) -> TempDir {
        let _gone = self.stop.send(());
        self.serving.await.expect("no panic").expect("served");
        self.folder
    }
}

/// Waits until somebody answers.
pub(crate) async fn answering(client: &Client) {
    while client.hello().await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// A number that no other call in this process gets.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn chance() -> [u8; 10] {
    let mut bytes = [7; 10];
    bytes[2..].copy_from_slice(&unique().to_be_bytes());
    bytes
}

pub(crate) fn run_id() -> RunId {
    RunId::new(1_700_000_000_000 + unique(), chance())
}

pub(crate) fn writer_id() -> WriterId {
    WriterId::new(1_700_000_000_000, chance())
}

/// A run that is still to be made.
pub(crate) fn wanted(name: &str) -> NewRun {
    let facts = serde_json::json!({"id": run_id(), "name": name, "project": "digits", "created": NOW});
    let run: NewRun = serde_json::from_value(facts).expect("a run");
    NewRun { kind: TaskKind::Script, ..run }
}

/// Makes one run.
pub(crate) async fn made(client: &Client, run: NewRun) -> Run {
    let made = client.create_runs(&CreateRuns { runs: vec![run], batch: None }).await.expect("made");
    made.into_iter().next().expect("one run")
}

/// Makes one run and starts it.
pub(crate) async fn started(client: &Client, name: &str) -> Run {
    let run = made(client, wanted(name)).await;
    moved(client, &run, Move::Start).await
}

pub(crate) async fn moved(client: &Client, run: &Run, to: Move) -> Run {
    client.move_run(run.facts.id, None, &change(to)).await.expect("moved")
}

pub(crate) fn change(to: Move) -> StatusRecord {
    let change = serde_json::json!({"to": to, "time": NOW});
    serde_json::from_value(change).expect("a change")
}

/// A change of one fact.
pub(crate) fn renamed(name: &str) -> RunUpdate {
    RunUpdate { name: Some(name.to_owned()), ..RunUpdate::default() }
}

/// Frames of `records`, numbered from `first`.
pub(crate) fn frames(first: u64, records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (sequence, record) in (first..).zip(records) {
        record.write(sequence, &mut bytes);
    }
    bytes
}

pub(crate) fn series(id: u32, metric: &str, variant: &str) -> Record {
    Record::Series { id, key: SeriesKey { metric: metric.into(), variant: variant.into() } }
}

/// Points of series 1 at the given steps and values.
pub(crate) fn points(values: impl IntoIterator<Item = (i64, f64)>) -> Record {
    let point = |(step, value)| Point { series: 1, step, time: Timestamp(NOW.0 + step), value };
    Record::Points(values.into_iter().map(point).collect())
}

pub(crate) fn line(text: &str) -> Record {
    Record::Console { stream: ConsoleStream::Out, time: NOW, text: text.into() }
}

/// The stable word of a refusal, with its status.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> (u16, String) {
    match answer.expect_err("a refusal") {
        ClientError::Refused { status, code, .. } => (status, code),
        other => panic!("{other}"),
    }
}

/// A file of `size` bytes that look random and are always the same.
pub(crate) fn file_of(folder: &Path, name: &str, size: usize) -> (PathBuf, Vec<u8>) {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    let bytes: Vec<u8> = std::iter::repeat_with(next).take(size).collect();
    let path = folder.join(name);
    std::fs::write(&path, &bytes).expect("written");
    (path, bytes)
}
