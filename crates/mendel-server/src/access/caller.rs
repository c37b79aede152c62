//! Whoever asks, as a handler takes them in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{StatusCode, request::Parts};
use mendel_api as api;
use mendel_model::{Timestamp, User, UserId};
use uuid::Uuid;

use super::{Principal, Via};
use crate::problem::Problem;

/// Whoever asks. Without a guard in front there is nobody, and nothing is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Arc<Principal>);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Arc<Principal>>().cloned();
        known.map(Self).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "credentials are missing or not valid")
        })
    }
}

impl Caller {
    /// The key under which a note of theirs is kept. What one user noted about code is not
    /// believed for another.
    pub(crate) fn note_key(&self, key: &str) -> String {
        match self.0.via {
            Via::Place => key.to_owned(),
            Via::Key | Via::Token | Via::Cookie => format!("{}/{key}", self.0.user.id),
        }
    }
}

/// A user to be kept, with an id of their own.
pub(crate) fn new_user(wanted: &api::NewUser, now: Timestamp) -> User {
    User {
        id: UserId::from_uuid(Uuid::now_v7()),
        name: wanted.name.trim().to_owned(),
        full_name: wanted.full_name.trim().to_owned(),
        kind: wanted.kind,
        role: wanted.role,
        created: now,
        disabled: false,
    }
}
