//! The guard around everything that is served over the network.
//!
//! In this order: the host is one of ours, the path has its one normal form, the head is not
//! too large, somebody known asks, and they may. Each answer gets a number, is counted and,
//! where wanted, logged.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use mendel_model::limits;

use super::{Metrics, Peer, ServerSettings, fair::Shares};
use crate::{
    App,
    access::{AccessError, Principal, Via, random},
    problem::{Problem, numbered},
};

const PAGE_TOKEN: HeaderName = HeaderName::from_static("x-mendel-token");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The guard of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Inner>);

struct Inner {
    app: App,
    settings: ServerSettings,
    metrics: Arc<Metrics>,
    draining: AtomicBool,
    shares: Shares,
}

impl Guard {
    pub(super) fn new(app: App, settings: ServerSettings) -> Self {
        let metrics = Arc::new(Metrics::new());
        Self(Arc::new(Inner { app, settings, metrics, draining: AtomicBool::new(false), shares: Shares::default() }))
    }

    pub(super) fn app(&self) -> &App {
        &self.0.app
    }

    pub(super) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.0.metrics)
    }

    pub(super) fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Whether the server may be asked under this name. An address of numbers cannot be
    /// pointed elsewhere by whoever owns a name, so it is one of ours.
    fn knows_host(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name);
        let plain = name.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || plain.parse::<IpAddr>().is_ok()
            || self.0.settings.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Lets in who is known, when it is their turn, and when no other page makes their browser ask.
    async fn admit(
        &self,
        principal: Arc<Principal>,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Arc<Principal>, Problem> {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if principal.via == Via::Cookie && !reads {
            let session = principal.session.as_ref().map(|(session, _)| session.as_str()).unwrap_or_default();
            let expected = self.app().access.page_token(session).await?;
            let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
            let shown = text(PAGE_TOKEN).is_some_and(|shown| same(shown, &expected));
            let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
            if !shown || origin.is_none() || origin != text(header::HOST) {
                return Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "wrong_origin",
                    "a change needs the page's own token and origin",
                ));
            }
        }
        let busy = self.0.metrics.in_progress();
        self.0.shares.take(principal.user.id, busy, Instant::now()).map_err(|after| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", "the server is busy, and this user had their share")
                .retry_after(after)
        })?;
        Ok(principal)
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let headers = request.headers();
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if hosts.next().is_some() || !self.knows_host(host) {
            let message = "the server is not asked under this name";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", message)
                .hint("`mendel serve --host-name NAME` adds one"));
        }
        let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if head > limits::HEAD_BYTES {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(Problem::new(
                status,
                "head_too_large",
                format!("the head is larger than {} bytes", limits::HEAD_BYTES),
            ));
        }
        if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "unreadable", "the body has two lengths"));
        }
        match is_normal(request.uri().path()) {
            true => Ok(()),
            false => Err(Problem::new(StatusCode::NOT_FOUND, "no_address", "there is no such address")),
        }
    }
}

/// Compares without telling by its time where they differ.
fn same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

/// Whether a path has its one normal form: no empty, `.` or `..` segment, written plainly or
/// not, and no parameters of a segment.
fn is_normal(path: &str) -> bool {
    let Some(inner) = path.strip_prefix('/') else { return false };
    if inner.is_empty() {
        return true;
    }
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let lower = inner.to_ascii_lowercase();
    let bad = |part: &str| {
        let dots = part.replace("%2e", ".");
        dots.is_empty() || dots == "." || dots == ".."
    };
    // A file of the Trains API is known by a path that its client escaped twice.
    let twice = if inner.starts_with("api/") { "%25" } else { "%252e%252e" };
    let hidden = ["%00", twice, "%5c", "\\", ";"].iter().any(|text| lower.contains(text));
    !(hidden || lower.split('/').flat_map(|part| part.split("%2f")).any(bad))
}

/// Takes a request in: checks its form, counts it, numbers its answer.
pub(super) async fn watch(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = random(16);
    let method = request.method().clone();
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let in_progress = InProgress::begin(&guard, length.unwrap_or(0));
    let from = request.extensions().get::<Peer>().map(|peer| peer.0);
    let checked = guard.check(&request);
    let mut answer = match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    drop(in_progress);
    let route = answer.extensions().get::<Route>().map_or_else(|| "other".to_owned(), |route| route.0.to_string());
    let (status, took) = (answer.status().as_u16(), began.elapsed());
    guard.0.metrics.answered(method.as_str(), &route, status, took);
    if guard.0.settings.log_requests {
        let user = answer.extensions().get::<Arc<Principal>>().map(|principal| principal.user.name.clone());
        let line = serde_json::json!({
            "time": (guard.app().now)(), "event": "request", "id": id, "method": method.as_str(), "route": route,
            "status": status, "milliseconds": took.as_secs_f64() * 1e3, "user": user, "from": from,
        });
        eprintln!("{line}");
    }
    answer = numbered(answer, &id);
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    let safe = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in safe {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// The pattern of the address that answered; never what a caller wrote.
#[derive(Debug, Clone)]
struct Route(Arc<str>);

struct InProgress(Arc<Metrics>);

impl InProgress {
    fn begin(guard: &Guard, bytes: u64) -> Self {
        let metrics = guard.metrics();
        metrics.began(bytes);
        Self(metrics)
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// Lets in who is known.
pub(super) async fn authenticate(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().into()));
    let from = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let known = guard.app().access.authenticate(request.headers(), from).await;
    let admitted = match known {
        Ok(principal) => guard.admit(principal, request.method(), request.headers()).await,
        Err(error) => Err(error.into()),
    };
    let mut answer = match admitted {
        Ok(principal) => {
            request.extensions_mut().insert(Arc::clone(&principal));
            let mut answer = next.run(request).await;
            answer.extensions_mut().insert(principal);
            answer
        }
        Err(problem) => problem.into_response(),
    };
    if let Some(route) = route {
        answer.extensions_mut().insert(route);
    }
    answer
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let said = "credentials are missing or not valid";
        let hint = "`mendel login URL`, or a key of `mendel keys create` as Basic or Bearer";
        match error {
            AccessError::Store(error) => error.into(),
            AccessError::Expired => {
                Self::new(StatusCode::UNAUTHORIZED, "expired", "the credentials have expired").hint(hint)
            }
            AccessError::TooMany { after } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "unauthenticated", said).hint(hint).retry_after(after)
            }
            AccessError::NoCredentials
            | AccessError::BadScheme
            | AccessError::Malformed
            | AccessError::Wrong
            | AccessError::BadToken
            | AccessError::Revoked => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", said).hint(hint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s05_a_path_has_one_normal_form() {
        for path in ["/", "/health", "/api/v1/runs", "/api/v1/projects/a%2Fb", "/v2.31/auth.login", "/a/"] {
            assert!(is_normal(path), "{path}");
        }
        for path in [
            "//",
            "/api//v1",
            "/./api",
            "/api/../x",
            "/api/%2e%2e/x",
            "/api/v1/runs;x=1",
            "/a%2F..%2Fb",
            "/api/a%252e",
            "/a/%252e%252e/b",
            "/a%00",
            "/a\\b",
            "/a%5Cb",
            "/a%2f%2Fb",
            "relative",
            "/a//",
        ] {
            assert!(!is_normal(path), "{path}");
        }
    }
}
