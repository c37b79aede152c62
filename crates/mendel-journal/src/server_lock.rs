//! The lock by which one server at a time serves a workspace, and the file in which it says
//! where it listens.
//!
//! The file is for this user alone: the token in it makes its reader the owner. A server that
//! was killed leaves the file, and its lock is gone; then there is no server.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{Workspace, WorkspaceError};

/// Somebody who asks whether a server runs holds the lock for a moment.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(25);

/// A server that serves a workspace.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningServer {
    /// Where it listens: `http://127.0.0.1:8008`.
    pub address: String,
    /// Makes whoever shows it the owner of the workspace.
    pub token: String,
    /// Its process.
    pub pid: u32,
}

impl std::fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunningServer").field("address", &self.address).field("pid", &self.pid).finish_non_exhaustive()
    }
}

/// The right to serve a workspace; given back when dropped or when the process ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
    place: PathBuf,
}

/// What became of the wish to serve.
#[derive(Debug)]
pub enum Claim {
    /// It may.
    Taken(ServerLock),
    /// Another one serves; where, if it has said so.
    Held(Option<RunningServer>),
}

impl Workspace {
    /// Claims the right to serve this workspace.
    pub fn claim_server(&self) -> Result<Claim, WorkspaceError> {
        let path = self.root().join("server.lock");
        let unusable = |source| WorkspaceError::Unusable { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unusable)?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => {
                    let place = self.server_file();
                    remove(&place).map_err(unusable)?;
                    return Ok(Claim::Taken(ServerLock { _file: file, place }));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
                Err(TryLockError::Error(source)) => return Err(unusable(source)),
            }
        }
        Ok(Claim::Held(self.told_server()))
    }

    /// The server that serves this workspace now; none when there is none.
    pub fn running_server(&self) -> Option<RunningServer> {
        let told = self.told_server()?;
        let file = File::open(self.root().join("server.lock")).ok()?;
        match file.try_lock_shared() {
            Ok(()) | Err(TryLockError::Error(_)) => None,
            Err(TryLockError::WouldBlock) => Some(told),
        }
    }

    fn told_server(&self) -> Option<RunningServer> {
        serde_json::from_slice(&fs::read(self.server_file()).ok()?).ok()
    }

    /// Where a server says that it listens.
    fn server_file(&self) -> PathBuf {
        self.root().join("server.json")
    }
}

impl ServerLock {
    /// Says where the server listens.
    pub fn announce(&self, server: &RunningServer) -> io::Result<()> {
        let fresh = self.place.with_extension("new");
        remove(&fresh)?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(server).expect("three plain fields"))?;
        fs::rename(&fresh, &self.place)
    }
}

impl Drop for ServerLock {
    fn drop(&mut self) {
        // What is left behind says nothing without the lock.
        let _left = remove(&self.place);
    }
}

fn remove(path: &std::path::Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_server_serves_and_says_where_to_its_user_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::named(place.path());
        workspace.create().expect("made");
        let Claim::Taken(lock) = workspace.claim_server().expect("possible") else { panic!("free") };
        assert_eq!(workspace.running_server(), None, "it does not listen yet");
        let server = RunningServer { address: "http://127.0.0.1:1".into(), token: "t".into(), pid: 7 };
        lock.announce(&server).expect("said");
        let mode = fs::metadata(workspace.root().join("server.json")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(workspace.running_server(), Some(server.clone()));
        assert!(matches!(workspace.claim_server().expect("possible"), Claim::Held(Some(held)) if held == server));
        drop(lock);
        assert_eq!(workspace.running_server(), None);
        assert!(matches!(workspace.claim_server().expect("possible"), Claim::Taken(_)));
    }

    #[test]
    fn what_a_killed_server_left_is_no_server() {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::named(place.path());
        workspace.create().expect("made");
        fs::write(workspace.root().join("server.lock"), "").expect("written");
        fs::write(workspace.server_file(), r#"{"address":"http://127.0.0.1:1","token":"t","pid":7}"#).expect("written");
        assert_eq!(workspace.running_server(), None);
    }
}
