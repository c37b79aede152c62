//! The way to a router in the same process: no socket, no copies of the body.

use std::sync::{Mutex, PoisonError};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, Response};
use mendel_api::{BoxFuture, Transport, TransportError};
use tower::ServiceExt;

/// Hands the requests of a client to a router.
#[derive(Debug)]
pub struct RouterTransport(Mutex<Router>);

impl RouterTransport {
    /// A transport to `router`.
    pub fn new(router: Router) -> Self {
        Self(Mutex::new(router))
    }
}

impl Transport for RouterTransport {
    fn call(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let router = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let answer = match router.oneshot(request.map(Body::from)).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            let (head, body) = answer.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await;
            let body = body.map_err(|error| TransportError::Inside(Box::new(error)))?;
            Ok(Response::from_parts(head, body))
        })
    }
}
