//! `POST /api/v1/keys`

use std::time::Duration;

use axum::{Extension, Json, extract::State, response::IntoResponse};
use mendel_api as api;
use mendel_model::ServerRole;
use serde_json::json;

use crate::{
    App,
    access::{Caller, KEY_LIFE, Via},
    problem::Problem,
    request::Told,
    serve::ToldOnce,
};

/// Make a key
///
/// For oneself, or by an admin for another. Its secret is told here and never again.
pub(crate) async fn create_key(
    State(app): State<App>,
    caller: Caller,
    Told(wanted): Told<api::NewKey>,
) -> Result<impl IntoResponse, Problem> {
    let own = &caller.0.user;
    let user = match wanted.user.as_deref().filter(|name| caller.0.via == Via::Place || *name != own.name) {
        Some(_) if own.role != ServerRole::Admin => {
            return Err(Problem::forbidden("only an admin makes keys for others"));
        }
        Some(name) => app.store.user_named(name).await?.ok_or_else(|| Problem::no("user", name))?,
        None if caller.0.via == Via::Place => {
            return Err(Problem::invalid("invalid", "the owner of the workspace is no user")
                .field("user")
                .hint("name one"));
        }
        None => own.clone(),
    };
    let life = wanted.days.map_or(KEY_LIFE, |days| Duration::from_secs(u64::from(days) * 24 * 3600));
    let pair = app.access.create_key(&user, &wanted.label, Some(life)).await?;
    app.note(&caller, "key.create", &pair.access_key, "", json!({"user": user.name})).await?;
    let told = Json(api::CreatedKey {
        user: user.name,
        access_key: pair.access_key,
        secret_key: pair.secret_key,
        label: wanted.label,
    });
    Ok((Extension(ToldOnce), told))
}
