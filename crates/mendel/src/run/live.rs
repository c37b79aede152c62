//! Bars below the lines of a command that runs something, where a person watches a terminal.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, stderr},
    time::{Duration, Instant},
};

use mendel_model::{Progress, RunId};

use crate::{context::now, printer::Printer, render};

/// How often the bars are drawn at most.
const PAUSE: Duration = Duration::from_millis(100);
/// Lines that are drawn at most.
const LINES: usize = 16;

/// The bars.
pub struct Live {
    shown: bool,
    drawn: usize,
    last: Instant,
    runs: BTreeMap<RunId, Progress>,
}

impl Live {
    /// Bars on a terminal, and nothing elsewhere.
    pub fn new(printer: &Printer) -> Self {
        let shown = stderr().is_terminal() && !printer.is_json() && !printer.is_quiet();
        Self { shown, drawn: 0, last: Instant::now(), runs: BTreeMap::new() }
    }

    /// Hears how far a run is.
    pub fn hear(&mut self, run: RunId, progress: Progress) {
        self.runs.insert(run, progress);
    }

    /// A run ended.
    pub fn ended(&mut self, run: RunId) {
        self.runs.remove(&run);
    }

    /// Takes the bars away, so that lines may be written.
    pub fn clear(&mut self, printer: &Printer) {
        if self.drawn > 0 {
            printer.err(&format!("\x1b[{}A\x1b[J", self.drawn));
            self.drawn = 0;
        }
    }

    /// Draws the bars.
    pub fn draw(&mut self, name: impl Fn(&RunId) -> String, printer: &Printer) {
        if !self.shown || (self.drawn > 0 && self.last.elapsed() < PAUSE) {
            return;
        }
        self.clear(printer);
        let width = render::table::terminal_width().unwrap_or(100).saturating_sub(1);
        let moment = now();
        let mut lines = Vec::new();
        for (run, progress) in &self.runs {
            lines.push(render::progress::head(&name(run), progress, moment));
            lines.extend(render::progress::stages(progress, moment));
        }
        lines.truncate(LINES);
        let text: String =
            lines.iter().map(|line| line.chars().take(width).chain(['\n']).collect::<String>()).collect();
        printer.err(&text);
        (self.drawn, self.last) = (lines.len(), Instant::now());
    }
}
