//! `GET /api/v1/keys`

use std::collections::HashMap;

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::ServerRole;

use crate::{
    App,
    access::{Caller, Via},
    problem::Problem,
    request::Asked,
};

/// The keys of whoever asks, or, for an admin, of all
pub(crate) async fn list_keys(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(asked): Asked,
) -> Result<Json<Vec<api::ListedKey>>, Problem> {
    let all = asked.parse("all")?.unwrap_or(false) || caller.via == Via::Place;
    if all && caller.user.role != ServerRole::Admin {
        return Err(Problem::forbidden("only an admin sees the keys of others"));
    }
    let names: HashMap<_, _> = app.store.users().await?.into_iter().map(|user| (user.id, user.name)).collect();
    let keys = app.access.list_keys((!all).then_some(caller.user.id)).await?;
    let listed = |key: mendel_model::AccessKey| {
        let name = names.get(&key.owner).cloned().unwrap_or_default();
        api::ListedKey::of(key, name)
    };
    Ok(Json(keys.into_iter().map(listed).collect()))
}
