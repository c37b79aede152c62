//! The companion: a server of one workspace that scripts share, started by the first that
//! needs one and gone when nobody has needed it for a while.
//!
//! A lock beside the socket decides who serves, so two that start at once end as one. The
//! lock's file is never removed: removing it would let two hold "the" lock.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    App,
    connections::Connections,
    router,
    seal::{seal_in_background, seal_touched},
    socket::{listen, serve},
};

/// How a companion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It served, and ended when nobody needed it any more or it was told to.
    Served,
    /// Another one serves the workspace.
    OtherServes,
}

/// Why there is no companion.
#[derive(Debug, thiserror::Error)]
pub enum CompanionError {
    /// The lock beside the socket cannot be taken or asked for.
    #[error("cannot lock `{}`", path.display())]
    Lock {
        /// The lock.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another companion holds the lock and does not answer.
    #[error("another companion holds `{}` and does not answer", path.display())]
    Silent {
        /// The lock.
        path: PathBuf,
    },
    /// The socket cannot be served.
    #[error("cannot serve `{}`", path.display())]
    Serve {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Between two looks whether the holder of the lock answers or has gone.
const LOOK: Duration = Duration::from_millis(20);
/// Number of looks before the holder counts as silent.
const LOOKS_MAX: u32 = 1500;
/// How long the holder may take to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// Time between the removal of the socket and the end, for those who connected just before.
const LAST_CALLS: Duration = Duration::from_millis(50);

/// Serves the workspace of `app` on `socket`, seals in the background, and ends once nobody
/// was connected for the time `idle`; everything is sealed then.
pub async fn companion(app: impl Into<App>, socket: &Path, idle: Duration) -> Result<Ended, CompanionError> {
    companion_until(app, socket, idle, std::future::pending()).await
}

/// The same, but ends early when `shutdown` completes.
pub async fn companion_until(
    app: impl Into<App>,
    socket: &Path,
    idle: Duration,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Ended, CompanionError> {
    let app = app.into();
    let Some(_lock) = claim(socket).await? else { return Ok(Ended::OtherServes) };
    let failed = |source| CompanionError::Serve { path: socket.to_owned(), source };
    let (listener, file) = listen(socket).await.map_err(failed)?;
    let file = Arc::new(file);
    let connections = Connections::new(listener);
    let unneeded = nobody_for(idle, connections.open());
    let end = async move {
        tokio::select! {
            () = unneeded => {}
            () = shutdown => {}
        }
        file.remove();
        sleep(LAST_CALLS).await;
    };
    let served = tokio::select! {
        served = serve(router(app.clone()), connections, end) => served,
        () = seal_in_background(app.clone()) => Ok(()),
    };
    seal_touched(&app).await;
    served.map(|()| Ended::Served).map_err(failed)
}

/// The lock of whoever serves `socket`; none when another does, and answers.
async fn claim(socket: &Path) -> Result<Option<File>, CompanionError> {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| CompanionError::Lock { path: path.clone(), source };
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    for _ in 0..LOOKS_MAX {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        // Unreachable means: not yet listening, or about to end. Both pass.
        let client = mendel_api::Client::socket(socket);
        if timeout(ANSWER, client.hello()).await.is_ok_and(|answer| answer.is_ok()) {
            return Ok(None);
        }
        sleep(LOOK).await;
    }
    Err(CompanionError::Silent { path })
}

async fn nobody_for(idle: Duration, mut open: watch::Receiver<usize>) {
    // The channel closes with the server, and then nobody is there.
    while open.wait_for(|open| *open == 0).await.is_ok() {
        tokio::select! {
            () = sleep(idle) => return,
            changed = open.changed() => if changed.is_err() { return },
        }
    }
}
