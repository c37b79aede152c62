//! The interface of another server, as if it were in this process: what runs here asks a
//! socket beside it, and needs no credentials of its own.

use axum::{Router, extract::Request, response::Response};
use http::{StatusCode, header};
use mendel_api::{Client, PACK_BYTES, Unrepeatable};

use crate::problem::Problem;

/// A router that hands every request to the server of `client`.
pub fn forward_to(client: Client) -> Router {
    Router::new().fallback(move |request| forward(client.clone(), request))
}

async fn forward(client: Client, request: Request) -> Result<Response, Problem> {
    let (mut head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, PACK_BYTES).await;
    let body = body.map_err(|_| Problem::too_large("body_too_large", "the body", PACK_BYTES))?;
    head.headers.remove(header::TRANSFER_ENCODING);
    // Whether to ask again is decided by whoever asked first.
    head.extensions.insert(Unrepeatable);
    let answer = client.forward(http::Request::from_parts(head, body)).await.map_err(|_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unreachable", "the server of the workspace does not answer")
            .hint("what is reported meanwhile waits in the journal")
    })?;
    Ok(answer.map(Into::into))
}
