//! L19: connections, and how many of them, how long, and with how large a head.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use mendel_model::limits;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};
use tower::ServiceExt as _;

use super::{Certificate, Metrics};

/// The longest silence between requests, and the longest time for the head of one.
const IDLE: Duration = Duration::from_secs(limits::IDLE_SECONDS);
/// The longest time to agree on a secret.
const AGREE: Duration = Duration::from_secs(10);
/// What is read ahead of a connection.
const BUFFER_BYTES: usize = 256 << 10;
/// After an error of the listener, such as too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Counts who is inside.
pub(super) struct Doors {
    inside: Mutex<HashMap<IpAddr, usize>>,
    left: Notify,
    metrics: Arc<Metrics>,
}

/// One who is inside; leaves when dropped.
struct Inside {
    doors: Arc<Doors>,
    from: IpAddr,
}

impl Doors {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { inside: Mutex::default(), left: Notify::new(), metrics }
    }

    /// Accepts connections until `ending` says so.
    pub(super) async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        certificate: Option<Certificate>,
        router: Router,
        ending: watch::Receiver<bool>,
    ) {
        let mut told = ending.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = told.wait_for(|ending| *ending) => return,
            };
            match accepted {
                Ok((stream, from)) => match self.enter(from.ip()) {
                    Some(inside) => {
                        let (certificate, router, ending) = (certificate.clone(), router.clone(), ending.clone());
                        tokio::spawn(async move {
                            converse(stream, from, certificate, router, ending).await;
                            drop(inside);
                        });
                    }
                    None => drop(tokio::spawn(refuse(stream))),
                },
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Completes once nobody is inside.
    pub(super) async fn closed(&self) {
        loop {
            let left = self.left.notified();
            if self.lock().is_empty() {
                return;
            }
            left.await;
        }
    }

    fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Inside> {
        let mut inside = self.lock();
        let total: usize = inside.values().sum();
        let own = inside.get(&from).copied().unwrap_or_default();
        if total >= limits::CONNECTIONS || own >= limits::CONNECTIONS_PER_ADDRESS {
            return None;
        }
        inside.insert(from, own + 1);
        self.metrics.connections(total + 1);
        Some(Inside { doors: Arc::clone(self), from })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut inside = self.doors.lock();
        match inside.get_mut(&self.from) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(inside.remove(&self.from)),
        }
        self.doors.metrics.connections(inside.values().sum());
        self.doors.left.notify_waiters();
    }
}

/// One connection, encrypted where that is wanted.
async fn converse(
    stream: TcpStream,
    from: SocketAddr,
    certificate: Option<Certificate>,
    router: Router,
    ending: watch::Receiver<bool>,
) {
    // Small answers must not wait for each other; without it they are late and nothing worse.
    let _late = stream.set_nodelay(true);
    match certificate {
        None => answer_all(stream, from, router, ending).await,
        Some(Certificate(encryption)) => {
            // Whoever cannot agree on a secret is not answered, and sees that.
            if let Ok(Ok(stream)) = tokio::time::timeout(AGREE, encryption.accept(stream)).await {
                answer_all(stream, from, router, ending).await;
            }
        }
    }
}

/// One connection, request by request.
async fn answer_all(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    from: SocketAddr,
    router: Router,
    mut ending: watch::Receiver<bool>,
) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(from));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    tokio::select! {
        _ended = connection.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => connection.as_mut().graceful_shutdown(),
    }
    // How a connection ended is seen by whoever waits for its answer.
    let _ended = connection.await;
}

/// Says that there is no room, without reading what was asked.
async fn refuse(stream: TcpStream) {
    use tokio::io::AsyncWriteExt as _;
    const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 70\r\n\r\n\
        {\"error\":{\"code\":\"too_many_connections\",\"message\":\"no room for more\"}}";
    let mut stream = stream;
    // Whoever went away needs no answer.
    let _sent = stream.write_all(NO_ROOM).await;
}
