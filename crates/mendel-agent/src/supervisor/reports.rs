//! Hears what a run says about its stages: into its event log, and as how far it is.

use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use mendel_model::{Event as Reported, EventKind, Progress, Record, RunId, RunUpdate, StageReport};
use serde_json::{Map, Value, json};
use tokio::{io::AsyncReadExt as _, net::unix::pipe::Receiver};

use super::{Event, event_sink::EventSink, fork_server::end, recorder::Recorder};
use crate::clock::now;

/// The document of a run that says how far it is.
pub const PROGRESS: &str = "progress";
/// Reports that come together are one entry of the log.
const TOGETHER: Duration = Duration::from_millis(50);
/// How often it is told how far a run is.
const TELL: Duration = Duration::from_millis(250);
const CHUNK_BYTES: usize = 64 << 10;

/// The pipe that a run reports by.
#[derive(Debug)]
pub(super) struct ReportPipe {
    reader: PipeReader,
    writer: PipeWriter,
}

impl ReportPipe {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { reader, writer })
    }

    /// The path by which the run opens it.
    pub(super) fn path(&self) -> String {
        end(&self.writer)
    }

    /// The end to read, and the one to hold while the run may still open it.
    pub(super) fn ends(self) -> io::Result<(Receiver, PipeWriter)> {
        Ok((Receiver::from_owned_fd(OwnedFd::from(self.reader))?, self.writer))
    }
}

/// Where the reports of one run go.
#[derive(Debug)]
pub(super) struct Reports {
    pub(super) run: RunId,
    pub(super) recorder: Option<Recorder>,
    pub(super) events: EventSink,
}

impl Reports {
    /// Reads `pipe` until it ends.
    pub(super) async fn work(self, mut pipe: Receiver) {
        let mut progress = Progress::default();
        let (mut rest, mut number, mut chunk) = (Vec::new(), 0, vec![0; CHUNK_BYTES]);
        let (mut told, mut has_news) = (Instant::now(), false);
        loop {
            let read = tokio::time::timeout(TELL, pipe.read(&mut chunk)).await;
            match read {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(count)) => {
                    rest.extend_from_slice(&chunk[..count]);
                    let reports = self.take_reports(&mut rest);
                    has_news |= !reports.is_empty();
                    reports.iter().for_each(|report| progress.hear(report));
                    number = self.log(reports, number);
                    tokio::time::sleep(TOGETHER).await;
                }
                Err(_) => {}
            }
            if has_news && told.elapsed() >= TELL {
                self.tell(&progress);
                (told, has_news) = (Instant::now(), false);
            }
        }
        if progress.began.is_some() {
            self.tell(&progress);
        }
    }

    /// The whole lines of `bytes`; one that is no report is told, and changes nothing.
    fn take_reports(&self, bytes: &mut Vec<u8>) -> Vec<StageReport> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let lines: Vec<u8> = bytes.drain(..=end).collect();
        let mut reports = Vec::new();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(report) => reports.push(report),
                Err(error) => {
                    let text = format!("what a stage reported cannot be read: {error}");
                    self.events.send(Event::Warning { run: Some(self.run), text });
                }
            }
        }
        reports
    }

    /// Adds what stays to the event log; the number of the next entry.
    fn log(&self, reports: Vec<StageReport>, number: i64) -> i64 {
        let stay: Vec<_> = reports.into_iter().filter(|report| !report.event.is_passing()).collect();
        let (Some(recorder), Some(first)) = (&self.recorder, stay.first()) else { return number };
        let (time, count) = (first.time, stay.len() as i64);
        recorder.record(&Record::Event(Reported {
            kind: EventKind::Stage,
            metric: "stages".to_owned(),
            variant: String::new(),
            step: number,
            time,
            body: json!(stay),
            blob: None,
            media: String::new(),
            file: String::new(),
        }));
        number + count
    }

    fn tell(&self, progress: &Progress) {
        if let Some(recorder) = &self.recorder {
            let documents = Map::from_iter([(PROGRESS.to_owned(), json!(progress))]);
            recorder.record(&Record::Update(Box::new(RunUpdate { documents, ..RunUpdate::default() })));
        }
        let (run, time) = (self.run, now());
        self.events.send(Event::Progress { run, time, progress: progress.clone() });
    }
}

/// How far a run said that it is.
pub fn progress_of(documents: &Map<String, Value>) -> Option<Progress> {
    serde_json::from_value(documents.get(PROGRESS)?.clone()).ok()
}
