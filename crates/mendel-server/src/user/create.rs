//! `POST /api/v1/users`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::User;
use serde_json::json;

use crate::{
    App,
    access::{Caller, new_user},
    problem::Problem,
    request::Told,
};

/// Make a user
pub(crate) async fn create_user(
    State(app): State<App>,
    caller: Caller,
    Told(wanted): Told<api::NewUser>,
) -> Result<Json<User>, Problem> {
    let user = new_user(&wanted, (app.now)());
    app.store.create_user(&user).await?;
    app.note(&caller, "user.create", &user.name, "", json!({"after": {"role": user.role, "kind": user.kind}})).await?;
    Ok(Json(user))
}
