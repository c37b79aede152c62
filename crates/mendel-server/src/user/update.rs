//! `PATCH /api/v1/users/{name}`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{ServerRole, User};
use mendel_store::UserChange;
use serde_json::json;

use crate::{
    App,
    access::Caller,
    problem::Problem,
    request::{Named, Told},
};

/// Change a user
///
/// Nobody takes the last way in: the only admin stays one.
pub(crate) async fn update_user(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    Told(update): Told<api::UserUpdate>,
) -> Result<Json<User>, Problem> {
    let user = app.store.user_named(&name).await?.ok_or_else(|| Problem::no("user", &name))?;
    let loses = update.disabled == Some(true) || update.role.is_some_and(|role| role != ServerRole::Admin);
    if user.role == ServerRole::Admin && loses && is_only_admin(&app, &user).await? {
        return Err(Problem::conflict("last_admin", format!("`{name}` is the only admin"))
            .hint("make another user an admin first"));
    }
    let change = UserChange { full_name: update.full_name, role: update.role, disabled: update.disabled };
    let changed = app.store.change_user(user.id, &change).await?.ok_or_else(|| Problem::no("user", &name))?;
    app.access.forget();
    let seen = |user: &User| json!({"role": user.role, "disabled": user.disabled, "full_name": user.full_name});
    app.note(&caller, "user.update", &name, "", json!({"before": seen(&user), "after": seen(&changed)})).await?;
    Ok(Json(changed))
}

async fn is_only_admin(app: &App, user: &User) -> Result<bool, Problem> {
    let users = app.store.users().await?;
    Ok(!users.iter().any(|other| other.id != user.id && other.role == ServerRole::Admin && !other.disabled))
}
