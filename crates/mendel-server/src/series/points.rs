//! `GET /api/v1/runs/{id}/points?metric=&variant=&max=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{RunId, SeriesKey, window_means};

use crate::{
    App,
    problem::Problem,
    request::{Asked, Named},
};

/// Read points
///
/// In the order of their reporting; with `max`, the means of at most so many windows.
pub(crate) async fn read_points(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
) -> Result<Json<api::SeriesData>, Problem> {
    let points = app.store.points(id, &key(&pairs)?, 0).await?;
    Ok(Json(window_means(points, pairs.parse("max")?.unwrap_or(0)).into_iter().collect()))
}

pub(super) fn key(pairs: &api::Pairs) -> Result<SeriesKey, Problem> {
    let metric = pairs.first("metric");
    let metric = metric.ok_or_else(|| Problem::invalid("bad_query", "`metric` is missing").field("metric"))?;
    Ok(SeriesKey { metric: metric.to_owned(), variant: pairs.first("variant").unwrap_or_default().to_owned() })
}
