//! Holds one running child: hears it, stops it when told, and closes its run when it ended.

use std::{
    fs::File,
    io::PipeWriter,
    process::ExitStatus,
    sync::Arc,
    time::{Duration, Instant},
};

use mendel_api::Client;
use mendel_model::{ConsoleStream, Identity, Timestamp};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};

use super::{
    Event,
    close::{Closing, close},
    event_sink::EventSink,
    forks::Forks,
    launch::signal_group,
    memory::MemoryWatch,
    outcome::StopReason,
    prepare::Ready,
    process::Process,
    pump::{LastLines, Pump},
    recorder::Recorder,
    reports::Reports,
    settle::Settled,
};
use crate::{
    job::{Job, JobBatch, Launch, WorkingFolder, words_note},
    monitor::Monitor,
    worker::{Observations, Observed},
};

/// How long pipes are read on after a child ended, in case a stranger holds them open.
const DRAIN: Duration = Duration::from_secs(2);
/// A second look at what a process observes is worth more in its first seconds.
const LOOK_EARLY: Duration = Duration::from_millis(40);
const LOOK_LATER: Duration = Duration::from_millis(500);
const EARLY: Duration = Duration::from_secs(5);

/// What the supervisor tells the holder of a child.
#[derive(Debug, Clone)]
pub(super) enum Order {
    /// Stop it as Ctrl-C would.
    Stop(StopReason),
    /// Kill it at once.
    Kill(StopReason),
}

/// What all holders of a batch share.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    pub(super) batch: Arc<JobBatch>,
    pub(super) client: Client,
    pub(super) events: EventSink,
    pub(super) monitor: Option<Monitor>,
    pub(super) forks: Forks,
}

/// A child that runs.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) place: usize,
    pub(super) attempt: u32,
    pub(super) ready: Ready,
    pub(super) process: Process,
    pub(super) pid: u32,
    pub(super) recorder: Option<Recorder>,
    pub(super) orders: UnboundedReceiver<Order>,
    /// Hears that the process ended well, so that another may start while its run is closed.
    pub(super) exited: UnboundedSender<usize>,
    pub(super) started: Timestamp,
    pub(super) started_ns: i64,
    pub(super) memory: MemoryWatch,
}

/// Holds `held` until its run is closed.
pub(super) async fn hold(mut held: Held, around: Surroundings) -> super::Ended {
    let job = &around.batch.jobs[held.place];
    let clock = Instant::now();
    let last = LastLines::default();
    let mut pumps = start_pumps(&mut held, job, &around, &last);
    let reports = start_reports(&mut held, job, &around);
    let series = match (&around.monitor, &held.recorder) {
        (Some(monitor), Some(recorder)) if job.keep.monitor => {
            let recorder = recorder.clone();
            let sink = Box::new(move |second, time, values: &[_]| recorder.points(second, time, values));
            Some(monitor.follow(held.pid, held.started, sink))
        }
        _ => None,
    };
    let mut watch = Watch {
        job,
        around: &around,
        observations: Observations::at(&held.ready.observed),
        all: Vec::new(),
        identity: job.identity,
        attempt: held.attempt,
    };
    let (status, stop) = watch.until_it_ends(&mut held.process, held.pid, &mut held.orders).await;
    let duration = clock.elapsed();
    // Nothing that it started in its group outlives it.
    signal_group(held.pid, Signal::SIGKILL);
    // One that shares nothing with the next, of a batch whose jobs may overlap at all.
    let apart = around.batch.slots > 1 && matches!(job.folder, WorkingFolder::Private { .. });
    if apart && stop.is_none() && status.as_ref().is_ok_and(ExitStatus::success) {
        // A supervisor that does not listen any more gives its slots to nobody.
        let _ = held.exited.send(held.place);
    }
    drop(series);
    // It has opened its end, or never will: what it wrote is read to its end.
    pumps.extend(reports.map(|(reading, _)| reading));
    drain(pumps).await;
    if let Some(imports) = held.ready.imports() {
        around.forks.learn(job, &held.ready.preparation, imports);
    }
    watch.look().await;
    let Watch { all: observed, identity, .. } = watch;
    let closing = Closing {
        job,
        attempt: held.attempt,
        ready: held.ready,
        status,
        stop,
        observed,
        identity,
        last_lines: last.lines(),
        memory: held.process.memory(held.memory.end()),
        started_ns: held.started_ns,
        duration,
        recorder: held.recorder,
    };
    close(closing, &around).await
}

fn start_pumps(held: &mut Held, job: &Job, around: &Surroundings, last: &LastLines) -> Vec<JoinHandle<()>> {
    let recorder = held.recorder.clone().filter(|_| job.keep.console);
    let pump = |stream| Pump {
        run: job.run,
        stream,
        recorder: recorder.clone(),
        events: around.events.clone(),
        last: last.clone(),
        copy: copy_of(job, stream),
    };
    let (out, err) = held.process.streams();
    let out = out.map(|pipe| tokio::spawn(pump(ConsoleStream::Out).work(pipe)));
    let err = err.map(|pipe| tokio::spawn(pump(ConsoleStream::Err).work(pipe)));
    out.into_iter().chain(err).collect()
}

/// The task that hears the stages of a run, and the end of the pipe that the run opens.
fn start_reports(held: &mut Held, job: &Job, around: &Surroundings) -> Option<(JoinHandle<()>, PipeWriter)> {
    let (reader, writer) = held.ready.reports.take()?.ends().ok()?;
    let recorder = held.recorder.clone().filter(|_| job.keep.console);
    let reports = Reports { run: job.run, recorder, events: around.events.clone() };
    Some((tokio::spawn(reports.work(reader)), writer))
}

/// The file in a task's folder that one of its streams is copied to. Where it cannot be
/// made, the journal alone has the console.
fn copy_of(job: &Job, stream: ConsoleStream) -> Option<Arc<File>> {
    let Launch::Typed { task, name, .. } = &job.launch else { return None };
    let ending = match stream {
        ConsoleStream::Out => "out",
        ConsoleStream::Err => "err",
    };
    let path = task.join(format!("{name}.{ending}"));
    File::options().create(true).append(true).open(path).ok().map(Arc::new)
}

async fn drain(pumps: Vec<JoinHandle<()>>) {
    let deadline = tokio::time::Instant::now() + DRAIN;
    for mut pump in pumps {
        if tokio::time::timeout_at(deadline, &mut pump).await.is_err() {
            pump.abort();
        }
    }
}

/// A child while it runs.
struct Watch<'a> {
    job: &'a Job,
    around: &'a Surroundings,
    observations: Observations,
    all: Vec<Observed>,
    identity: Option<Identity>,
    attempt: u32,
}

impl Watch<'_> {
    async fn until_it_ends(
        &mut self,
        process: &mut Process,
        group: u32,
        orders: &mut UnboundedReceiver<Order>,
    ) -> (std::io::Result<ExitStatus>, Option<StopReason>) {
        let begun = tokio::time::Instant::now();
        let mut stopping = Stopping::new(group, Duration::from_secs(self.around.batch.stop_grace));
        loop {
            let pause = if begun.elapsed() < EARLY { LOOK_EARLY } else { LOOK_LATER };
            tokio::select! {
                status = process.wait() => return (status, stopping.reason),
                Some(order) = orders.recv() => stopping.order(order),
                () = tokio::time::sleep_until(stopping.next()) => stopping.go_on(),
                () = tokio::time::sleep(pause) => self.look().await,
            }
        }
    }

    /// Looks at what was observed since the last time.
    async fn look(&mut self) {
        let more = match self.observations.more() {
            Ok(more) => more,
            Err(error) => vec![Observed::Unsure { message: error.to_string() }],
        };
        for observed in more {
            if let Observed::Params { params, rest, parser, steady } = &observed
                && matches!(self.job.launch, Launch::Script { .. })
            {
                let settled = Settled::new(self.job, params, rest, self.identity);
                self.settle(settled, parser.as_ref(), *steady).await;
            }
            self.all.push(observed);
        }
    }

    async fn settle(&mut self, settled: Settled, parser: Option<&Value>, steady: bool) {
        let client = &self.around.client;
        let mut kept = client.update_run(self.job.run, Some(self.attempt), &settled.update()).await.map(drop);
        if let (Ok(()), Some(key), Some(parser)) = (&kept, &self.job.parser_note, parser) {
            kept = client.put_note(key, parser).await;
        }
        if let (Ok(()), Some(_), Some(asked)) = (&kept, &self.job.parser_note, self.job.identity)
            && steady
            && asked != settled.identity
        {
            kept = client.put_note(&words_note(&asked), &settled.identity.to_string().into()).await;
        }
        if let Err(error) = kept {
            let text = format!("the parameters of the run could not be kept: {error}");
            self.around.events.send(Event::Warning { run: Some(self.job.run), text });
        }
        self.identity = Some(settled.identity);
        let Settled { params, identity, changed } = settled;
        self.around.events.send(Event::Params { run: self.job.run, params, identity, changed });
    }
}

/// How far the stopping of a child has come: asked as by Ctrl-C, asked to terminate, killed.
struct Stopping {
    group: u32,
    grace: Duration,
    reason: Option<StopReason>,
    steps: Vec<(tokio::time::Instant, Signal)>,
}

impl Stopping {
    const fn new(group: u32, grace: Duration) -> Self {
        Self { group, grace, reason: None, steps: Vec::new() }
    }

    fn order(&mut self, order: Order) {
        let now = tokio::time::Instant::now();
        let (reason, steps) = match order {
            Order::Kill(reason) => (reason, vec![(now, Signal::SIGKILL)]),
            Order::Stop(_) if self.reason.is_some() => return,
            Order::Stop(reason) => {
                let steps = [
                    (now + self.grace, Signal::SIGKILL),
                    (now + self.grace / 2, Signal::SIGTERM),
                    (now, Signal::SIGINT),
                ];
                (reason, steps.to_vec())
            }
        };
        self.reason.get_or_insert(reason);
        self.steps = steps;
    }

    /// When the next step is due; far away while nobody asked.
    fn next(&self) -> tokio::time::Instant {
        let day = Duration::from_secs(24 * 60 * 60);
        self.steps.last().map_or_else(|| tokio::time::Instant::now() + day, |(time, _)| *time)
    }

    fn go_on(&mut self) {
        if let Some((_, signal)) = self.steps.pop() {
            signal_group(self.group, signal);
        }
    }
}
