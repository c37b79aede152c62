//! `DELETE /api/v1/keys/{key}`

use axum::extract::State;
use http::StatusCode;
use mendel_model::ServerRole;

use crate::{App, access::Caller, problem::Problem, request::Named};

/// Take a key back
///
/// One's own, or, as an admin, any. Tokens that were made with it end as well.
pub(crate) async fn revoke_key(
    State(app): State<App>,
    caller: Caller,
    Named(key): Named<String>,
) -> Result<StatusCode, Problem> {
    let own = &caller.0.user;
    let stored = app.store.key(&key).await?;
    let stored = stored.filter(|stored| stored.key.owner == own.id || own.role == ServerRole::Admin);
    if stored.is_none() || !app.access.revoke_key(&key).await? {
        return Err(Problem::no("key", &key));
    }
    app.note(&caller, "key.revoke", &key, "", serde_json::Value::Null).await?;
    Ok(StatusCode::NO_CONTENT)
}
