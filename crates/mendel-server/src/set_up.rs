//! `POST /api/v1/set-up`: the first admin of a new server.
//!
//! The way in is a secret that the server prints when it starts without users. It is kept as
//! a hash, works once, and is of no use once there is a user.

use std::sync::Arc;

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{ServerRole, UserKind};
use mendel_store::StoreError;
use serde_json::json;

use crate::{
    App,
    access::{Caller, KEY_LIFE, Principal, new_user, random},
    problem::Problem,
    request::Told,
};

const SECRET: &str = "set-up";

/// The secret of a fresh set-up link; none once there is a user.
pub async fn open_set_up(app: &App) -> Result<Option<String>, StoreError> {
    if app.store.has_users().await? {
        app.store.forget_secret(SECRET).await?;
        return Ok(None);
    }
    // An older link ends with the start that printed it.
    app.store.forget_secret(SECRET).await?;
    let secret = random(40);
    app.store.secret(SECRET, blake3::hash(secret.as_bytes()).as_bytes(), (app.now)()).await?;
    Ok(Some(secret))
}

/// Make the first admin
pub(crate) async fn set_up(
    State(app): State<App>,
    Told(wanted): Told<api::SetUp>,
) -> Result<Json<api::CreatedKey>, Problem> {
    let kept = app.store.secret_if_any(SECRET).await?;
    let given = blake3::hash(wanted.secret.as_bytes());
    let same = kept.is_some_and(|kept| blake3::Hash::from_slice(&kept).is_ok_and(|kept| kept == given));
    if !same {
        return Err(Problem::no("set-up link", "of that secret"));
    }
    let (full_name, kind, role) = (String::new(), UserKind::Person, ServerRole::Admin);
    let user = new_user(&api::NewUser { name: wanted.name, full_name, kind, role }, (app.now)());
    if !app.store.create_first_user(&user).await? {
        return Err(Problem::no("set-up link", "of that secret"));
    }
    app.store.forget_secret(SECRET).await?;
    let pair = app.access.create_key(&user, "set-up", Some(KEY_LIFE)).await?;
    let caller = Caller(Arc::new(Principal::owner()));
    app.note(&caller, "user.create", &user.name, "", json!({"after": {"role": role}})).await?;
    Ok(Json(api::CreatedKey {
        user: user.name,
        access_key: pair.access_key,
        secret_key: pair.secret_key,
        label: "set-up".into(),
    }))
}
