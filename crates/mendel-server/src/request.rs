//! How a request is read: path, query and body, each with refusals in our own shape.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    response::IntoResponse,
};
use http::{StatusCode, request::Parts};
use mendel_api::Pairs;
use serde::de::DeserializeOwned;

use crate::{json_limits::too_complex, problem::Problem};

/// What the path names.
pub(crate) struct Named<T>(pub(crate) T);

/// What the query asks.
pub(crate) struct Asked(pub(crate) Pairs);

/// What a JSON body tells.
pub(crate) struct Told<T>(pub(crate) T);

/// The bytes of a body.
pub(crate) struct Sent(pub(crate) Bytes);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(rejection) => Err(Problem::new(StatusCode::BAD_REQUEST, "bad_address", rejection.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Pairs::read(parts.uri.query().unwrap_or_default())))
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is too large")
                        .hint("send it in smaller parts"))
                }
                _ => Err(Problem::new(StatusCode::BAD_REQUEST, "unreadable", "the body ended too early")),
            },
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Sent(bytes) = Sent::from_request(request, state).await?;
        if let Some(why) = too_complex(&bytes) {
            return Err(Problem::invalid("too_complex", format!("the body is too complex: {why}")));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Problem::invalid("invalid", error.to_string()),
            _ => Problem::new(StatusCode::BAD_REQUEST, "unreadable", format!("the body is not JSON: {error}")),
        })
    }
}
