//! The Trains API: what unmodified `clearml` and `trains` programs speak.
//!
//! This layer knows the shapes and the quirks of an old dialect and no rules of its own. A
//! task is a run, a metric with a variant is a series, plots and images are events, and what
//! happens to them is decided by the model and kept by the store, as for any other caller.

mod call;
mod directory;
mod envelope;
mod event;
mod file;
mod level;
mod model;
mod organization;
mod page;
mod pipeline;
mod project;
mod query;
mod queue;
mod refusal;
mod report;
mod rights;
mod schema;
mod server;
mod serving;
mod session;
mod storage;
mod task;
#[cfg(test)]
mod tests;
mod time;
mod user;
mod value;
mod watchdog;
mod worker;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use mendel_api::BoxFuture;
use serde_json::{Map, Value};

use self::{
    call::{Address, BODY_BYTES, Call, either, read_body},
    envelope::{Seen, Told, respond},
    level::Level,
    refusal::Refusal,
};
use crate::{App, serve::Peer};

pub(crate) use query::Scrolls;
pub(crate) use watchdog::stop_silent;

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// What an endpoint answers.
type Answer = Result<Object, Refusal>;

/// Endpoints that need no credentials.
const OPEN: [&str; 5] = ["server.info", "auth.fixed_users_mode", "login.supported_modes", "debug.ping", "login.logout"];

/// Answers what is not below `/api/`: calls of the Trains API, its pages, and its files.
/// The rest goes on to the native interface.
pub(crate) async fn answer_or_pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let own = ["/api", "/health", "/metrics", "/set-up", "/set-up.js", "/set-up.css"];
    if path.starts_with("/api/") || own.contains(&path) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut response = match (&parts.method, Address::read(parts.uri.path())) {
        (&Method::OPTIONS, _) => StatusCode::OK.into_response(),
        (_, Some(address)) => {
            let answered: BoxFuture<'_, _> = Box::pin(answer(app, &parts, address, body));
            answered.await
        }
        (_, None) => match page::page(&parts) {
            Some(page) => page,
            None => {
                let served: BoxFuture<'_, _> = Box::pin(file::serve(app, &parts, body));
                served.await.unwrap_or_else(|| unknown(&parts))
            }
        },
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if parts.method == Method::OPTIONS {
        headers
            .insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    }
    response
}

fn unknown(parts: &Parts) -> Response {
    let seen = Seen::new(either(&parts.headers, "trx"));
    respond(&seen, Err(Refusal::new(404, 0, format!("Unable to find an endpoint for `{}`", parts.uri.path()))))
}

async fn answer(app: App, parts: &Parts, address: Address, body: Body) -> Response {
    let mut seen = Seen::new(either(&parts.headers, "trx"));
    seen.name.clone_from(&address.name);
    seen.requested = address.level.or(Some(Level::NEWEST));
    seen.actual = Some(address.level.unwrap_or(Level::NEWEST).min(Level::NEWEST));
    let outcome = run(app.clone(), parts, &address, body).await;
    if let Err(Refusal { defect: Some(defect), .. }) = &outcome {
        app.report(&**defect);
    }
    let login = match &outcome {
        Ok(Told::Data(data)) if address.name == "auth.login" => {
            data.get("token").and_then(Value::as_str).map(str::to_owned)
        }
        _ => None,
    };
    let mut response = respond(&seen, outcome);
    let cookie = match (login, address.name.as_str()) {
        (Some(token), _) => Some(format!("clearml_token_basic={token}; Path=/; HttpOnly; SameSite=Lax")),
        (None, "auth.logout" | "login.logout") => Some("clearml_token_basic=; Path=/; HttpOnly; Max-Age=0".to_owned()),
        (None, _) => None,
    };
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn run(app: App, parts: &Parts, address: &Address, body: Body) -> Result<Told, Refusal> {
    let headers = &parts.headers;
    let Some(endpoint) = schema::endpoint(&address.name) else {
        return Err(Refusal::new(404, 0, format!("Unable to find the endpoint `{}`", address.name)));
    };
    let level = address.level.unwrap_or(Level::NEWEST).min(Level::NEWEST);
    if level < endpoint.since && endpoint.since > Level(2, 1) {
        let message = format!("`{}` is there since {}, and {level} was asked for", endpoint.name, endpoint.since);
        return Err(Refusal::new(404, 0, message));
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or_default();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
        return Err(Refusal::new(415, 0, "A compressed body is not supported"));
    }
    let from = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
    let who = match OPEN.contains(&endpoint.name.as_str()) {
        true => session::principal(&app, headers, from).await.unwrap_or_else(|_| session::nobody()),
        false => session::principal(&app, headers, from).await?,
    };
    let who = session::impersonate(&app, who, headers).await?;
    let body = read_all(body).await?;
    let (mut data, lines) = read_body(headers, &parts.uri, &body, endpoint.batch)?;
    schema::conform(endpoint, &mut data)?;
    let call = Call {
        worker: either(headers, "worker").unwrap_or_default().to_owned(),
        base: base(headers, app.encrypted),
        name: endpoint.name.clone(),
        rights: rights::Rights::of(&app, &who).await?,
        app,
        who,
        level,
        data,
        lines,
    };
    let allowed: BoxFuture<'_, _> = Box::pin(rights::check(&call));
    allowed.await?;
    let told: BoxFuture<'_, _> = Box::pin(dispatch(&call));
    told.await
}

async fn read_all(body: Body) -> Result<Bytes, Refusal> {
    let read = axum::body::to_bytes(body, BODY_BYTES).await;
    read.map_err(|_| Refusal::new(413, 0, format!("The body is larger than {BODY_BYTES} bytes")))
}

/// Where the caller reached the server.
fn base(headers: &HeaderMap, encrypted: bool) -> String {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = header("x-forwarded-proto").unwrap_or(if encrypted { "https" } else { "http" });
    let host = header("x-forwarded-host").or_else(|| header("host")).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// Leads a call to its endpoint.
async fn dispatch(call: &Call) -> Result<Told, Refusal> {
    let (service, action) = call.name.split_once('.').unwrap_or((&call.name, ""));
    let found = match service {
        "events" if action == "download_task_log" => return boxed(event::log::download(call)).await,
        "organization" if action == "download_for_get_all" => return boxed(organization::download(call)).await,
        "auth" => boxed(user::auth(call, action)).await,
        "debug" => Some(Ok(Object::new())),
        "events" => boxed(event::answer(call, action)).await,
        "login" => boxed(user::login(call, action)).await,
        "models" => boxed(model::answer(call, action)).await,
        "organization" => boxed(organization::answer(call, action)).await,
        "pipelines" => boxed(pipeline::answer(call, action)).await,
        "projects" => boxed(project::answer(call, action)).await,
        "queues" => boxed(queue::answer(call, action)).await,
        "reports" => boxed(report::answer(call, action)).await,
        "server" => boxed(server::answer(call, action)).await,
        "serving" => boxed(serving::answer(call, action)).await,
        "storage" => boxed(storage::answer(call, action)).await,
        "tasks" => boxed(task::answer(call, action)).await,
        "users" => boxed(user::answer(call, action)).await,
        "workers" => boxed(worker::answer(call, action)).await,
        _ => None,
    };
    match found {
        Some(answer) => answer.map(Told::Data),
        None => Err(Refusal::new(500, 9999, format!("`{}` is not implemented", call.name))),
    }
}

/// One kind of future for all services, so that none carries the size of the largest.
fn boxed<'a, T>(answer: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(answer)
}
