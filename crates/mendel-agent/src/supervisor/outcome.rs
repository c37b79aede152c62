//! What the end of a process means for its run.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use mendel_model::{Move, StatusRecord, Timestamp};
use nix::sys::signal::Signal;

use crate::worker::Observed;

/// Lines of the console that explain a failure nobody explained otherwise.
const MESSAGE_LINES: usize = 5;
/// What a shell returns for a process that was killed.
const SHELL_SIGKILL: i32 = 137;

/// Why someone ends a job before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StopReason {
    /// A short reason.
    pub(super) reason: &'static str,
    /// A sentence.
    pub(super) message: String,
}

impl StopReason {
    pub(super) fn new(reason: &'static str, message: &str) -> Self {
        Self { reason, message: message.to_owned() }
    }
}

/// What is known of memory when a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MemoryFacts {
    /// Whether the system killed something for memory meanwhile.
    pub(super) killed: bool,
    /// The most that one process of ours had resident, in kilobytes.
    pub(super) peak_kb: u64,
}

/// The end of a run, from how its process ended.
pub(super) struct Outcome<'a> {
    /// How the process ended.
    pub(super) status: ExitStatus,
    /// Why it was asked to end, if it was.
    pub(super) stop: Option<&'a StopReason>,
    /// What its processes observed.
    pub(super) observed: &'a [Observed],
    /// The last lines of its console.
    pub(super) last_lines: &'a [String],
    /// Memory.
    pub(super) memory: MemoryFacts,
    /// When it ended.
    pub(super) time: Timestamp,
}

impl Outcome<'_> {
    /// The move that closes the run.
    pub(super) fn record(&self) -> StatusRecord {
        let (to, reason, message) = self.judge();
        let (exit_code, signal) = (self.status.code(), self.status.signal());
        StatusRecord { to, reason, message, time: self.time, owner: None, exit_code, signal }
    }

    /// What the script's own parser said, if it refused the words before any work.
    pub(super) fn refused(&self) -> Option<String> {
        let refused = self.observed.iter().find_map(|observed| {
            let Observed::Refused { message, worked: false } = observed else { return None };
            Some(message.clone())
        });
        refused.filter(|_| self.stop.is_none() && self.status.code() == Some(2))
    }

    fn judge(&self) -> (Move, String, String) {
        if let Some(stop) = self.stop {
            return (Move::Stop, stop.reason.to_owned(), stop.message.clone());
        }
        if let Some(message) = self.refused() {
            return (Move::Fail, "refused".to_owned(), message);
        }
        match (self.status.code(), self.status.signal()) {
            (Some(0), _) => (Move::Complete, String::new(), String::new()),
            (Some(code), _) => {
                let exception = self.observed.iter().rev().find_map(|observed| {
                    let Observed::Exception { kind, message } = observed else { return None };
                    Some((kind.clone(), message.clone()))
                });
                let (reason, text) = exception.unwrap_or_else(|| (format!("exit code {code}"), String::new()));
                let hint = if code == SHELL_SIGKILL { self.memory_hint() } else { String::new() };
                let text = if text.is_empty() { self.tail() } else { text };
                (Move::Fail, reason, join(&hint, &text))
            }
            (None, Some(number)) => {
                let hint = if number == Signal::SIGKILL as i32 { self.memory_hint() } else { String::new() };
                (Move::Fail, format!("killed by {}", signal_name(number)), join(&hint, &self.tail()))
            }
            (None, None) => (Move::Fail, "ended in an unknown way".to_owned(), self.tail()),
        }
    }

    fn tail(&self) -> String {
        let from = self.last_lines.len().saturating_sub(MESSAGE_LINES);
        self.last_lines[from..].join("\n")
    }

    fn memory_hint(&self) -> String {
        let peak = self.memory.peak_kb as f64 / (1 << 20) as f64;
        match self.memory.killed {
            true => format!("the system killed it because memory ran out, at {peak:.1} GiB"),
            false => format!("perhaps memory ran out: one process had {peak:.1} GiB"),
        }
    }
}

/// `SIGKILL` and the like.
fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned())
}

fn join(hint: &str, text: &str) -> String {
    match (hint, text) {
        ("", text) => text.to_owned(),
        (hint, "") => hint.to_owned(),
        (hint, text) => format!("{hint}\n{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(raw: i32, observed: &[Observed]) -> StatusRecord {
        let last_lines = ["boom".to_owned()];
        let memory = MemoryFacts { killed: false, peak_kb: 3 << 20 };
        let status = ExitStatus::from_raw(raw);
        Outcome { status, stop: None, observed, last_lines: &last_lines, memory, time: Timestamp(1) }.record()
    }

    #[test]
    fn a_good_end_has_no_reason() {
        let record = outcome(0, &[]);
        assert_eq!((record.to, record.reason.as_str(), record.exit_code), (Move::Complete, "", Some(0)));
    }

    #[test]
    fn f13_a_killed_process_fails_with_the_name_of_the_signal_and_a_hint_about_memory() {
        let record = outcome(9, &[]);
        assert_eq!((record.to, record.reason.as_str(), record.signal), (Move::Fail, "killed by SIGKILL", Some(9)));
        assert_eq!(record.message, "perhaps memory ran out: one process had 3.0 GiB\nboom");
        assert_eq!(outcome(11, &[]).reason, "killed by SIGSEGV");
        assert!(outcome(137 << 8, &[]).message.starts_with("perhaps memory ran out"));
    }

    #[test]
    fn an_exception_gives_its_type_and_text_and_other_failures_their_last_lines() {
        let exception = Observed::Exception { kind: "ValueError".into(), message: "bad".into() };
        let record = outcome(1 << 8, &[exception]);
        assert_eq!((record.reason.as_str(), record.message.as_str()), ("ValueError", "bad"));
        let record = outcome(3 << 8, &[]);
        assert_eq!((record.reason.as_str(), record.message.as_str()), ("exit code 3", "boom"));
    }

    #[test]
    fn a_refusal_after_work_is_an_ordinary_failure() {
        let refused = |worked| [Observed::Refused { message: "no".into(), worked }];
        assert_eq!(outcome(2 << 8, &refused(false)).reason, "refused");
        assert_eq!(outcome(2 << 8, &refused(true)).reason, "exit code 2");
    }
}
