//! The load of the machine and of a run's processes, as series of the run.
//!
//! Sampled on a thread of its own, so that a slow driver or a busy system holds up
//! nothing. The iteration is the number of seconds since the run started.

mod gpu;
mod machine;
mod process;

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use mendel_model::{SeriesKey, Timestamp};

use crate::clock::now;
use gpu::GpuSampler;
use machine::MachineSampler;
use process::GroupSampler;

const MACHINE: &str = ":monitor:machine";
const GPU: &str = ":monitor:gpu";
const FIRST_SAMPLE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_secs(5);

/// Values of one moment: iteration, time, and one value of each series.
pub type Sink = Box<dyn Fn(i64, Timestamp, &[(SeriesKey, f64)]) + Send>;

/// Samples the machine for all runs of a supervisor. The last clone ends it.
#[derive(Debug, Clone)]
pub struct Monitor {
    messages: Sender<Message>,
}

/// A run that is followed until this is dropped.
#[derive(Debug)]
pub struct Followed {
    group: u32,
    messages: Sender<Message>,
}

enum Message {
    Follow(Follower),
    Leave(u32),
}

struct Follower {
    group: u32,
    started: Timestamp,
    sampler: GroupSampler,
    sink: Sink,
}

impl Monitor {
    /// Starts the thread that samples.
    pub fn start() -> Self {
        let (messages, received) = channel();
        let started = thread::Builder::new().name("monitor".to_owned()).spawn(move || sample(&received));
        // Without the thread nobody receives, and nothing is sampled: the runs go on.
        drop(started);
        Self { messages }
    }

    /// Samples the process group `group` of a run that started at `started` into `sink`.
    #[must_use]
    pub fn follow(&self, group: u32, started: Timestamp, sink: Sink) -> Followed {
        let follower = Follower { group, started, sampler: GroupSampler::new(group), sink };
        let _ = self.messages.send(Message::Follow(follower));
        Followed { group, messages: self.messages.clone() }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Leave(self.group));
    }
}

fn sample(messages: &Receiver<Message>) {
    let (mut machine, mut gpu) = (MachineSampler::new(), GpuSampler::start());
    let mut followers: Vec<Follower> = Vec::new();
    let mut next = Instant::now() + INTERVAL;
    loop {
        match messages.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Message::Follow(follower)) => {
                if followers.is_empty() {
                    machine.begin();
                }
                next = next.min(Instant::now() + FIRST_SAMPLE);
                followers.push(follower);
            }
            Ok(Message::Leave(group)) => followers.retain(|follower| follower.group != group),
            Err(RecvTimeoutError::Timeout) => {
                if !followers.is_empty() {
                    let machine = machine.sample();
                    for follower in &mut followers {
                        let own = follower.sampler.sample();
                        follower.give(&[machine.as_slice(), &own].concat());
                    }
                    // A driver may take its time; the others do not wait for it.
                    let devices = gpu.sample();
                    followers.iter().filter(|_| !devices.is_empty()).for_each(|follower| follower.give(&devices));
                }
                next = Instant::now() + INTERVAL;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Follower {
    fn give(&self, values: &[(SeriesKey, f64)]) {
        let time = now();
        let second = i64::try_from(time.since(self.started) / 1000).unwrap_or(i64::MAX);
        (self.sink)(second, time, values);
    }
}

fn key(metric: &str, variant: impl Into<String>) -> SeriesKey {
    SeriesKey { metric: metric.to_owned(), variant: variant.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tr_23_a_followed_process_gets_series_of_machine_and_process() {
        let (sender, received) = channel();
        let monitor = Monitor::start();
        let sink: Sink = Box::new(move |second, _, values| {
            let _ = sender.send((second, values.to_vec()));
        });
        let _followed = monitor.follow(std::process::id(), now(), sink);
        let (second, values) = received.recv_timeout(Duration::from_secs(30)).expect("a sample");
        assert!(second < 30);
        let value = |variant: &str| {
            let found = values.iter().find(|(key, _)| key.metric == MACHINE && key.variant == variant);
            found.unwrap_or_else(|| panic!("{variant}")).1
        };
        for variant in ["cpu_usage", "memory_used_gb", "io_read_mbs", "network_rx_mbs", "process_cpu_usage"] {
            assert!(value(variant) >= 0.0, "{variant}");
        }
        assert!(value("memory_used_gb") > 0.0);
    }
}
