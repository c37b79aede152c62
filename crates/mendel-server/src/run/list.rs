//! `GET /api/v1/runs`, and `POST /api/v1/runs/query` for a query too long for an address

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::limits::PAGE_ROWS;
use mendel_store::RunQuery;

use crate::{
    App,
    access::Caller,
    problem::Problem,
    request::{Asked, Sent},
};

/// List runs
///
/// A page of those that fulfil every condition of the query.
pub(crate) async fn list_runs(
    State(app): State<App>,
    caller: Caller,
    Asked(pairs): Asked,
) -> Result<Json<api::RunPage>, Problem> {
    page_of(&app, &caller, &pairs).await
}

/// List runs, by a long query
///
/// The body is what the query string would be.
pub(crate) async fn query_runs(
    State(app): State<App>,
    caller: Caller,
    Sent(body): Sent,
) -> Result<Json<api::RunPage>, Problem> {
    page_of(&app, &caller, &api::Pairs::read(&String::from_utf8_lossy(&body))).await
}

async fn page_of(app: &App, caller: &Caller, pairs: &api::Pairs) -> Result<Json<api::RunPage>, Problem> {
    let query = RunQuery { projects: caller.0.visible(), ..understand(api::RunQuery::read(pairs)?)? };
    let page = app.store.runs(&query).await?;
    let end = query.offset + page.runs.len();
    let next = (!page.runs.is_empty() && end < page.total).then(|| end.to_string());
    Ok(Json(api::RunPage { runs: page.runs, total: page.total as u64, next }))
}

fn understand(asked: api::RunQuery) -> Result<RunQuery, Problem> {
    if asked.limit > PAGE_ROWS {
        let message = format!("a page of {} runs is asked for; at most {PAGE_ROWS} fit", asked.limit);
        return Err(Problem::invalid("page_too_large", message).field("limit").hint("go on with `cursor`"));
    }
    let filter = asked.filter.as_deref().map(str::parse).transpose();
    let sort = asked.sort.iter().map(|key| key.parse()).collect::<Result<_, _>>();
    // A cursor says how many runs come before; callers only hand it back.
    let offset = asked.cursor.as_deref().map(str::parse).transpose();
    Ok(RunQuery {
        filter: filter.map_err(|bad| Problem::from(bad).field("filter"))?,
        sort: sort.map_err(|bad| Problem::from(bad).field("sort"))?,
        project: asked.project,
        projects: None,
        ids: asked.ids,
        identity: asked.identity,
        status: asked.status,
        archived: asked.archived,
        parent: asked.parent,
        limit: if asked.limit == 0 { api::DEFAULT_PAGE } else { asked.limit },
        offset: offset
            .map_err(|_| Problem::invalid("bad_query", "`cursor` is not of an earlier page").field("cursor"))?
            .unwrap_or(0),
    })
}
