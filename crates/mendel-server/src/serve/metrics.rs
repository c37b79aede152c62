//! `GET /metrics`: what the server does, in the text form of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::extract::State;
use axum::response::IntoResponse;
use http::header;
use mendel_model::{Decision, Need, decide};

use super::Guard;
use crate::{access::Caller, problem::Problem};

/// Upper ends of the buckets of the time an answer takes, in seconds.
const BUCKETS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Counts of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Instant,
    connections: AtomicUsize,
    waiting: AtomicUsize,
    bytes: AtomicU64,
    answers: Mutex<BTreeMap<(String, String, u16), Answers>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    count: u64,
    seconds: f64,
    buckets: [u64; BUCKETS.len()],
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            connections: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            answers: Mutex::default(),
        }
    }

    pub(super) fn connections(&self, open: usize) {
        self.connections.store(open, Ordering::Relaxed);
    }

    /// A request began.
    pub(super) fn began(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests are in progress.
    pub(super) fn in_progress(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A request was answered, or its caller went away.
    pub(super) fn ended(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut answers = self.lock();
        let own = answers.entry((method.to_owned(), route.to_owned(), status)).or_default();
        let seconds = took.as_secs_f64();
        own.count += 1;
        own.seconds += seconds;
        for (end, count) in BUCKETS.iter().zip(&mut own.buckets) {
            *count += u64::from(seconds <= *end);
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut gauge = |name: &str, help: &str, value: f64| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
        };
        gauge("mendel_uptime_seconds", "Seconds since the start.", self.started.elapsed().as_secs_f64());
        gauge("mendel_connections", "Open connections.", self.connections.load(Ordering::Relaxed) as f64);
        gauge("mendel_requests_in_progress", "Requests in progress.", self.waiting.load(Ordering::Relaxed) as f64);
        if let Some(bytes) = resident_bytes() {
            gauge("process_resident_memory_bytes", "Memory in use.", bytes as f64);
        }
        let received = self.bytes.load(Ordering::Relaxed);
        let _ = write!(
            text,
            "# HELP mendel_received_bytes_total Bytes of request bodies.\n# TYPE mendel_received_bytes_total counter\n\
             mendel_received_bytes_total {received}\n\
             # HELP mendel_request_seconds Time until an answer.\n# TYPE mendel_request_seconds histogram\n"
        );
        for ((method, route, status), own) in self.lock().iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            for (end, count) in BUCKETS.iter().zip(own.buckets) {
                let _ = writeln!(text, "mendel_request_seconds_bucket{{{labels},le=\"{end}\"}} {count}");
            }
            let _ = write!(
                text,
                "mendel_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}\n\
                 mendel_request_seconds_sum{{{labels}}} {sum}\nmendel_request_seconds_count{{{labels}}} {count}\n",
                count = own.count,
                sum = own.seconds,
            );
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String, u16), Answers>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the server counts
pub(super) async fn metrics(State(guard): State<Guard>, Caller(caller): Caller) -> Result<impl IntoResponse, Problem> {
    if decide(Some(caller.user.role), None, Need::Operate) != Decision::Allowed {
        return Err(Problem::forbidden("this needs an operator of the server"));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], guard.metrics().text()))
}

/// Pages of memory in use, as the system tells them, in bytes.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
