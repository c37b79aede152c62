//! A supervisor in a process of its own: this program is test and supervisor alike, as the
//! `mendel` binary is command and supervisor.

use std::{fs, path::Path, time::Duration};

use mendel_agent::{
    job::{Job, JobBatch, JobEnvironment, Keep, Launch, Watched, WorkingFolder},
    recover,
    supervisor::{Event, Input, WatchError, Watcher, run, start},
};
use mendel_api::{Client, CreateRuns};
use mendel_journal::{Workspace, new_id, owner_of};
use mendel_model::{NewRun, Run, RunId, RunRef, Status, Timestamp};
use mendel_server::{App, RouterTransport, router, serve_socket};
use mendel_store::Store;

const SLEEPER: &str = "import os, time\nprint(os.getpid())\ntime.sleep(600)\n";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match std::env::args().nth(1).as_deref() {
        Some("supervise") => runtime.block_on(supervise()),
        Some("--list") => println!("process: test"),
        _ => {
            runtime.block_on(a_batch_is_executed_and_everything_is_told());
            runtime.block_on(m4_f11_the_children_of_a_killed_supervisor_die_and_their_runs_are_recovered());
            runtime.block_on(f08_a_supervisor_whose_watcher_is_gone_stops_its_children_and_ends());
            println!("3 passed");
        }
    }
}

/// What the binary does for its hidden command.
async fn supervise() {
    let mut input = Input::from_stdin().expect("a pipe");
    let batch = input.batch().await.expect("a batch");
    let workspace = Workspace::at(&batch.workspace);
    let router = router(App::new(Store::open_folder(workspace.root()).await.expect("a store")));
    let socket = workspace.supervisor_socket(std::process::id());
    workspace.prepare_socket(&socket).expect("a place");
    let api = format!("unix:{}", socket.display());
    let served = router.clone();
    tokio::spawn(async move { serve_socket(served, &socket, std::future::pending()).await });
    run(batch, input, tokio::io::stdout(), Client::new(RouterTransport::new(router)), &api).await;
}

struct Place {
    folder: tempfile::TempDir,
    workspace: Workspace,
    client: Client,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::named(folder.path());
        workspace.create().expect("a workspace");
        let store = Store::open_folder(workspace.root()).await.expect("a store");
        let client = Client::new(RouterTransport::new(router(App::new(store))));
        Self { folder, workspace, client }
    }

    async fn start(&self, script: &str) -> (RunId, Watcher) {
        fs::write(self.folder.path().join("train.py"), script).expect("written");
        let id = RunId::from_uuid(new_id());
        let new: NewRun = serde_json::from_value(serde_json::json!({
            "id": id, "name": "run", "project": "lab", "created": Timestamp(1),
        }))
        .expect("a run");
        self.client.create_runs(&CreateRuns { runs: vec![new], batch: None }).await.expect("made");
        let batch = batch(self.folder.path(), &self.workspace, id);
        let own = std::env::current_exe().expect("this program");
        (id, start(&own, &batch).await.expect("started"))
    }

    async fn run(&self, id: RunId) -> Run {
        self.client.run(&RunRef::Id(id)).await.expect("asked").expect("a run")
    }

    async fn closed(&self, id: RunId) -> Run {
        loop {
            let run = self.run(id).await;
            if run.status.is_terminal() {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn batch(root: &Path, workspace: &Workspace, run: RunId) -> JobBatch {
    let job = Job {
        run,
        step: "main".into(),
        launch: Launch::Script { entry: "train.py".into(), path: "train.py".into(), stand_in: None },
        arguments: Vec::new(),
        root: root.to_owned(),
        folder: WorkingFolder::InPlace { path: root.to_owned() },
        starts_in: String::new(),
        manifest: None,
        environment: JobEnvironment::default(),
        inputs: None,
        identity: None,
        parser_settles: true,
        parser_note: None,
        keep: Keep::default(),
        coretex: false,
        data: Vec::new(),
    };
    JobBatch {
        workspace: workspace.root().to_owned(),
        slots: 1,
        fail_fast: false,
        stop_grace: 20,
        watched: Watched::Required,
        package: None,
        binary: "mendel".into(),
        jobs: vec![job],
    }
}

async fn first_line(watcher: &mut Watcher) -> String {
    loop {
        let event = watcher.next().await.expect("told").expect("not the end");
        if let Event::Line { text, whole: true, .. } = event {
            return text;
        }
    }
}

async fn gone(pid: u32) {
    while owner_of(pid).is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_batch_is_executed_and_everything_is_told() {
    let place = Place::new().await;
    let (id, mut watcher) = place.start("print('hello')\n").await;
    let mut events = Vec::new();
    while let Some(event) = watcher.next().await.expect("told") {
        events.push(event);
    }
    assert!(matches!(&events[0], Event::Started { run, attempt: 1, .. } if *run == id), "{events:?}");
    assert!(events.iter().any(|event| matches!(event, Event::Line { text, .. } if text == "hello")));
    assert!(matches!(events.last(), Some(Event::Ended(ended)) if ended.status == Status::Completed), "{events:?}");
    assert_eq!(place.run(id).await.status, Status::Completed);
    assert!(watcher.next().await.expect("told").is_none());
}

async fn m4_f11_the_children_of_a_killed_supervisor_die_and_their_runs_are_recovered() {
    let place = Place::new().await;
    let (id, mut watcher) = place.start(SLEEPER).await;
    let child: u32 = first_line(&mut watcher).await.parse().expect("a process id");
    while place.client.console(id, 0, 10).await.expect("asked").lines.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let supervisor = i32::try_from(watcher.pid().expect("it runs")).expect("a process id");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(supervisor), nix::sys::signal::Signal::SIGKILL).expect("killed");

    let ended = loop {
        match watcher.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it cannot have finished"),
            Err(error) => break error,
        }
    };
    assert!(matches!(ended, WatchError::Ended { .. }), "{ended}");
    gone(child).await;
    let open = [place.run(id).await];
    assert_eq!(open[0].status, Status::Running);
    recover(&place.workspace, &place.client, &open).await.expect("recovered");
    let run = place.run(id).await;
    assert_eq!((run.status, run.status_reason.as_str()), (Status::Failed, "worker_lost"));
    let console = place.client.console(id, 0, 10).await.expect("asked").lines;
    assert_eq!(console[0].text, child.to_string());
}

async fn f08_a_supervisor_whose_watcher_is_gone_stops_its_children_and_ends() {
    let place = Place::new().await;
    let (id, mut watcher) = place.start(SLEEPER).await;
    let child: u32 = first_line(&mut watcher).await.parse().expect("a process id");
    let supervisor = watcher.pid().expect("it runs");
    drop(watcher);
    let run = place.closed(id).await;
    assert_eq!((run.status, run.status_reason.as_str()), (Status::Stopped, "client_lost"));
    gone(child).await;
    gone(supervisor).await;
}
