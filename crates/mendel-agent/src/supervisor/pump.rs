//! Reads one stream of a child to its end: into the journal, to the watcher, and into the
//! last lines that explain a failure.

use std::{
    collections::VecDeque,
    fs::File,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mendel_model::{ConsoleStream, Record, RunId};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Event, console::LineSplitter, event_sink::EventSink, recorder::Recorder};
use crate::clock::now;

const LAST_LINES: usize = 20;
const CHUNK_BYTES: usize = 64 << 10;
/// How long an unfinished line rests before it is shown.
const LIVE_DELAY: Duration = Duration::from_millis(100);

/// The last lines of both streams of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl LastLines {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The lines so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// One stream of one run.
#[derive(Debug, Clone)]
pub(super) struct Pump {
    pub(super) run: RunId,
    pub(super) stream: ConsoleStream,
    pub(super) recorder: Option<Recorder>,
    pub(super) events: EventSink,
    pub(super) last: LastLines,
    /// A file that gets every byte as it came.
    pub(super) copy: Option<Arc<File>>,
}

impl Pump {
    /// Reads `pipe` until it ends.
    pub(super) async fn work(mut self, mut pipe: impl AsyncRead + Unpin) {
        let mut splitter = LineSplitter::default();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = pipe.read(&mut chunk);
            let read = match splitter.has_news() {
                false => read.await,
                true => match tokio::time::timeout(LIVE_DELAY, read).await {
                    Ok(read) => read,
                    Err(_) => {
                        self.show_unfinished(&mut splitter);
                        continue;
                    }
                },
            };
            let Ok(count @ 1..) = read else { break };
            self.copy(&chunk[..count]);
            let mut whole = Vec::new();
            splitter.feed(&chunk[..count], |line| whole.push(line));
            for line in whole {
                self.line(line).await;
            }
        }
        if let Some(line) = splitter.finish() {
            self.line(line).await;
        }
    }

    /// A disk that is full must not stop the job: the journal has the lines.
    fn copy(&mut self, bytes: &[u8]) {
        let Some(file) = &self.copy else { return };
        let mut file: &File = file;
        if file.write_all(bytes).is_err() {
            self.copy = None;
        }
    }

    async fn line(&self, text: String) {
        self.last.push(&text);
        let time = now();
        if let Some(recorder) = &self.recorder {
            recorder.record(&Record::Console { stream: self.stream, time, text: text.clone() });
        }
        self.events.send_line(Event::Line { run: self.run, stream: self.stream, time, text, whole: true }).await;
    }

    fn show_unfinished(&self, splitter: &mut LineSplitter) {
        if let Some(text) = splitter.unfinished() {
            let event = Event::Line { run: self.run, stream: self.stream, time: now(), text, whole: false };
            self.events.send_unfinished(event);
        }
    }
}
