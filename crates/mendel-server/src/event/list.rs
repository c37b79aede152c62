//! `GET /api/v1/runs/{id}/events?kind=&metric=&variant=&last=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{Event, RunId};
use mendel_store::EventQuery;

use crate::{
    App,
    problem::Problem,
    request::{Asked, Named},
};

/// List events
///
/// Plots, texts, tables and media in the order of their reporting.
pub(crate) async fn list_events(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
) -> Result<Json<Vec<Event>>, Problem> {
    let api::EventQuery { kind, metric, variant, last } = api::EventQuery::read(&pairs)?;
    let events = app.store.events(id, &EventQuery { kind, metric, variant, last }).await?;
    Ok(Json(events))
}
