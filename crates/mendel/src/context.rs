//! What every command stands on: the workspace, opened, and a client that answers itself.
//!
//! Opening looks for runs whose process is gone and journals nobody will deliver, so that
//! whoever comes next finds nothing missing and nothing left `running`.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mendel_api::{BadAddress, Client, ClientError, Credentials, RunQuery, ServerAddress};
use mendel_journal::{Surroundings, Workspace, WorkspaceError, leftover};
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
        let mut running = RunQuery { status: vec![Status::Running], ..RunQuery::default() };
        if context.workspace.server_address().is_some() {
            // Of all that runs on a server, only what was reported from here is ours to close.
            let left = leftover(&context.workspace).unwrap_or_default();
            running.ids = left.iter().map(|journal| journal.run).collect();
            if running.ids.is_empty() {
                return Ok(context);
            }
        }
        let running = context.client.all_runs(&running).await?;
        mendel_agent::recover(&context.workspace, &context.client, &running).await?;
        Ok(context)
    }

    /// Opens `workspace` without looking for what others left.
    pub async fn bare(workspace: Workspace) -> Result<Self, Failure> {
        if let Some(address) = workspace.server_address() {
            return Self::on_server(workspace, &address).await;
        }
        let id = workspace.create()?;
        if let Some(server) = workspace.running_server() {
            let client = Client::server(&read(&server.address)?, Some(&Credentials::Token(server.token)));
            return Ok(Self::asking(workspace, client));
        }
        let store = Store::open_folder(workspace.root()).await?;
        let router = mendel_server::router(App::new(store).of_workspace(&id));
        let client = Client::new(RouterTransport::new(router.clone()));
        Ok(Self { workspace, client, router })
    }

    async fn on_server(workspace: Workspace, address: &str) -> Result<Self, Failure> {
        let key = workspace.server_key()?.ok_or_else(|| {
            Failure::trouble_hint(
                format!("there is no key for `{address}`"),
                format!("`mendel login {address}` keeps one"),
            )
        })?;
        let credentials = Credentials::Key { access_key: key.access_key, secret_key: key.secret_key };
        let client = Client::server(&read(address)?, Some(&credentials));
        workspace.create()?;
        if !workspace.is_store(&client.hello().await?.workspace)? {
            return Err(Failure::trouble_hint(
                format!("wrong_store: another store answers at `{address}` than before"),
                format!("what waits in `{}` was kept", workspace.root().display()),
            ));
        }
        Ok(Self::asking(workspace, client))
    }

    fn asking(workspace: Workspace, client: Client) -> Self {
        Self { workspace, router: mendel_server::forward_to(client.clone()), client }
    }

    /// Where the server of the workspace listens, when there is one.
    pub fn address(&self) -> Option<String> {
        let running = || self.workspace.running_server().map(|server| server.address);
        self.workspace.server_address().or_else(running)
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
    let explicit = global.workspace.as_deref().map(Path::new);
    Ok(Workspace::find(start, explicit, &Surroundings::of_this_process()))
}

fn read(address: &str) -> Result<ServerAddress, Failure> {
    address.parse().map_err(|error: BadAddress| Failure::input(error.to_string()))
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
