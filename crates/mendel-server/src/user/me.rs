//! `GET /api/v1/me`

use axum::Json;
use mendel_model::User;

use crate::access::Caller;

/// Who asks
pub(crate) async fn show_me(Caller(caller): Caller) -> Json<User> {
    Json(caller.user.clone())
}
