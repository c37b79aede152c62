//! The only way to the terminal: answers to stdout, notes to stderr.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;

use crate::{arguments::Global, exit::Failure};

/// Knows whether a person or a program reads.
pub struct Printer {
    json: bool,
    quiet: bool,
    colour: bool,
}

impl Printer {
    /// A printer as the global options ask.
    pub fn new(global: &Global) -> Self {
        let wanted = !global.no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json: global.json, quiet: global.quiet, colour: wanted && io::stdout().is_terminal() }
    }

    /// Whether the answer is one JSON document.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether notes are not wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether colour adds to the words.
    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// Whether a person reads the answer on a terminal.
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// The answer: the document for programs, else what `show` writes for people.
    pub fn answer(&self, document: &impl Serialize, show: impl FnOnce(&mut String)) {
        let mut text = String::new();
        if self.json {
            text = serde_json::to_string(document).expect("answers have text keys and no failing parts");
            text.push('\n');
        } else {
            show(&mut text);
        }
        self.out(&text);
    }

    /// Text of the answer, as it is. A reader that went away ends the answer, not the command.
    pub fn out(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// A note for people.
    pub fn note(&self, note: fmt::Arguments<'_>) {
        if !self.quiet {
            self.err(&format!("{note}\n"));
        }
    }

    /// Text for stderr, whatever `--quiet` says.
    pub fn err(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Why the command could not do it.
    pub fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Input { message, hint } | Failure::Trouble { message, hint } => {
                self.err(&format!("error: {message}\n"));
                if let Some(hint) = hint {
                    self.err(&format!("hint: {hint}\n"));
                }
            }
            Failure::Problems(problems) => self.err(&problems.to_string()),
        }
    }
}
