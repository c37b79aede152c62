//! The folder that stands for a workspace on a server: journals wait in it, and the key for
//! the server lies in it, for this user alone.
//!
//! Its place is told by the server's address and tells it, so nothing is looked up. It has an
//! identity of its own; beside it, that of the store that answered first is kept, so that
//! another server at the same address gets no journal.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Surroundings, Workspace, WorkspaceError};

const SERVERS: &str = "servers";
const FOLDER: &str = ".mendel";

/// A key pair for a server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerKey {
    /// The public half.
    pub access_key: String,
    /// The other half.
    pub secret_key: String,
}

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerKey").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

impl Workspace {
    /// The folder that stands for the server at `address`.
    pub fn of_server(address: &str, surroundings: &Surroundings) -> Self {
        let name = folder_name(address.trim().trim_end_matches('/'));
        Self::at(surroundings.home.join(SERVERS).join(name).join(FOLDER))
    }

    /// The address of the server that this folder stands for; none for a workspace that is one.
    pub fn server_address(&self) -> Option<String> {
        let place = self.root().parent()?;
        let below = place.parent()?.file_name()?;
        (below == SERVERS).then(|| address_of(place.file_name()?.to_str()?)).flatten()
    }

    /// The key to show to that server: that of the environment, else the one kept here, else
    /// the one that clients of ClearML or Trains are set up with.
    pub fn server_key(&self) -> Result<Option<ServerKey>, WorkspaceError> {
        if let Some(key) = key_of_environment("MENDEL") {
            return Ok(Some(key));
        }
        let path = self.key_file();
        let unusable = |source| WorkspaceError::Unusable { path: path.clone(), source };
        match fs::read(&path) {
            Ok(bytes) => {
                let bad = |error: serde_json::Error| WorkspaceError::BadIdentity {
                    path: path.clone(),
                    why: error.to_string(),
                };
                serde_json::from_slice(&bytes).map(Some).map_err(bad)
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(error)),
            Err(_) => Ok(key_of_environment("CLEARML").or_else(|| key_of_environment("TRAINS"))),
        }
    }

    /// Keeps the key for the server, for this user alone.
    pub fn keep_server_key(&self, key: &ServerKey) -> Result<(), WorkspaceError> {
        let path = self.key_file();
        let unusable = |source| WorkspaceError::Unusable { path: path.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(self.root()).map_err(unusable)?;
        write_private(&path, &serde_json::to_vec(key).expect("two plain fields")).map_err(unusable)
    }

    /// Whether the store called `id` is the one that this folder's journals belong to: for a
    /// workspace itself its own, for one on a server the first that answered.
    pub fn is_store(&self, id: &str) -> Result<bool, WorkspaceError> {
        if id.is_empty() {
            return Ok(true);
        }
        if self.server_address().is_none() {
            return Ok(self.create()? == id);
        }
        let path = self.root().join("store");
        let unusable = |source| WorkspaceError::Unusable { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Ok(known) => Ok(known == id),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unusable(error)),
            Err(_) => {
                fs::create_dir_all(self.root()).map_err(unusable)?;
                write_private(&path, id.as_bytes()).map_err(unusable)?;
                Ok(true)
            }
        }
    }

    fn key_file(&self) -> PathBuf {
        self.root().join("key.json")
    }
}

fn key_of_environment(family: &str) -> Option<ServerKey> {
    let set = |name: &str| env::var(format!("{family}_API_{name}")).ok().filter(|value| !value.is_empty());
    Some(ServerKey { access_key: set("ACCESS_KEY")?, secret_key: set("SECRET_KEY")? })
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    fs::rename(&fresh, path)
}

/// An address as the name of a folder: `http://lab:8008` is `http+lab+8008`.
fn folder_name(address: &str) -> String {
    address.replacen("://", "+", 1).chars().map(|own| if own == ':' { '+' } else { own }).collect()
}

fn address_of(name: &str) -> Option<String> {
    let (scheme, rest) = name.split_once('+')?;
    let is_address = matches!(scheme, "http" | "https") && !rest.is_empty();
    is_address.then(|| match rest.rsplit_once('+') {
        // Within brackets every `+` stands for a colon of the address itself.
        Some((host, port)) if !port.contains(']') => format!("{scheme}://{}:{port}", host.replace('+', ":")),
        _ => format!("{scheme}://{}", rest.replace('+', ":")),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn workspace(address: &str, home: &Path) -> Workspace {
        Workspace::of_server(address, &Surroundings { workspace: None, home: home.to_owned() })
    }

    #[test]
    fn the_place_of_a_folder_tells_its_server() {
        for address in ["http://lab:8008", "http://127.0.0.1:9", "http://[::1]:9", "https://lab.example"] {
            let found = workspace(address, Path::new("/home/x"));
            assert_eq!(found.server_address().as_deref(), Some(address));
            assert_eq!(Workspace::at(found.root()).server_address().as_deref(), Some(address));
        }
        assert_eq!(workspace("http://lab:1/", Path::new("/h")), workspace("http://lab:1", Path::new("/h")));
        assert_eq!(Workspace::at("/home/x/.mendel").server_address(), None);
        assert_eq!(Workspace::at("/home/servers/x/.mendel").server_address(), None);
    }

    #[test]
    fn a_key_is_kept_for_its_user_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = workspace("http://lab:1", place.path());
        let key = ServerKey { access_key: "A".into(), secret_key: "s3cret".into() };
        workspace.keep_server_key(&key).expect("kept");
        assert_eq!(workspace.server_key().expect("read"), Some(key.clone()));
        assert_eq!(fs::metadata(workspace.key_file()).expect("a file").permissions().mode() & 0o777, 0o600);
        assert!(!format!("{key:?}").contains("s3cret"));
    }

    #[test]
    fn f38_another_store_at_the_same_address_is_another() {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = workspace("http://lab:1", place.path());
        assert!(workspace.is_store("one").expect("kept"));
        assert!(workspace.is_store("one").expect("known"));
        assert!(!workspace.is_store("two").expect("known"));
    }
}
