//! `GET /api/v1/runs/{id}/console?after=&limit=` or `?tail=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::RunId;

use crate::{
    App,
    problem::Problem,
    request::{Asked, Named},
};

/// Read the console
///
/// From a place on, or the newest lines.
pub(crate) async fn read_console(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
) -> Result<Json<api::ConsolePage>, Problem> {
    let page = match api::ConsoleQuery::read(&pairs)? {
        api::ConsoleQuery::After { after, limit } => app.store.console(id, after, limit).await?,
        api::ConsoleQuery::Tail { lines } => app.store.console_tail(id, lines).await?,
    };
    Ok(Json(api::ConsolePage { lines: page.lines, next: page.next }))
}
