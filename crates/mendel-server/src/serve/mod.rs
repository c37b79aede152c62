//! Serving a team over TCP: who may connect, how long, and how it all ends.
//!
//! What a request may do is decided by the guard around the interface; a request that came
//! this way carries nothing that the network did not say.

mod connection;
mod fair;
mod guard;
mod health;
mod metrics;
mod once;
mod page;
mod tls;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    App,
    router::{interface, open},
    seal::{seal_in_background, seal_touched},
    trains,
};
use connection::Doors;
pub(crate) use connection::Peer;
pub(crate) use guard::Guard;
pub(crate) use metrics::Metrics;
pub(crate) use once::ToldOnce;
pub use tls::{BadCertificate, Certificate};

/// How long requests in progress may take once the server is to end.
const DRAIN: Duration = Duration::from_secs(9);

/// What a server is told when it starts.
#[derive(Debug, Clone, Default)]
pub struct ServerSettings {
    /// Host names, besides those of this machine's loopback, under which it may be asked.
    pub hosts: Vec<String>,
    /// A token that stands for the owner of the workspace.
    pub local_token: Option<String>,
    /// Shown to callers, who then come encrypted.
    pub certificate: Option<Certificate>,
    /// Whether every request is logged.
    pub log_requests: bool,
}

/// A server on its way.
pub struct Server {
    app: App,
    guard: Guard,
    /// Each with whether its callers come in the clear, certificate or not.
    listeners: Vec<(TcpListener, bool)>,
    certificate: Option<Certificate>,
}

impl Server {
    /// A server of `app` that does not listen yet.
    pub fn new(app: App, settings: ServerSettings) -> Self {
        if let Some(token) = &settings.local_token {
            app.access.accept_local(token);
        }
        let certificate = settings.certificate.clone();
        let guard = Guard::new(app.clone(), settings);
        Self { app, guard, listeners: Vec::new(), certificate }
    }

    /// Listens at `address` as well; the address as it came to be.
    pub async fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        self.listeners.push((listener, false));
        Ok(bound)
    }

    /// Listens for commands on this machine, in the clear: no certificate is for its loopback.
    pub async fn listen_locally(&mut self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let bound = listener.local_addr()?;
        self.listeners.push((listener, true));
        Ok(bound)
    }

    /// Serves until `shutdown` completes; then nothing new is accepted, what is in progress is
    /// answered, and what was written is sealed.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let Self { app, guard, listeners, certificate } = self;
        let (end, ending) = watch::channel(false);
        let router = served(app.clone(), guard.clone());
        let doors = Arc::new(Doors::new(guard.metrics()));
        let mut open = JoinSet::new();
        for (listener, clear) in listeners {
            let certificate = certificate.clone().filter(|_| !clear);
            open.spawn(Arc::clone(&doors).accept(listener, certificate, router.clone(), ending.clone()));
        }
        let sealing = tokio::spawn(seal_in_background(app.clone()));
        let watching = tokio::spawn(trains::stop_silent(app.clone()));
        shutdown.await;
        guard.drain();
        end.send_replace(true);
        let answered = async {
            while open.join_next().await.is_some() {}
            doors.closed().await;
        };
        let _cut_off = tokio::time::timeout(DRAIN, answered).await;
        sealing.abort();
        watching.abort();
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
    let native = interface(app.clone())
        .layer(from_fn_with_state(guard.clone(), once::once))
        .layer(from_fn_with_state(guard.clone(), guard::authenticate));
    let own = Router::new()
        .route("/metrics", get(metrics::metrics))
        .layer(from_fn_with_state(guard.clone(), guard::authenticate))
        .route("/health", get(health::health))
        .with_state(guard.clone());
    let open = open(app.clone());
    let all = own.merge(page::pages()).merge(open).merge(native);
    let all = all.layer(from_fn_with_state(app, trains::answer_or_pass));
    all.layer(from_fn_with_state(guard, guard::watch))
}
