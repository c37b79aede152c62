//! Files that are read: whole, in part, or as an attachment.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use mendel_model::Digest;

use super::{absent, clean, is_active, media_of};
use crate::{App, blob::get::send, trains::refusal::Refusal};

/// Reads a file by its path, or a blob by its digest.
pub(super) async fn get(app: &App, path: &str, parts: &Parts) -> Result<Response, Refusal> {
    let (digest, name, media) = found(app, path).await?;
    let query = parts.uri.query().unwrap_or_default();
    let attached =
        query.split('&').any(|word| word == "download" || word.starts_with("download=")) || is_active(&media);
    // A packed file is told as it is, so that no client unpacks it on the way.
    let media = if path.ends_with(".gz") { "application/octet-stream".to_owned() } else { media };
    let mut response = match send(app.clone(), digest, &parts.headers).await {
        Ok(response) => response,
        Err(problem) => return Ok(problem.into_response()),
    };
    if parts.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    if response.status() == StatusCode::OK || response.status() == StatusCode::PARTIAL_CONTENT {
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::CONTENT_TYPE, &media);
        set(header::CONTENT_SECURITY_POLICY, "sandbox");
        if attached {
            let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect();
            set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{plain}\""));
        }
    }
    Ok(response)
}

async fn found(app: &App, path: &str) -> Result<(Digest, String, String), Refusal> {
    if let Some(rest) = path.strip_prefix("/.blobs/") {
        let (digest, name) = rest.split_once('/').unwrap_or((rest, ""));
        let digest = digest.parse().map_err(|_| absent())?;
        return match app.store.blobs().has(&digest).await? {
            true => Ok((digest, name.to_owned(), media_of(name).to_owned())),
            false => Err(absent()),
        };
    }
    let file = app.store.file(&clean(path)?).await?.ok_or_else(absent)?;
    let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
    let media = if file.media.is_empty() { media_of(&name).to_owned() } else { file.media };
    Ok((file.digest, name, media))
}
