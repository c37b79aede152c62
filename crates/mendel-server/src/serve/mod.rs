//! Serving a team over TCP: who may connect, how long, and how it all ends.
//!
//! What a request may do is decided by the guard around the interface; a request that came
//! this way carries nothing that the network did not say.

mod connection;
mod guard;
mod health;
mod metrics;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    App,
    router::interface,
    seal::{seal_in_background, seal_touched},
    set_up,
};
use connection::Doors;
pub(crate) use connection::Peer;
pub(crate) use guard::Guard;
pub(crate) use metrics::Metrics;

/// How long requests in progress may take once the server is to end.
const DRAIN: Duration = Duration::from_secs(9);

/// What a server is told when it starts.
#[derive(Debug, Clone, Default)]
pub struct ServerSettings {
    /// Host names, besides those of this machine's loopback, under which it may be asked.
    pub hosts: Vec<String>,
    /// A token that stands for the owner of the workspace.
    pub local_token: Option<String>,
    /// Whether every request is logged.
    pub log_requests: bool,
}

/// A server on its way.
pub struct Server {
    app: App,
    guard: Guard,
    listeners: Vec<TcpListener>,
}

impl Server {
    /// A server of `app` that does not listen yet.
    pub fn new(app: App, settings: ServerSettings) -> Self {
        if let Some(token) = &settings.local_token {
            app.access.accept_local(token);
        }
        let guard = Guard::new(app.clone(), settings);
        Self { app, guard, listeners: Vec::new() }
    }

    /// Listens at `address` as well; the address as it came to be.
    pub async fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        self.listeners.push(listener);
        Ok(bound)
    }

    /// Serves until `shutdown` completes; then nothing new is accepted, what is in progress is
    /// answered, and what was written is sealed.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { app, guard, listeners } = self;
        let (end, ending) = watch::channel(false);
        let router = served(app.clone(), guard.clone());
        let doors = Arc::new(Doors::new(guard.metrics()));
        let mut open = JoinSet::new();
        for listener in listeners {
            open.spawn(Arc::clone(&doors).accept(listener, router.clone(), ending.clone()));
        }
        let sealing = tokio::spawn(seal_in_background(app.clone()));
        shutdown.await;
        guard.drain();
        end.send_replace(true);
        let answered = async {
            while open.join_next().await.is_some() {}
            doors.closed().await;
        };
        let _cut_off = tokio::time::timeout(DRAIN, answered).await;
        sealing.abort();
        seal_touched(&app).await;
        Ok(())
    }
}

/// All that a server answers over the network, behind its guard.
pub fn server_router(app: App, settings: ServerSettings) -> Router {
    let guard = Guard::new(app.clone(), settings);
    served(app, guard)
}

fn served(app: App, guard: Guard) -> Router {
    let native = interface(app.clone()).layer(from_fn_with_state(guard.clone(), guard::authenticate));
    let own = Router::new()
        .route("/health", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .with_state(guard.clone());
    let open = Router::new().route("/api/v1/set-up", post(set_up::set_up)).with_state(app);
    own.merge(open).merge(native).layer(from_fn_with_state(guard, guard::watch))
}
