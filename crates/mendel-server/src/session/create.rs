//! `POST /api/v1/sessions`

use std::time::Duration;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use mendel_api as api;

use crate::{
    App,
    access::{SESSION_COOKIE, SESSION_LIFE},
    problem::Problem,
    request::Told,
    serve::Peer,
};

/// Sign a browser in
///
/// The token goes into a cookie that scripts of pages cannot read. Whatever the browser changes
/// afterwards needs the other token of the answer in a header, `X-Mendel-Token`.
pub(crate) async fn create_session(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    use axum::extract::FromRequest as _;
    let from = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let Told(wanted) = Told::<api::SignIn>::from_request(request, &app).await?;
    let caller = app.access.sign_in(&wanted.access_key, &wanted.secret_key, from).await?;
    let life = Duration::from_secs(SESSION_LIFE);
    let token = app.access.issue_token(&caller, life).await?;
    let claims = app.access.read_token(&token).await?.ok_or_else(|| Problem::no("session", "of that token"))?;
    let secure = if app.encrypted { "; Secure" } else { "" };
    let cookie = format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={SESSION_LIFE}{secure}");
    let session = api::Session { user: caller.user.clone(), token: app.access.page_token(&claims.session_id).await? };
    let mut answer = Json(session).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}
