//! `GET` and `PUT /api/v1/projects/{name}/members`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::Member;
use serde_json::json;

use crate::{
    App,
    access::Caller,
    problem::Problem,
    request::{Named, Told},
};

/// Who may do what in a project
pub(crate) async fn list_members(
    State(app): State<App>,
    Named(project): Named<String>,
) -> Result<Json<Vec<Member>>, Problem> {
    Ok(Json(app.store.members(&project).await?))
}

/// Give a role in a project
///
/// To a user, or to everyone who is signed in; no role takes it away.
pub(crate) async fn set_member(
    State(app): State<App>,
    caller: Caller,
    Named(project): Named<String>,
    Told(wanted): Told<api::SetMember>,
) -> Result<Json<Vec<Member>>, Problem> {
    if app.store.project(&project).await?.is_none() {
        return Err(Problem::no("project", project));
    }
    let user = match wanted.user.as_deref() {
        None => None,
        Some(name) => Some(app.store.user_named(name).await?.ok_or_else(|| Problem::no("user", name))?.id),
    };
    app.store.set_member(&project, user, wanted.role).await?;
    app.access.forget();
    let detail = json!({"user": wanted.user, "role": wanted.role});
    app.note(&caller, "project.member", &project, &project, detail).await?;
    Ok(Json(app.store.members(&project).await?))
}
