//! A workspace folder (`.mendel`): how it is found, and where everything in it lies.
//!
//! The search is written once, here, for command line and Python alike. Nothing is
//! created by looking.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
};

use mendel_model::{Digest, RunId, WriterId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const FOLDER: &str = ".mendel";
const FORMAT: u32 = 1;
/// A Unix socket's path has to fit into 108 bytes, its end included.
const SOCKET_PATH_BYTES: usize = 100;

/// A workspace folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
}

/// What of the environment takes part in the search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// `MENDEL_WORKSPACE`.
    pub workspace: Option<PathBuf>,
    /// `MENDEL_HOME`, else the user's data folder for Mendel.
    pub home: PathBuf,
}

/// Why a workspace cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The folder or a file in it cannot be read or made.
    #[error("cannot use workspace `{}`", path.display())]
    Unusable {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `workspace.json` is not one.
    #[error("`{}` is not the identity of a workspace: {why}", path.display())]
    BadIdentity {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A newer program made it.
    #[error("workspace `{}` has format {format}, newer than this program knows", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The format it says.
        format: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Identity {
    format: u32,
    id: String,
}

/// A fresh id (UUIDv7) of 32 hexadecimal digits, for a run, writer, batch or model.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

impl Surroundings {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let data = || {
            let user = set("HOME").unwrap_or_else(env::temp_dir);
            set("XDG_DATA_HOME").unwrap_or_else(|| user.join(".local/share")).join("mendel")
        };
        Self { workspace: set("MENDEL_WORKSPACE"), home: set("MENDEL_HOME").unwrap_or_else(data) }
    }
}

impl Workspace {
    /// The workspace at `root`, which is the `.mendel` folder itself.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The workspace that `folder` names: a `.mendel` folder, or one that holds or will hold it.
    pub fn named(folder: &Path) -> Self {
        let itself = folder.file_name().is_some_and(|name| name == FOLDER) || folder.join("workspace.json").is_file();
        Self::at(if itself { folder.to_owned() } else { folder.join(FOLDER) })
    }

    /// The workspace for work in `start`: the explicit one, be it a folder or a server's address, else that of the environment,
    /// else the nearest upwards, else beside the project file, else the user's own.
    pub fn find(start: &Path, explicit: Option<&Path>, surroundings: &Surroundings) -> Self {
        let start = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
        if let Some(folder) = explicit.or(surroundings.workspace.as_deref()) {
            if let Some(address) = folder.to_str().filter(|folder| folder.contains("://")) {
                return Self::of_server(address, surroundings);
            }
            return Self::named(&start.join(folder));
        }
        let upwards = || start.ancestors();
        let holds = |names: &[&str], folder: &Path| names.iter().any(|name| folder.join(name).is_file());
        let nearest = upwards().find(|folder| folder.join(FOLDER).is_dir());
        let beside = nearest
            .or_else(|| upwards().find(|folder| holds(&["mendel.toml"], folder)))
            .or_else(|| upwards().find(|folder| holds(&["task.yaml", "task.yml"], folder)));
        Self::at(beside.unwrap_or(&surroundings.home).join(FOLDER))
    }

    /// The folder of this workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it was made.
    pub fn exists(&self) -> bool {
        self.identity_file().is_file()
    }

    /// Makes the folder and its identity, unless they exist; returns the identity.
    pub fn create(&self) -> Result<String, WorkspaceError> {
        if self.exists() {
            return self.id();
        }
        let file = self.identity_file();
        let unusable = |source| WorkspaceError::Unusable { path: file.clone(), source };
        fs::create_dir_all(&self.root).map_err(unusable)?;
        let fresh = new_id().as_simple().to_string();
        let identity = Identity { format: FORMAT, id: fresh.clone() };
        let text = serde_json::to_string(&identity).expect("two plain fields");
        let partial = self.root.join(format!(".workspace-{fresh}"));
        let written = write_durable(&partial, text.as_bytes()).and_then(|()| match fs::hard_link(&partial, &file) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::File::open(&self.root)?.sync_all(),
        });
        let removed = fs::remove_file(&partial);
        written.and(removed).map_err(unusable)?;
        self.id()
    }

    /// The identity of this workspace.
    pub fn id(&self) -> Result<String, WorkspaceError> {
        let path = self.identity_file();
        let text = fs::read(&path).map_err(|source| WorkspaceError::Unusable { path: path.clone(), source })?;
        let identity: Identity = serde_json::from_slice(&text)
            .map_err(|error| WorkspaceError::BadIdentity { path: path.clone(), why: error.to_string() })?;
        match identity.format {
            FORMAT => Ok(identity.id),
            format => Err(WorkspaceError::Newer { path, format }),
        }
    }

    /// `workspace.json`.
    pub fn identity_file(&self) -> PathBuf {
        self.root.join("workspace.json")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.root.join("mendel.db")
    }

    /// The folder of blobs.
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Where the blob of that digest lies, if it is here.
    pub fn blob(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.blobs().join(&name[..2]).join(name)
    }

    /// The folder of all journals.
    pub fn journals(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// The journal folder of one writer of a run.
    pub fn journal(&self, run: RunId, writer: WriterId) -> PathBuf {
        self.journals().join(run.to_string()).join(writer.to_string())
    }

    /// The folder of marks and observations of a run.
    pub fn run(&self, run: RunId) -> PathBuf {
        self.root.join("runs").join(run.to_string())
    }

    /// The private folder in which a run may work.
    pub fn work(&self, run: RunId) -> PathBuf {
        self.run(run).join("work")
    }

    /// What the worker of a run observed.
    pub fn observed(&self, run: RunId) -> PathBuf {
        self.run(run).join("observed.jsonl")
    }

    /// The folder of environments of user code.
    pub fn environments(&self) -> PathBuf {
        self.root.join("environments")
    }

    /// One environment, by its key.
    pub fn environment(&self, key: &str) -> PathBuf {
        self.environments().join(key)
    }

    /// The stat index of snapshots.
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// What may be made again at any time.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The lock that one companion holds.
    pub fn companion_lock(&self) -> PathBuf {
        self.root.join("companion.lock")
    }

    /// What companion and writers had to say when nobody listened.
    pub fn companion_log(&self) -> PathBuf {
        self.root.join("companion.log")
    }

    /// The socket of the companion.
    pub fn companion_socket(&self) -> PathBuf {
        let told = fs::read(self.root.join("companion.path")).ok();
        let told = told.map(|bytes| PathBuf::from(String::from_utf8_lossy(&bytes).trim()));
        told.filter(|path| path.is_absolute()).unwrap_or_else(|| self.socket("companion.sock"))
    }

    /// The socket of the supervisor with that process id.
    pub fn supervisor_socket(&self, pid: u32) -> PathBuf {
        self.socket(&format!("runs/{pid}.sock"))
    }

    /// Makes the folder of `socket`; one outside the workspace is private to the user, and
    /// its place is written where the others look.
    pub fn prepare_socket(&self, socket: &Path) -> Result<(), WorkspaceError> {
        let folder = socket.parent().unwrap_or(&self.root);
        let unusable = |source| WorkspaceError::Unusable { path: folder.to_owned(), source };
        if folder.starts_with(&self.root) {
            return fs::create_dir_all(folder).map_err(unusable);
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(unusable)?;
        let facts = fs::symlink_metadata(folder).map_err(unusable)?;
        if !facts.is_dir() || facts.uid() != nix::unistd::geteuid().as_raw() || facts.mode() & 0o077 != 0 {
            return Err(unusable(io::Error::other("the folder is not private to this user")));
        }
        if socket.file_name().is_some_and(|name| name == "companion.sock") {
            fs::write(self.root.join("companion.path"), socket.as_os_str().as_bytes()).map_err(unusable)?;
        }
        Ok(())
    }

    fn socket(&self, name: &str) -> PathBuf {
        let near = self.root.join(name);
        if near.as_os_str().len() < SOCKET_PATH_BYTES {
            return near;
        }
        let place = Digest::of(self.root.as_os_str().as_bytes()).to_string();
        let user = nix::unistd::geteuid();
        let file = Path::new(name).file_name().expect("every socket has a name");
        env::temp_dir().join(format!("mendel-{user}-{}", &place[..16])).join(file)
    }
}

fn write_durable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(start: &Path, explicit: Option<&Path>, surroundings: &Surroundings) -> PathBuf {
        Workspace::find(start, explicit, surroundings).root().to_owned()
    }

    #[test]
    fn the_search_goes_from_the_explicit_to_the_users_own() {
        let place = tempfile::tempdir().expect("a folder");
        let (project, inner) = (place.path().join("project"), place.path().join("project/task"));
        fs::create_dir_all(&inner).expect("folders");
        let mut surroundings = Surroundings { workspace: None, home: place.path().join("home") };

        assert_eq!(found(&inner, None, &surroundings), place.path().join("home/.mendel"));
        fs::write(inner.join("task.yml"), "").expect("a file");
        assert_eq!(found(&inner, None, &surroundings), inner.join(".mendel"));
        fs::write(project.join("mendel.toml"), "").expect("a file");
        assert_eq!(found(&inner, None, &surroundings), project.join(".mendel"));
        fs::create_dir(place.path().join(".mendel")).expect("a folder");
        assert_eq!(found(&inner, None, &surroundings), place.path().join(".mendel"));
        surroundings.workspace = Some(place.path().join("named"));
        assert_eq!(found(&inner, None, &surroundings), place.path().join("named/.mendel"));
        let explicit = Some(Path::new("x/.mendel"));
        assert_eq!(found(&inner, explicit, &surroundings), inner.join("x/.mendel"));
    }

    #[test]
    fn an_identity_is_made_once() {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::named(place.path());
        let first = workspace.create().expect("a workspace");
        assert_eq!(workspace.create().expect("the same"), first);
        assert_eq!(first.len(), 32);
        assert_eq!(fs::read_dir(workspace.root()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_newer_workspace_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::named(place.path());
        workspace.create().expect("a workspace");
        fs::write(workspace.identity_file(), r#"{"format":2,"id":"x"}"#).expect("written");
        assert!(matches!(workspace.create(), Err(WorkspaceError::Newer { format: 2, .. })));
    }

    #[test]
    fn a_socket_of_a_deep_workspace_lies_in_a_private_folder_that_is_told() {
        let place = tempfile::tempdir().expect("a folder");
        let deep = place.path().join("d".repeat(120));
        let workspace = Workspace::named(&deep);
        workspace.create().expect("a workspace");
        let socket = workspace.companion_socket();
        assert!(socket.as_os_str().len() < SOCKET_PATH_BYTES);
        workspace.prepare_socket(&socket).expect("a folder");
        assert_eq!(workspace.companion_socket(), socket);
        fs::remove_dir_all(socket.parent().expect("its folder")).expect("removed");
    }
}
