//! The supervisor's loop: starts jobs as slots fall free, and ends when all are closed.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use mendel_api::Client;
use mendel_journal::{Workspace, this_process};
use mendel_model::{Move, Run, RunId, RunRef, Status, StatusRecord};
use tokio::{
    io::AsyncWrite,
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{Id, JoinError, JoinSet, LocalSet, spawn_local},
};

use super::{
    Command, Ended, Event, Input,
    close::{expected, failed, finish},
    event_sink::EventSink,
    fork_server::ForkServer,
    forks::Forks,
    hold::{Held, Order, Surroundings, hold},
    launch,
    memory::MemoryWatch,
    outcome::StopReason,
    prepare::{Ready, prepare},
    process::Process,
    recorder::Recorder,
};
use crate::{
    clock::{now, now_ns},
    error_text::in_full,
    job::{Job, JobBatch, Watched},
    monitor::Monitor,
};

/// How often it is looked whether someone else ended a run.
const LOOK_OUTSIDE: Duration = Duration::from_secs(1);
/// How long a watcher may take to read the last events.
const LAST_EVENTS: Duration = Duration::from_secs(10);

/// Executes `batch`: commands come from `input`, events go to `events`, and children reach
/// the workspace at `api` (`unix:/path`). Call it from the main thread: children die with
/// the thread that started them.
pub async fn run(
    batch: JobBatch,
    input: Input,
    events: impl AsyncWrite + Send + Unpin + 'static,
    client: Client,
    api: &str,
) {
    // Everything stays on the calling thread, whatever runtime this is: it is the one that
    // children die with.
    LocalSet::new().run_until(supervise(batch, input, events, client, api)).await;
}

async fn supervise(
    batch: JobBatch,
    input: Input,
    events: impl AsyncWrite + Send + Unpin + 'static,
    client: Client,
    api: &str,
) {
    let (events, writing) = EventSink::new(events);
    let monitor = batch.jobs.iter().any(|job| job.keep.monitor).then(Monitor::start);
    let around = Surroundings { batch: Arc::new(batch), client, events, monitor, forks: Forks::default() };
    let (exited, exits) = unbounded_channel();
    let supervisor = Supervisor {
        api: api.to_owned(),
        exited,
        closing: HashSet::new(),
        next: 0,
        preparing: JoinSet::new(),
        holding: JoinSet::new(),
        running: HashMap::new(),
        stopping: None,
        around,
    };
    let forks = supervisor.around.forks.clone();
    supervisor.work(commands(input), exits).await;
    forks.close().await;
    // A watcher that does not read any more does not keep a finished supervisor alive.
    let _ = tokio::time::timeout(LAST_EVENTS, writing).await;
}

/// Reading is a task of its own, so that nothing half read is ever dropped. None: the
/// watcher is gone.
fn commands(mut input: Input) -> UnboundedReceiver<Option<Command>> {
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(command) = input.command().await {
            if sender.send(Some(command)).is_err() {
                return;
            }
        }
        // When nobody listens any more, the supervisor has ended before its watcher.
        let _ = sender.send(None);
    });
    receiver
}

/// An attempt that may start its process, or the change that closes its run.
type Begun = Result<(u32, Ready, Option<ForkServer>), StatusRecord>;

struct Supervisor {
    around: Surroundings,
    api: String,
    /// The first job that was not begun.
    next: usize,
    preparing: JoinSet<(usize, Begun)>,
    holding: JoinSet<Ended>,
    running: HashMap<Id, Running>,
    /// Jobs whose process ended well while their run is still being closed: they take no slot.
    closing: HashSet<usize>,
    exited: UnboundedSender<usize>,
    /// Why no other job starts.
    stopping: Option<StopReason>,
}

struct Running {
    place: usize,
    attempt: u32,
    pid: u32,
    orders: UnboundedSender<Order>,
}

impl Supervisor {
    async fn work(mut self, mut commands: UnboundedReceiver<Option<Command>>, mut exits: UnboundedReceiver<usize>) {
        let mut terminated = signal(SignalKind::terminate()).ok();
        let mut look = tokio::time::interval(LOOK_OUTSIDE);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.fill_slots().await;
            if self.preparing.is_empty() && self.holding.is_empty() && self.next == self.jobs().len() {
                break;
            }
            tokio::select! {
                Some(command) = commands.recv() => self.command(command),
                Some(prepared) = self.preparing.join_next() => self.prepared(prepared).await,
                Some(place) = exits.recv() => self.process_ended(place),
                Some(ended) = self.holding.join_next_with_id() => self.ended(ended).await,
                () = heard(&mut terminated) => {
                    let reason = StopReason::new("terminated", "the supervisor was told to end");
                    self.stop_all(&Order::Stop(reason));
                }
                _ = look.tick() => self.look_outside().await,
            }
        }
        self.around.events.send(Event::Done);
    }

    fn jobs(&self) -> &[Job] {
        &self.around.batch.jobs
    }

    async fn fill_slots(&mut self) {
        while self.next < self.jobs().len() {
            let place = self.next;
            if let Some(stop) = self.stopping.clone() {
                self.next += 1;
                self.never_started(place, None, &stopped(&stop)).await;
            } else if self.has_free_slot() {
                self.next += 1;
                let (around, api) = (self.around.clone(), self.api.clone());
                self.preparing.spawn_local(async move { (place, begin(&around, place, &api).await) });
            } else {
                return;
            }
        }
    }

    /// No more runs are closed at once than may run.
    fn has_free_slot(&self) -> bool {
        let (slots, closing) = (self.around.batch.slots.max(1), self.closing.len());
        closing <= slots && self.preparing.len() + self.holding.len() - closing < slots
    }

    fn process_ended(&mut self, place: usize) {
        // Its run may be closed by now.
        if self.running.values().any(|running| running.place == place) {
            self.closing.insert(place);
        }
    }

    fn command(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Stop) => self.stop_all(&Order::Stop(asked())),
            Some(Command::Kill) => self.stop_all(&Order::Kill(asked())),
            Some(Command::StopRun { run }) => self.stop_one(run, &Order::Stop(asked())),
            None if self.around.batch.watched == Watched::Optional => {}
            None => {
                let reason = StopReason::new("client_lost", "whoever watched it went away");
                self.stop_all(&Order::Stop(reason));
            }
        }
    }

    fn stop_all(&mut self, order: &Order) {
        let (Order::Stop(reason) | Order::Kill(reason)) = order;
        self.stopping.get_or_insert_with(|| reason.clone());
        for running in self.running.values() {
            // One that just ended hears nothing, and needs nothing.
            let _ = running.orders.send(order.clone());
        }
    }

    fn stop_one(&self, run: RunId, order: &Order) {
        for running in self.running.values().filter(|running| self.jobs()[running.place].run == run) {
            let _ = running.orders.send(order.clone());
        }
    }

    async fn prepared(&mut self, prepared: Result<(usize, Begun), JoinError>) {
        let (place, begun) = match prepared {
            Ok(prepared) => prepared,
            // A defect of ours; the run is closed by whoever opens the workspace next.
            Err(error) => {
                self.around.events.send(Event::Warning { run: None, text: format!("a job was lost: {error}") });
                return;
            }
        };
        match (begun, self.stopping.clone()) {
            (Err(change), _) => self.never_started(place, None, &change).await,
            (Ok((attempt, ..)), Some(stop)) => self.never_started(place, Some(attempt), &stopped(&stop)).await,
            (Ok((attempt, ready, forks)), None) => {
                if let Err(error) = self.launch(place, attempt, ready, forks).await {
                    let change = failed("cannot start", &error.to_string());
                    self.never_started(place, Some(attempt), &change).await;
                    self.after_failure(Status::Failed);
                }
            }
        }
    }

    async fn launch(
        &mut self,
        place: usize,
        attempt: u32,
        ready: Ready,
        forks: Option<ForkServer>,
    ) -> std::io::Result<()> {
        let job = &self.around.batch.jobs[place];
        let recorder = self.recorder(job, attempt);
        let (started, started_ns, memory) = (now(), now_ns(), MemoryWatch::begin());
        let forked = match forks {
            // One that went away meanwhile is no reason not to start.
            Some(forks) => forks.fork(&ready.preparation).await.ok().map(Process::Forked),
            None => None,
        };
        let process = match forked {
            Some(process) => process,
            None => Process::Started(launch::start(job, &ready.preparation)?),
        };
        let pid = process.pid();
        self.around.events.send(Event::Started { run: job.run, attempt, pid, time: started });
        if let Some(recorder) = recorder.clone() {
            spawn_local(recorder.work());
        }
        let (orders, received) = unbounded_channel();
        let held = Held {
            place,
            attempt,
            ready,
            process,
            pid,
            recorder,
            orders: received,
            exited: self.exited.clone(),
            started,
            started_ns,
            memory,
        };
        let task = self.holding.spawn_local(hold(held, self.around.clone()));
        self.running.insert(task.id(), Running { place, attempt, pid, orders });
        Ok(())
    }

    fn recorder(&self, job: &Job, attempt: u32) -> Option<Recorder> {
        if !(job.keep.console || job.keep.monitor || job.keep.artifacts) {
            return None;
        }
        let workspace = Workspace::at(&self.around.batch.workspace);
        match Recorder::open(&workspace, self.around.client.clone(), job.run, attempt) {
            Ok(recorder) => Some(recorder),
            Err(error) => {
                let text = format!("its console is not recorded: {}", in_full(&error));
                self.around.events.send(Event::Warning { run: Some(job.run), text });
                None
            }
        }
    }

    async fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let ended = match ended {
            Ok((id, ended)) => {
                if let Some(running) = self.running.remove(&id) {
                    self.closing.remove(&running.place);
                }
                ended
            }
            Err(error) => {
                let Some(running) = self.running.remove(&error.id()) else { return };
                self.closing.remove(&running.place);
                launch::signal_group(running.pid, nix::sys::signal::Signal::SIGKILL);
                let change = failed("supervisor failed", &error.to_string());
                self.never_started(running.place, Some(running.attempt), &change).await;
                return;
            }
        };
        let status = ended.status;
        self.around.events.send(Event::Ended(ended));
        self.after_failure(status);
    }

    fn after_failure(&mut self, status: Status) {
        if self.around.batch.fail_fast && status == Status::Failed && self.stopping.is_none() {
            let reason = StopReason::new("fail_fast", "another run of the batch failed");
            self.stop_all(&Order::Stop(reason));
        }
    }

    /// Closes a run whose process never started.
    async fn never_started(&self, place: usize, attempt: Option<u32>, change: &StatusRecord) {
        let run = self.jobs()[place].run;
        let client = &self.around.client;
        let kept = match attempt {
            Some(attempt) => finish(client, run, attempt, change).await,
            None => match client.move_run(run, None, change).await {
                Ok(run) => Ok(Some(run)),
                // It ended, or someone else runs it: what is there stands.
                Err(error) if error.code() == Some("wrong_status") => client.run(&RunRef::Id(run)).await,
                Err(error) => Err(error),
            },
        };
        let kept = kept.unwrap_or_else(|error| {
            let text = format!("its end could not be kept: {error}");
            self.around.events.send(Event::Warning { run: Some(run), text });
            None
        });
        self.around.events.send(Event::Ended(Ended {
            run,
            status: kept.map_or_else(|| expected(change), |run| run.status),
            reason: change.reason.clone(),
            message: change.message.clone(),
            exit_code: None,
            signal: None,
            last_lines: Vec::new(),
            outputs: Vec::new(),
            tainted: Vec::new(),
            refused: None,
            started: false,
            reusable: false,
            time: change.time,
            duration: 0,
        }));
    }

    /// Stops the children of runs that someone else ended or took over.
    async fn look_outside(&self) {
        for running in self.running.values() {
            let id = self.jobs()[running.place].run;
            // Without an answer nothing is known, and nothing is done.
            let Ok(found) = self.around.client.run(&RunRef::Id(id)).await else { continue };
            if found.is_none_or(|run| is_taken_away(&run, running.attempt)) {
                let reason = StopReason::new("stopped", "it was ended from elsewhere");
                let _ = running.orders.send(Order::Stop(reason));
            }
        }
    }
}

/// Starts the attempt and makes everything ready for it.
async fn begin(around: &Surroundings, place: usize, api: &str) -> Begun {
    let job = &around.batch.jobs[place];
    let start = StatusRecord {
        to: Move::Start,
        reason: String::new(),
        message: String::new(),
        time: now(),
        owner: Some(this_process()),
        exit_code: None,
        signal: None,
    };
    let unable = |error: &dyn std::error::Error| failed("cannot start", &in_full(error));
    let run = around.client.move_run(job.run, None, &start).await.map_err(|error| unable(&error))?;
    match prepare(&around.batch, job, run.attempt, &around.client, api).await {
        Ok(ready) => {
            let forks = around.forks.of(job, &ready.preparation).await;
            Ok((run.attempt, ready, forks))
        }
        Err(error) => Err(unable(&error)),
    }
}

/// Whether someone else stopped the run, put it back or took it over. A run that says of
/// itself that it completed or failed goes on until its process ends.
fn is_taken_away(run: &Run, attempt: u32) -> bool {
    match run.status {
        Status::Stopped | Status::Draft | Status::Queued => true,
        Status::Running | Status::Completed | Status::Failed | Status::Published => run.attempt != attempt,
    }
}

fn stopped(stop: &StopReason) -> StatusRecord {
    let change = failed(stop.reason, &stop.message);
    StatusRecord { to: Move::Stop, ..change }
}

fn asked() -> StopReason {
    StopReason::new("stopped", "it was stopped on request")
}

async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
