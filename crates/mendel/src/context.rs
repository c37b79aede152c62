//! What every command stands on: the workspace, opened, and a client that answers itself.
//!
//! Opening looks for runs whose process is gone and journals nobody will deliver, so that
//! whoever comes next finds nothing missing and nothing left `running`.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mendel_api::{BadAddress, Client, ClientError, Credentials, RunQuery};
use mendel_journal::{Surroundings, Workspace, WorkspaceError};
use mendel_model::{Run, RunRef, Status, Timestamp};
use mendel_server::{App, RouterTransport};
use mendel_store::{Store, StoreError};

use crate::{
    arguments::Global,
    exit::{Failure, told},
};

/// An open workspace.
pub struct Context {
    /// Its folder and paths.
    pub workspace: Workspace,
    /// Asks and changes; the router runs in this process, or in that of a server.
    pub client: Client,
    /// The router itself, to be served on a socket.
    pub router: axum::Router,
}

impl Context {
    /// Opens the workspace that serves `start`, making it where there is none.
    pub async fn open(global: &Global, start: &Path) -> Result<Self, Failure> {
        Self::of(find(global, start)?).await
    }

    /// Opens the workspace that serves the present folder.
    pub async fn here(global: &Global) -> Result<Self, Failure> {
        Self::open(global, &present_folder()?).await
    }

    /// Opens `workspace` and brings in what earlier processes left.
    pub async fn of(workspace: Workspace) -> Result<Self, Failure> {
        let context = Self::bare(workspace).await?;
        let running = RunQuery { status: vec![Status::Running], ..RunQuery::default() };
        let running = context.client.all_runs(&running).await?;
        mendel_agent::recover(&context.workspace, &context.client, &running).await?;
        Ok(context)
    }

    /// Opens `workspace` without looking for what others left.
    pub async fn bare(workspace: Workspace) -> Result<Self, Failure> {
        let id = workspace.create()?;
        if let Some(server) = workspace.running_server() {
            let address = server.address.parse().map_err(|error: BadAddress| Failure::trouble(told(&error)))?;
            let client = Client::server(&address, Some(&Credentials::Token(server.token)));
            return Ok(Self { workspace, router: mendel_server::forward_to(client.clone()), client });
        }
        let store = Store::open_folder(workspace.root()).await?;
        let router = mendel_server::router(App::new(store).of_workspace(&id));
        let client = Client::new(RouterTransport::new(router.clone()));
        Ok(Self { workspace, client, router })
    }

    /// Where the server of the workspace listens, when there is one.
    pub fn address(&self) -> Option<String> {
        self.workspace.running_server().map(|server| server.address)
    }

    /// The run that `reference` names.
    pub async fn run(&self, reference: &str) -> Result<Run, Failure> {
        let unknown = || {
            Failure::input_hint(
                format!("there is no run `{reference}`"),
                "`mendel runs` lists them; a run is named by id, its first or last digits, or `@7`",
            )
        };
        let parsed: RunRef = reference.parse().map_err(|_| unknown())?;
        self.client.run(&parsed).await?.ok_or_else(unknown)
    }
}

/// The workspace that serves `start`, found or yet to be made.
pub fn find(global: &Global, start: &Path) -> Result<Workspace, Failure> {
    if let Some(address) = global.workspace.as_deref().filter(|address| address.contains("://")) {
        return Err(Failure::input_hint(
            format!("workspace `{address}` is an address, and this version works on folders"),
            "give a folder with `--workspace DIR` or MENDEL_WORKSPACE",
        ));
    }
    let explicit = global.workspace.as_deref().map(Path::new);
    Ok(Workspace::find(start, explicit, &Surroundings::of_this_process()))
}

/// The folder the command was started in.
pub fn present_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| Failure::trouble(format!("the present folder cannot be told: {error}")))
}

/// The time now, by this machine's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        Self::trouble(told(&error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = told(&error);
        match error {
            StoreError::ReadOnly(_) => {
                Self::trouble_hint(message, "see whether its disk is mounted read-only and who owns its folder")
            }
            StoreError::Full(_) => Self::trouble_hint(message, "free some space and run again"),
            StoreError::Newer { .. } => Self::trouble_hint(message, "update mendel to the version that wrote it"),
            _ => Self::trouble(message),
        }
    }
}

impl From<ClientError> for Failure {
    /// What the interface refuses as not valid is bad input; anything else is trouble.
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused { status, message, hint, .. } => match status {
                400 | 404 | 409 | 413 | 422 => Self::Input { message, hint },
                _ => Self::Trouble { message, hint },
            },
            other => Self::trouble(told(&other)),
        }
    }
}
