//! A Python process that forks tasks: its requests and answers, one JSON object a line.
//!
//! What is forked has the interpreter started and packages imported already. It is waited for
//! by its parent, which tells how it ended; when that goes, so does everything it forked.

use std::{
    collections::HashMap,
    io::{self, PipeReader, PipeWriter, pipe},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::process::ExitStatusExt as _,
    },
    path::Path,
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::unix::pipe::{Receiver, Sender},
    process::Child,
    sync::oneshot,
    task::{JoinHandle, spawn_local},
};

use super::launch::{Preparation, start_module};
use crate::job::Job;

const MODULE: &str = "mendel.pipeline.fork_server";
/// How long one may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where to ask. Nobody asks any more once the last clone is gone, and it ends.
#[derive(Debug, Clone)]
pub(super) struct ForkServer {
    requests: Arc<tokio::sync::Mutex<Sender>>,
    waiting: Arc<Mutex<Waiting>>,
    reading: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A process that was forked.
#[derive(Debug)]
pub(super) struct Forked {
    pub(super) pid: u32,
    pub(super) out: Option<Receiver>,
    pub(super) err: Option<Receiver>,
    ended: oneshot::Receiver<End>,
    end: Option<End>,
}

/// How a forked process ended.
#[derive(Debug, Clone, Copy)]
struct End {
    status: i32,
    peak_kb: u64,
}

/// Who waits for which answer.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    started: HashMap<u64, oneshot::Sender<Result<u32, String>>>,
    ended: HashMap<u64, oneshot::Sender<End>>,
    is_gone: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Started { started: u64, pid: u32 },
    Refused { refused: u64, why: String },
    Ended { ended: u64, status: i32, peak_kb: u64 },
}

impl ForkServer {
    /// Starts one for tasks like `job`, and waits until it can be asked.
    pub(super) async fn start(job: &Job, preparation: &Preparation) -> io::Result<Self> {
        let (asked, requests) = pipe()?;
        let (answers, told) = pipe()?;
        let child = start_module(job, preparation, MODULE, (asked.into(), told.into()))?;
        Self::over(requests, answers, Some(child)).await
    }

    /// Forks one that has imported the modules `preload`; an error where that cannot be forked.
    pub(super) async fn with(&self, preload: &[String]) -> io::Result<Self> {
        let (asked, requests) = pipe()?;
        let (answers, told) = pipe()?;
        let facts = json!({"requests": end(&asked), "answers": end(&told), "preload": preload});
        // Whether it ended well is told by its pipe.
        let (_, _) = self.ask("serve", facts).await?;
        drop((asked, told));
        Self::over(requests, answers, None).await
    }

    async fn over(requests: PipeWriter, answers: PipeReader, child: Option<Child>) -> io::Result<Self> {
        let requests = Sender::from_owned_fd(OwnedFd::from(requests))?;
        let mut lines = BufReader::new(Receiver::from_owned_fd(OwnedFd::from(answers))?).lines();
        if lines.next_line().await?.is_none() {
            return Err(io::Error::other("it ended before it could be asked"));
        }
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let heard = Arc::clone(&waiting);
        let reading = spawn_local(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(answer) = serde_json::from_str(&line) {
                    lock(&heard).hear(answer);
                }
            }
            *lock(&heard) = Waiting { is_gone: true, ..Waiting::default() };
            if let Some(mut child) = child {
                // It closed its end, so it is ending; how says nothing to anyone.
                let _ = child.wait().await;
            }
        });
        let reading = Arc::new(Mutex::new(Some(reading)));
        Ok(Self { requests: Arc::new(tokio::sync::Mutex::new(requests)), waiting, reading })
    }

    /// Lets it end, and waits for that. Nobody else must have it.
    pub(super) async fn close(self) {
        let reading = lock(&self.reading).take();
        drop(self);
        if let Some(reading) = reading {
            // One that does not end is killed when we end.
            let _ = tokio::time::timeout(PATIENCE, reading).await;
        }
    }

    /// Forks a task.
    pub(super) async fn fork(&self, preparation: &Preparation) -> io::Result<Forked> {
        let (out, out_end) = pipe()?;
        let (err, err_end) = pipe()?;
        let mut variables = Map::new();
        let own = [("PWD", preparation.folder.as_os_str())].into_iter();
        let all = own.chain(preparation.variables.iter().map(|(name, value)| (*name, value.as_os_str())));
        for (name, value) in all {
            let text = value.to_str().ok_or_else(|| io::Error::other(format!("`{name}` is no text")))?;
            variables.insert(name.to_owned(), text.into());
        }
        let facts = json!({
            "out": end(&out_end),
            "err": end(&err_end),
            "folder": text(&preparation.folder)?,
            "variables": variables,
        });
        let (pid, ended) = self.ask("start", facts).await?;
        Ok(Forked {
            pid,
            out: Some(Receiver::from_owned_fd(out.into())?),
            err: Some(Receiver::from_owned_fd(err.into())?),
            ended,
            end: None,
        })
    }

    /// Asks for a process; its id, and who will hear how it ended.
    async fn ask(&self, what: &str, mut facts: Value) -> io::Result<(u32, oneshot::Receiver<End>)> {
        let ((started, is_started), (ended, has_ended)) = (oneshot::channel(), oneshot::channel());
        {
            let mut waiting = lock(&self.waiting);
            if waiting.is_gone {
                return Err(gone());
            }
            let number = waiting.next;
            waiting.next += 1;
            waiting.started.insert(number, started);
            waiting.ended.insert(number, ended);
            facts[what] = number.into();
        }
        self.requests.lock().await.write_all(format!("{facts}\n").as_bytes()).await?;
        let pid = is_started.await.map_err(|_| gone())?.map_err(io::Error::other)?;
        Ok((pid, has_ended))
    }
}

impl Waiting {
    /// Whoever does not wait any more needs no answer.
    fn hear(&mut self, answer: Answer) {
        match answer {
            Answer::Started { started, pid } => {
                let _ = self.started.remove(&started).map(|waiting| waiting.send(Ok(pid)));
            }
            Answer::Refused { refused, why } => {
                self.ended.remove(&refused);
                let _ = self.started.remove(&refused).map(|waiting| waiting.send(Err(why)));
            }
            Answer::Ended { ended, status, peak_kb } => {
                let _ = self.ended.remove(&ended).map(|waiting| waiting.send(End { status, peak_kb }));
            }
        }
    }
}

impl Forked {
    /// Waits for its end; may be asked again.
    pub(super) async fn wait(&mut self) -> ExitStatus {
        let end = match self.end {
            Some(end) => end,
            // Whoever forked it is gone, and took it along.
            None => (&mut self.ended).await.unwrap_or(End { status: Signal::SIGKILL as i32, peak_kb: 0 }),
        };
        self.end = Some(end);
        ExitStatus::from_raw(end.status)
    }

    /// The most that it had resident, in kilobytes, once it ended.
    pub(super) fn peak_kb(&self) -> u64 {
        self.end.map_or(0, |end| end.peak_kb)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path by which another process opens an end of a pipe of this one.
pub(super) fn end(pipe: &impl AsRawFd) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), pipe.as_raw_fd())
}

fn text(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::Error::other(format!("`{}` is no text", path.display())))
}

fn gone() -> io::Error {
    io::Error::other("the process that forks tasks is gone")
}
