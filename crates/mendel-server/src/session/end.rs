//! `DELETE /api/v1/sessions`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};

use crate::{
    App,
    access::{Caller, SESSION_COOKIE},
    problem::Problem,
};

/// Sign out
///
/// The token that was shown is of no use from now on, wherever it is.
pub(crate) async fn end_session(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    app.access.revoke_session(&caller.0).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    let gone = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        answer.headers_mut().insert(header::SET_COOKIE, gone);
    }
    Ok(answer)
}
