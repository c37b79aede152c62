//! Listening on a Unix socket: only the owner may connect, a file that a dead server left
//! is replaced, a living server is not.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Notify,
};

use crate::connections::Connections;

/// How long requests in progress may take once the server is to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves `router` on a socket at `path` until `shutdown` completes and the requests that
/// are in progress then are answered.
pub async fn serve_socket(
    router: Router,
    path: &Path,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (listener, _file) = listen(path).await?;
    serve(router, Connections::new(listener), shutdown).await
}

/// Serves `router` on connections that are accepted already.
pub(crate) async fn serve(
    router: Router,
    connections: Connections,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let ending = Arc::new(Notify::new());
    let told = Arc::clone(&ending);
    let shutdown = async move {
        shutdown.await;
        told.notify_one();
    };
    let serving = axum::serve(connections, router).with_graceful_shutdown(shutdown);
    // A caller that stops in the middle of a request must not keep the server for ever.
    let patience = async {
        ending.notified().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = serving => served,
        () = patience => Ok(()),
    }
}

/// The file of a socket; it goes when this is dropped, unless another server replaced it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    /// Removes the file, so that nobody else connects.
    pub(crate) fn remove(&self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // Whoever starts next replaces a file that could not be removed.
            let _stale = fs::remove_file(&self.path);
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Listens at `path`. The socket appears there when only its owner may connect.
pub(crate) async fn listen(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    refuse_to_replace(path).await?;
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    fs::rename(&fresh, path)?;
    Ok((listener, SocketFile { path: path.to_owned(), identity: identity(path)? }))
}

async fn refuse_to_replace(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path is taken by a file that is no socket"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers at the socket")),
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}
