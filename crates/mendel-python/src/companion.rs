//! Finding whoever answers for a workspace: the server of the environment, else the
//! companion, which is started when it does not run.

use std::{
    env, fs, io,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use mendel_api::{ClientError, Credentials};
use mendel_journal::{Workspace, WorkspaceError};

use crate::link::{Link, LinkError};

const LOOK_EVERY: Duration = Duration::from_millis(10);
const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// Why nobody answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReachError {
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("no companion runs, and no `mendel` binary was found to start one")]
    NoBinary,
    #[error("cannot start the companion `{}`", binary.display())]
    Start { binary: PathBuf, source: io::Error },
    #[error("the companion of `{}` did not answer within {} s; its log is `{}`", workspace.display(), within.as_secs(), log.display())]
    Silent { workspace: PathBuf, within: Duration, log: PathBuf },
    #[error("the server at `{address}` does not answer")]
    Unreachable { address: String },
    #[error("whoever answers at `{address}` serves workspace {other}, not this one")]
    WrongStore { address: String, other: String },
}

/// A link to whoever answers for `workspace`.
pub(crate) fn reach(workspace: &Workspace, within: Duration) -> Result<Link, ReachError> {
    workspace.create()?;
    if let Some(link) = told() {
        match answers(&link, workspace) {
            Ok(true) => return Ok(link),
            // A command that ended took its server along; the companion goes on.
            Ok(false) | Err(ReachError::WrongStore { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(link) = serving(workspace)? {
        return match answers(&link, workspace)? {
            true => Ok(link),
            false => Err(ReachError::Unreachable { address: link.address }),
        };
    }
    let link = Link::to(&address(workspace))?;
    if answers(&link, workspace)? {
        return Ok(link);
    }
    start(workspace)?;
    let deadline = Instant::now() + within;
    while Instant::now() < deadline {
        thread::sleep(LOOK_EVERY);
        // The place of the socket may be told only now.
        let link = Link::to(&address(workspace))?;
        if answers(&link, workspace)? {
            return Ok(link);
        }
    }
    let root = workspace.root().to_owned();
    Err(ReachError::Silent { workspace: root, within, log: workspace.companion_log() })
}

/// The binary that serves a workspace: that of the environment, else the one installed
/// with the interpreter `beside`, else the first on the path.
pub(crate) fn binary(beside: Option<&Path>) -> Option<PathBuf> {
    let set = env::var_os("MENDEL_BINARY").filter(|value| !value.is_empty()).map(PathBuf::from);
    let near = beside.and_then(Path::parent).map(|folder| folder.join("mendel"));
    let path = env::var_os("PATH").unwrap_or_default();
    let listed = env::split_paths(&path).map(|folder| folder.join("mendel"));
    set.into_iter().chain(near).chain(listed).find(|file| is_executable(file))
}

fn told() -> Option<Link> {
    let address = env::var("MENDEL_API").ok().filter(|address| !address.is_empty())?;
    Link::to(&address).ok()
}

fn address(workspace: &Workspace) -> String {
    format!("unix:{}", workspace.companion_socket().display())
}

/// A link to the server of the workspace: the one its folder stands for, or one that serves
/// the folder and has said where.
fn serving(workspace: &Workspace) -> Result<Option<Link>, ReachError> {
    if let Some(address) = workspace.server_address() {
        let key = workspace.server_key()?;
        let shown = key.map(|key| Credentials::Key { access_key: key.access_key, secret_key: key.secret_key });
        return Ok(Some(Link::showing(&address, shown.as_ref())?));
    }
    match workspace.running_server() {
        Some(server) => Ok(Some(Link::showing(&server.address, Some(&Credentials::Token(server.token)))?)),
        None => Ok(None),
    }
}

/// Whether the server at `link` is there, and has the store of `workspace`.
fn answers(link: &Link, workspace: &Workspace) -> Result<bool, ReachError> {
    let hello = link.block_on(async { tokio::time::timeout(HELLO_WITHIN, link.client.hello()).await });
    match hello {
        Ok(Ok(hello)) if workspace.is_store(&hello.workspace)? => Ok(true),
        Ok(Ok(hello)) => Err(ReachError::WrongStore { address: link.address.clone(), other: hello.workspace }),
        // It is there and has trouble of its own, which the next question will tell.
        Ok(Err(ClientError::Refused { .. })) => Ok(true),
        Ok(Err(_)) | Err(_) => Ok(false),
    }
}

/// Starts the companion so that it outlives this process and is not its child: a shell
/// puts it into the background and ends. When several start one, one stays.
fn start(workspace: &Workspace) -> Result<(), ReachError> {
    let binary = binary(crate::interpreter()).ok_or(ReachError::NoBinary)?;
    let failed = |source| ReachError::Start { binary: binary.clone(), source };
    let log = fs::OpenOptions::new().create(true).append(true).open(workspace.companion_log()).map_err(failed)?;
    let status = Command::new("/bin/sh")
        .args(["-c", r#"trap '' HUP; "$0" companion --workspace "$1" &"#])
        .arg(&binary)
        .arg(workspace.root())
        .current_dir(workspace.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .status()
        .map_err(failed)?;
    match status.success() {
        true => Ok(()),
        false => Err(failed(io::Error::other(format!("the shell ended with {status}")))),
    }
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}
