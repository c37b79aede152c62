//! Transports: how a request reaches a router and its answer comes back.
//!
//! Connections are kept and used again. A request that a kept connection did not answer is
//! sent once more on a new one, unless it was marked [`Unrepeatable`] and may have been read.

use std::{
    fmt,
    future::Future,
    io,
    path::PathBuf,
    pin::Pin,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::{Credentials, ServerAddress, TransportError, tls::Encryption};

/// A future in a box, since a transport is a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries requests to a router.
pub trait Transport: Send + Sync {
    /// Sends `request` and waits for the whole answer.
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

/// Marks, among its extensions, a request that must not be sent twice by the transport.
#[derive(Debug, Clone, Copy)]
pub struct Unrepeatable;

/// Connections above this number are closed after use instead of kept.
const KEPT_MAX: usize = 8;

/// A server that does not take a connection within this time is not there.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

type Connection = SendRequest<Full<Bytes>>;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Socket(PathBuf),
    Tcp { host: String, port: u16, encrypted: bool },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
        }
    }
}

/// HTTP over a Unix socket or TCP. It belongs to the runtime it is first used on.
pub struct HttpTransport {
    place: Place,
    headers: HeaderMap,
    kept: Mutex<Vec<Connection>>,
    encryption: OnceLock<Encryption>,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("place", &self.place).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport to the socket at `path`; it connects when it is first used.
    pub fn socket(path: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::Socket(path.into()),
            headers: HeaderMap::new(),
            kept: Mutex::default(),
            encryption: OnceLock::new(),
        }
    }

    /// A transport to `server`, showing `credentials` with every request.
    pub fn server(server: &ServerAddress, credentials: Option<&Credentials>) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(host) = HeaderValue::from_str(&server.authority()) {
            headers.insert(header::HOST, host);
        }
        if let Some(shown) = credentials {
            headers.insert(header::AUTHORIZATION, shown.header());
        }
        let (host, port, encrypted) = (server.host().to_owned(), server.port(), server.is_encrypted());
        Self {
            place: Place::Tcp { host, port, encrypted },
            headers,
            kept: Mutex::default(),
            encryption: OnceLock::new(),
        }
    }

    fn take(&self) -> Option<Connection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = kept.pop() {
            if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX && !connection.is_closed() {
            kept.push(connection);
        }
    }

    async fn connect(&self) -> Result<Connection, TransportError> {
        let failed = |source| TransportError::Connect { place: self.place.to_string(), source };
        match &self.place {
            Place::Socket(path) => self.shake(UnixStream::connect(path).await.map_err(failed)?).await,
            Place::Tcp { host, port, encrypted } => {
                let connecting = TcpStream::connect((host.as_str(), *port));
                let late = |_| failed(io::ErrorKind::TimedOut.into());
                let stream = timeout(CONNECT_WITHIN, connecting).await.map_err(late)?.map_err(failed)?;
                stream.set_nodelay(true).map_err(failed)?;
                if !encrypted {
                    return self.shake(stream).await;
                }
                let encryption = match self.encryption.get() {
                    Some(known) => known,
                    None => {
                        let made = Encryption::to(host).map_err(failed)?;
                        self.encryption.get_or_init(|| made)
                    }
                };
                let agreed = timeout(CONNECT_WITHIN, encryption.wrap(stream)).await;
                self.shake(agreed.map_err(late)?.map_err(failed)?).await
            }
        }
    }

    async fn shake(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Connection, TransportError> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(error))?;
        // Its end is seen by the sender, which reports it to whoever waits for an answer.
        tokio::spawn(async move {
            let _ended = connection.await;
        });
        Ok(sender)
    }

    fn broken(&self, source: hyper::Error) -> TransportError {
        TransportError::Broken { place: self.place.to_string(), source }
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        let repeatable = request.extensions().get::<Unrepeatable>().is_none();
        if let Some(connection) = self.take() {
            let again = request.clone();
            match self.send(connection, request).await {
                Ok(answer) => return Ok(answer),
                Err(Failed { unsent, .. }) if unsent || repeatable => {
                    let connection = self.connect().await?;
                    return self.send(connection, again).await.map_err(|failed| failed.error);
                }
                Err(failed) => return Err(failed.error),
            }
        }
        let connection = self.connect().await?;
        self.send(connection, request).await.map_err(|failed| failed.error)
    }

    async fn send(&self, mut connection: Connection, request: Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        connection.ready().await.map_err(|error| Failed { error: self.broken(error), unsent: true })?;
        let answer = connection.try_send_request(request.map(Full::new)).await.map_err(|mut error| {
            let unsent = error.take_message().is_some();
            Failed { error: self.broken(error.into_error()), unsent }
        })?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| Failed { error: self.broken(error), unsent: false })?;
        self.keep(connection);
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

struct Failed {
    error: TransportError,
    unsent: bool,
}

impl Transport for HttpTransport {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::UnixListener,
        runtime::{Builder, Runtime},
        task::JoinHandle,
    };

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_io().build().expect("a runtime")
    }

    /// Whether a request is answered, or read and left alone with its connection closed.
    type Plan = &'static [&'static [bool]];

    /// Serves one connection for each part of `plan`, then tells how many requests it read.
    fn serve(listener: UnixListener, plan: Plan) -> JoinHandle<usize> {
        tokio::spawn(async move {
            let mut read = 0;
            for connection in plan {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                for answered in *connection {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        request.push(stream.read_u8().await.expect("a request"));
                    }
                    read += 1;
                    if *answered {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                        stream.write_all(answer).await.expect("answered");
                    }
                }
            }
            read
        })
    }

    fn request() -> Request<Bytes> {
        Request::get("/api/v1").header("host", "mendel").body(Bytes::new()).expect("a request")
    }

    #[test]
    fn a_connection_is_used_again_between_calls() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let runtime = runtime();
        let transport = HttpTransport::socket(&path);
        let entered = runtime.enter();
        let server = serve(UnixListener::bind(&path).expect("bound"), &[&[true, true]]);
        drop(entered);
        for _ in 0..2 {
            assert_eq!(runtime.block_on(transport.call(request())).expect("answered").status(), 200);
        }
        assert_eq!(runtime.block_on(server).expect("served"), 2);
    }

    #[test]
    fn a_request_left_alone_on_a_kept_connection_is_sent_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        runtime().block_on(async {
            let server = serve(UnixListener::bind(&path).expect("bound"), &[&[true, false], &[true]]);
            let transport = HttpTransport::socket(&path);
            assert!(transport.call(request()).await.is_ok());
            assert!(transport.call(request()).await.is_ok());
            assert_eq!(server.await.expect("served"), 3);
        });
    }

    #[test]
    fn what_must_not_be_repeated_fails_instead() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        runtime().block_on(async {
            let server = serve(UnixListener::bind(&path).expect("bound"), &[&[true, false]]);
            let transport = HttpTransport::socket(&path);
            assert!(transport.call(request()).await.is_ok());
            let mut once = request();
            once.extensions_mut().insert(Unrepeatable);
            let error = transport.call(once).await.expect_err("left alone");
            assert!(matches!(error, TransportError::Broken { .. }), "{error}");
            assert_eq!(server.await.expect("served"), 2);
        });
    }

    #[test]
    fn nobody_there_is_told_with_the_socket() {
        let error = runtime().block_on(HttpTransport::socket("/nowhere/s").call(request())).expect_err("nobody");
        assert_eq!(error.to_string(), "nobody answers at `/nowhere/s`");
    }
}
