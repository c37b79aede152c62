//! The file server: bytes by path, for clients that name a file and not its content.
//!
//! Below `/` of the server, and below `/files/` where a client is told so. The bytes are
//! blobs, so that equal files are kept once.

mod serve;
mod upload;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, request::Parts};
use mendel_store::FileRecord;
use serde_json::{Value, json};

use super::{
    call::{Call, unescape},
    refusal::Refusal,
    session,
};
use crate::{App, serve::Peer};

/// Where files lie on a server that also answers the rest.
pub(super) const PREFIX: &str = "/files";

/// Answers a request for a file; none where it is no such request.
pub(super) async fn serve(app: App, parts: &Parts, body: Body) -> Option<Response> {
    let path = parts.uri.path();
    let path = path.strip_prefix(PREFIX).filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path);
    let path = if path.is_empty() { "/" } else { path };
    let known = matches!(parts.method, Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE);
    if !known || path.starts_with("/api/") {
        return None;
    }
    Some(match (&parts.method, path) {
        (&Method::GET | &Method::HEAD, "/") => "OK".into_response(),
        _ => answer(app, parts, path, body).await.unwrap_or_else(|refusal| told(&refusal)),
    })
}

async fn answer(app: App, parts: &Parts, path: &str, body: Body) -> Result<Response, Refusal> {
    let from = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
    session::principal(&app, &parts.headers, from).await?;
    match (&parts.method, path) {
        (&Method::POST, "/delete_many") => delete_many(&app, body).await,
        (&Method::POST, "/") => upload::form(&app, &parts.headers, body).await,
        (&Method::PUT | &Method::POST, path) => upload::whole(&app, &clean(path)?, &parts.headers, body).await,
        (&Method::DELETE, path) => delete(&app, &clean(path)?).await,
        (_, path) => serve::get(&app, path, parts).await,
    }
}

/// A refusal in the plain form of a file server.
fn told(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::Json(json!({"error": refusal.message}))).into_response()
}

fn absent() -> Refusal {
    Refusal::new(404, 0, "There is no such file")
}

/// The path of a file as it is kept: decoded once, and never out of its folder.
pub(super) fn clean(path: &str) -> Result<String, Refusal> {
    kept(&unescape(path))
}

/// The same of a path that is not escaped, as the field of a form has it.
fn kept(path: &str) -> Result<String, Refusal> {
    let plain = path.trim_start_matches('/');
    let bad = plain.is_empty()
        || plain.len() > 4_096
        || plain.contains('\0')
        || plain.split(['/', '\\']).any(|part| part == ".." || part == ".");
    if bad { Err(absent()) } else { Ok(plain.to_owned()) }
}

async fn delete(app: &App, path: &str) -> Result<Response, Refusal> {
    match app.store.remove_file(path).await? {
        true => Ok(axum::Json(json!(path)).into_response()),
        false => Err(absent()),
    }
}

async fn delete_many(app: &App, body: Body) -> Result<Response, Refusal> {
    let body = super::read_all(body).await?;
    let given: Value = serde_json::from_slice(&body).map_err(|error| Refusal::bad(12, error.to_string()))?;
    let files = given.get("files").and_then(Value::as_array).ok_or_else(|| Refusal::missing(&["files"]))?;
    let (mut deleted, mut errors) = (json!({}), json!({}));
    let mut fail = |message: &str, given: &str| {
        if errors[message].is_null() {
            errors[message] = json!([]);
        }
        if let Value::Array(list) = &mut errors[message] {
            list.push(given.into());
        }
    };
    for given in files.iter().filter_map(Value::as_str) {
        match clean(given) {
            Err(_) if unescape(given).trim_matches('/').is_empty() => fail("Empty path not allowed", given),
            Err(_) => fail("Not found", given),
            Ok(path) => {
                let path = path.trim_end_matches('/');
                let gone = app.store.remove_file(path).await? || app.store.remove_files_below(path).await? > 0;
                match gone {
                    true => deleted[given] = path.into(),
                    false => fail("Not found", given),
                }
            }
        }
    }
    Ok(axum::Json(json!({"deleted": deleted, "errors": errors})).into_response())
}

/// The file of this server that an address leads to.
pub(super) async fn known(call: &Call, uri: &str) -> Result<Option<FileRecord>, Refusal> {
    let Some((scheme, rest)) = uri.split_once("://") else { return Ok(None) };
    if !scheme.starts_with("http") {
        return Ok(None);
    }
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.strip_prefix(PREFIX).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    match clean(path) {
        Ok(path) => Ok(call.app.store.file(&path).await?),
        Err(_) => Ok(None),
    }
}

/// The media type that a name suggests.
pub(super) fn media_of(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "json" => "application/json",
        "txt" | "log" | "csv" | "md" => "text/plain; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// Whether a header names what a browser would run.
fn is_active(media: &str) -> bool {
    media.starts_with("text/html") || media.contains("svg") || media.contains("xml")
}

/// The media type that a request says its body has.
fn media(headers: &HeaderMap) -> &str {
    headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_paths_are_decoded_once_and_never_lead_out() {
        assert_eq!(clean("/p/a%2520b/%C3%BC.txt").expect("good"), "p/a%20b/ü.txt");
        for bad in ["/", "", "/../etc/passwd", "/a/%2e%2e/b", "/a/..%2f..%2fb", "/a\\..\\b", "/a/%00"] {
            assert_eq!(clean(bad).expect_err("bad").code, 404, "{bad}");
        }
    }
}
