//! M7: a request that changes something and names a key is done once, however often it is
//! sent. Sent again, it gets the answer of the first time; with another body, 409.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use mendel_api::PACK_BYTES;
use mendel_store::Seen;

use super::Guard;
use crate::{access::Principal, problem::Problem};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEY_MAX: usize = 128;
/// A longer answer is not kept; what it tells can be asked for again.
const ANSWER_MAX: usize = 1 << 20;

pub(super) async fn once(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let key = request.headers().get(KEY).map(|key| key.to_str().map(str::to_owned));
    match (key, request.extensions().get::<Arc<Principal>>().cloned()) {
        (Some(key), Some(caller)) if !reads => match key {
            Ok(key) if !key.is_empty() && key.len() <= KEY_MAX => {
                keyed(&guard, &caller, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
            }
            Ok(_) | Err(_) => {
                let message = format!("the idempotency key is not 1 to {KEY_MAX} plain characters");
                Problem::new(StatusCode::BAD_REQUEST, "bad_idempotency_key", message).into_response()
            }
        },
        _ => next.run(request).await,
    }
}

async fn keyed(
    guard: &Guard,
    caller: &Principal,
    key: &str,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, PACK_BYTES).await;
    let body = body.map_err(|_| Problem::too_large("body_too_large", "the body", PACK_BYTES))?;
    let mut digest = blake3::Hasher::new();
    digest.update(head.method.as_str().as_bytes()).update(b"\0");
    digest.update(head.uri.to_string().as_bytes()).update(b"\0").update(&body);
    let digest = digest.finalize().to_hex().to_string();
    let sender = caller.user.id.to_string();
    let (store, now) = (guard.app().store().clone(), guard.app().now);
    match store.begin_request(&sender, key, &digest, now()).await? {
        Seen::New => {}
        Seen::Underway => {
            return Err(Problem::conflict("in_progress", "a request with this idempotency key is being done")
                .hint("send it again in a moment"));
        }
        Seen::Answered { digest: first, status, body } if first == digest => return Ok(again(status, body)),
        Seen::Answered { .. } => {
            return Err(Problem::conflict("key_reused", "the idempotency key was used for another request")
                .hint("make a fresh key for each request"));
        }
    }
    let answer = next.run(Request::from_parts(head, Body::from(body))).await;
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    // What failed on our side may work the next time; a secret is told once and not kept.
    let final_answer = !head.status.is_server_error() && head.status != StatusCode::TOO_MANY_REQUESTS;
    let keeps = final_answer && body.len() <= ANSWER_MAX && head.extensions.get::<ToldOnce>().is_none();
    store.end_request(&sender, key, keeps.then(|| (head.status.as_u16(), body.to_vec()))).await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

/// Marks an answer that is never kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToldOnce;

fn again(status: u16, body: Vec<u8>) -> Response {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    answer
}
