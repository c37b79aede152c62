//! A workspace with a server, a project folder, and a supervisor in this process.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use mendel_agent::{
    job::{Job, JobBatch, JobEnvironment, Keep, Launch, Watched, WorkingFolder},
    supervisor::{Command, Ended, Event, Input, run},
};
use mendel_api::{Client, CreateRuns};
use mendel_journal::{Workspace, new_id};
use mendel_model::{Digest, NewRun, Param, Run, RunId, RunRef, StepResult, TaskKind, Timestamp};
use mendel_server::{App, RouterTransport, router, serve_socket};
use mendel_snapshot::{Options, Purpose, StatIndex, snapshot};
use mendel_store::Store;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex, split};

/// Long enough for any machine; a test that waits so long has failed.
const FOREVER: Duration = Duration::from_secs(120);

pub(crate) struct Lab {
    pub(crate) place: tempfile::TempDir,
    pub(crate) client: Client,
    pub(crate) workspace: Workspace,
    api: String,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        fs::create_dir(place.path().join("project")).expect("a folder");
        let workspace = Workspace::named(place.path());
        workspace.create().expect("a workspace");
        let store = Store::open_folder(workspace.root()).await.expect("a store");
        let router = router(App::new(store));
        let client = Client::new(RouterTransport::new(router.clone()));
        let socket = workspace.supervisor_socket(std::process::id());
        workspace.prepare_socket(&socket).expect("a place for the socket");
        let api = format!("unix:{}", socket.display());
        tokio::spawn(async move {
            serve_socket(router, &socket, std::future::pending()).await.expect("served");
        });
        Self { place, client, workspace, api }
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.place.path().join("project")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// A job that runs `script` of the project in place, after its run was made.
    pub(crate) async fn script(&self, script: &str, words: &[&str]) -> Job {
        let launch = Launch::Script { entry: script.to_owned(), path: script.into(), stand_in: None };
        self.job(launch, words).await
    }

    /// A job that runs a command in the project folder.
    pub(crate) async fn command(&self, program: &str, words: &[&str]) -> Job {
        self.job(Launch::Command { program: program.to_owned() }, words).await
    }

    async fn job(&self, launch: Launch, words: &[&str]) -> Job {
        let run = self.new_run().await;
        let root = self.project();
        Job {
            run,
            step: "main".to_owned(),
            parser_settles: matches!(launch, Launch::Script { .. }),
            launch,
            arguments: words.iter().map(|word| (*word).to_owned()).collect(),
            folder: WorkingFolder::InPlace { path: root.clone() },
            starts_in: String::new(),
            manifest: Some(self.snapshot().await),
            root,
            environment: JobEnvironment::default(),
            inputs: None,
            identity: None,
            parser_note: None,
            keep: Keep { monitor: false, ..Keep::default() },
            coretex: false,
            data: Vec::new(),
        }
    }

    pub(crate) async fn new_run(&self) -> RunId {
        let id = RunId::from_uuid(new_id());
        let run = NewRun {
            id,
            name: "run".into(),
            project: "lab".into(),
            kind: TaskKind::Script,
            purpose: Default::default(),
            user: String::new(),
            created: Timestamp(1),
            params: Vec::new(),
            tags: Vec::new(),
            comment: String::new(),
            parent: None,
            script: Default::default(),
            snapshot: None,
            identity: None,
            code: None,
            environment: None,
            reasons: Vec::new(),
            documents: Default::default(),
            owner: None,
        };
        self.client.create_runs(&CreateRuns { runs: vec![run], batch: None }).await.expect("made");
        id
    }

    pub(crate) async fn snapshot(&self) -> Digest {
        let options = Options { purpose: Purpose::Script(PathBuf::new()), git: false, ..Options::default() };
        let taken = snapshot(&self.project(), &options, &mut StatIndex::in_memory()).expect("taken");
        for file in &taken.files {
            self.client.put_blob(&taken.read(&[file]).expect("read")[0]).await.expect("stored");
        }
        let bytes = serde_json::to_vec(&taken.manifest).expect("a manifest");
        self.client.put_blob(&bytes).await.expect("stored")
    }

    pub(crate) fn batch(&self, jobs: Vec<Job>) -> JobBatch {
        JobBatch {
            workspace: self.workspace.root().to_owned(),
            slots: 1,
            fail_fast: false,
            stop_grace: 20,
            watched: Watched::Required,
            package: None,
            binary: "mendel".into(),
            jobs,
        }
    }

    /// Starts a supervisor on this thread; drive it by reading its events.
    pub(crate) fn start(&self, batch: JobBatch) -> Supervised {
        let (ours, theirs) = duplex(1 << 16);
        let (commands, events) = split(theirs);
        let (client, api) = (self.client.clone(), self.api.clone());
        tokio::task::spawn_local(async move { run(batch, Input::new(commands), events, client, &api).await });
        Supervised { pipe: Some(BufReader::new(ours)), seen: Vec::new() }
    }

    /// Runs `job` to its end.
    pub(crate) async fn finish(&self, job: Job) -> Finished {
        let id = job.run;
        let mut supervised = self.start(self.batch(vec![job]));
        let mut ended = supervised.ended().await;
        let ended = ended.remove(&id).expect("it ended");
        Finished { ended, run: self.run(id).await, events: supervised.seen }
    }

    pub(crate) async fn run(&self, id: RunId) -> Run {
        self.client.run(&RunRef::Id(id)).await.expect("asked").expect("a run")
    }

    pub(crate) async fn console(&self, id: RunId) -> Vec<String> {
        let page = self.client.console(id, 0, 10_000).await.expect("asked");
        page.lines.into_iter().map(|line| line.text).collect()
    }

    pub(crate) async fn result(&self, id: RunId) -> Option<StepResult> {
        self.client.result_of(id).await.expect("asked")
    }
}

/// A job that ended.
pub(crate) struct Finished {
    pub(crate) ended: Ended,
    pub(crate) run: Run,
    pub(crate) events: Vec<Event>,
}

/// A supervisor that works.
pub(crate) struct Supervised {
    pipe: Option<BufReader<DuplexStream>>,
    pub(crate) seen: Vec<Event>,
}

impl Supervised {
    pub(crate) async fn next(&mut self) -> Event {
        let mut line = String::new();
        let pipe = self.pipe.as_mut().expect("still watched");
        tokio::time::timeout(FOREVER, pipe.read_line(&mut line)).await.expect("in time").expect("read");
        let event: Event = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: `{line}`"));
        self.seen.push(event.clone());
        event
    }

    /// Waits for an event of which `wanted` makes something.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.next().await) {
                return found;
            }
        }
    }

    /// Waits for the console line `text`.
    pub(crate) async fn line(&mut self, text: &str) {
        self.until(|event| matches!(event, Event::Line { text: line, .. } if line == text).then_some(())).await;
    }

    pub(crate) async fn tell(&mut self, command: Command) {
        let line = serde_json::to_string(&command).expect("a command") + "\n";
        self.pipe.as_mut().expect("still watched").write_all(line.as_bytes()).await.expect("told");
    }

    /// Goes away.
    pub(crate) fn leave(&mut self) {
        self.pipe = None;
    }

    /// How every job ended, once all did.
    pub(crate) async fn ended(&mut self) -> HashMap<RunId, Ended> {
        self.until(|event| matches!(event, Event::Done).then_some(())).await;
        let ended = self.seen.iter().filter_map(|event| match event {
            Event::Ended(ended) => Some((ended.run, ended.clone())),
            _ => None,
        });
        ended.collect()
    }
}

/// Runs a test on one thread, where supervisors may be started.
pub(crate) fn alone(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

pub(crate) fn value<'a>(params: &'a [Param], name: &str) -> &'a serde_json::Value {
    &params.iter().find(|param| param.name == name).unwrap_or_else(|| panic!("no {name}")).value
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("readable")
}
