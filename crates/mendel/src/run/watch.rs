//! Watches a supervisor: shows consoles and progress, and hands on Ctrl-C.

use std::collections::HashMap;

use mendel_agent::{
    job::JobBatch,
    supervisor::{self, Command, Ended, Event},
};
use mendel_model::{ConsoleStream, RunId, Status};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::live::Live;
use crate::{context::Context, exit::Failure, printer::Printer, render};

/// What was seen while the jobs ran.
#[derive(Default)]
pub struct Watched {
    /// The last lines of runs that failed.
    pub last_lines: HashMap<RunId, Vec<String>>,
    /// Whether a person interrupted.
    pub interrupted: bool,
}

/// Executes `batch` and waits. A script that refused its words leaves no run behind.
pub async fn execute(
    context: &Context,
    batch: JobBatch,
    names: Option<HashMap<RunId, String>>,
    printer: &Printer,
) -> Result<Watched, Failure> {
    let trouble = |error: supervisor::WatchError| Failure::trouble(error.to_string());
    let total = batch.jobs.len();
    let binary = batch.binary.clone();
    let mut watcher = supervisor::start(&binary, &batch).await.map_err(trouble)?;
    let mut signals = Signals::listen()?;
    let mut view = View { names, total, ended: 0, partial: false, live: Live::new(printer), printer };
    let mut watched = Watched::default();
    let mut refused = None;
    loop {
        let event = tokio::select! {
            event = watcher.next() => event.map_err(trouble)?,
            () = signals.next() => {
                let command = if watched.interrupted { Command::Kill } else { Command::Stop };
                watched.interrupted = true;
                printer.note(format_args!("stopping; once more to kill"));
                watcher.tell(command).await.map_err(trouble)?;
                continue;
            }
        };
        let Some(event) = event else { break };
        if let Event::Ended(ended) = &event {
            if let Some(words) = &ended.refused {
                context.client.delete_run(ended.run).await?;
                refused.get_or_insert_with(|| words.clone());
                continue;
            }
            if ended.status == Status::Failed {
                watched.last_lines.insert(ended.run, ended.last_lines.clone());
            }
        }
        view.show(&event);
    }
    match refused {
        Some(message) => Err(Failure::input_hint(
            format!("the script refused its words: {}", message.trim()),
            "`--help` after the script shows what it takes",
        )),
        None => Ok(watched),
    }
}

/// What a person sees of the events.
struct View<'a> {
    /// Names of the members, where many run; their consoles are not shown.
    names: Option<HashMap<RunId, String>>,
    total: usize,
    ended: usize,
    /// Whether the terminal stands in the middle of a line.
    partial: bool,
    /// How far the runs are, below everything else.
    live: Live,
    printer: &'a Printer,
}

impl View<'_> {
    fn show(&mut self, event: &Event) {
        if !matches!(event, Event::Progress { .. }) {
            self.live.clear(self.printer);
        }
        self.tell(event);
        if !self.partial {
            let names = self.names.as_ref();
            let name = |run: &RunId| names.and_then(|names| names.get(run).cloned()).unwrap_or_default();
            self.live.draw(name, self.printer);
        }
    }

    fn tell(&mut self, event: &Event) {
        match event {
            Event::Line { stream, text, whole, .. } if self.names.is_none() => self.line(*stream, text, *whole),
            Event::Ended(ended) => {
                self.doubts(ended);
                self.live.ended(ended.run);
                let Some(names) = &self.names else { return };
                self.ended += 1;
                let name = names.get(&ended.run).map_or("", String::as_str);
                let took = render::time::span(ended.duration);
                self.printer.note(format_args!("[{}/{}] {name} {} after {took}", self.ended, self.total, ended.status));
            }
            Event::Warning { text, .. } => self.printer.note(format_args!("warning: {text}")),
            Event::Progress { run, progress, .. } => self.live.hear(*run, progress.clone()),
            Event::Started { .. } | Event::Line { .. } | Event::Params { .. } | Event::Done => {}
        }
    }

    /// Why a result that was computed will not answer the next request.
    fn doubts(&self, ended: &Ended) {
        if let (Status::Completed, Some(why)) = (ended.status, ended.tainted.first()) {
            let more = match ended.tainted.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.printer.note(format_args!("note: this result is kept and never reused: {why}{more}"));
        }
    }

    /// A console line where it would have gone without us; beside a document, to stderr.
    fn line(&mut self, stream: ConsoleStream, text: &str, whole: bool) {
        if !whole && !self.printer.is_terminal() {
            return;
        }
        let start = if self.partial { "\r\x1b[K" } else { "" };
        let end = if whole { "\n" } else { "" };
        self.partial = !whole;
        let line = format!("{start}{text}{end}");
        match stream {
            ConsoleStream::Out if !self.printer.is_json() => self.printer.out(&line),
            ConsoleStream::Out | ConsoleStream::Err => self.printer.err(&line),
        }
    }
}

/// Ctrl-C, a polite kill, or a closed terminal.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::trouble(format!("signals cannot be heard: {error}")));
        Ok(Self([listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
