//! `GET /api/v1/users`

use axum::{Json, extract::State};
use mendel_model::User;

use crate::{App, problem::Problem};

/// Every user, by name
pub(crate) async fn list_users(State(app): State<App>) -> Result<Json<Vec<User>>, Problem> {
    Ok(Json(app.store.users().await?))
}
