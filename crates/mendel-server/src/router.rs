//! Which address leads to which endpoint.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{delete, get, patch, post, put},
};
use http::{Method, StatusCode, Uri};
use mendel_api::PACK_BYTES;
use mendel_model::limits;

use crate::{
    App,
    access::Principal,
    artifact, batch, blob, console, event, hello, key, note,
    problem::{Problem, report_defects},
    project, record, result, run, series, upkeep, user,
};

/// Bytes in one request that makes runs: a grid is made whole, so it may be larger than
/// other bodies.
const GRID_BYTES: usize = 64 << 20;

/// The whole interface over `app`, for whoever may read its store anyway.
pub fn router(app: App) -> Router {
    interface(app).layer(Extension(Arc::new(Principal::owner())))
}

/// The whole interface over `app`. Whoever puts something in front of it says who asks.
pub(crate) fn interface(app: App) -> Router {
    let interface = Router::new()
        .route("/", get(hello::hello))
        .merge(runs())
        .merge(blobs())
        .merge(upkeep())
        .merge(people())
        .route("/models", get(artifact::models::list_models))
        .route("/results", post(result::put::put_results).get(result::list::list_results))
        .route("/results/find", post(result::find::find_results))
        .route("/projects", post(project::create::create_project).get(project::list::list_projects))
        .route("/projects/{name}", get(project::show::show_project))
        .route("/batches/{id}", get(batch::show::show_batch))
        .route("/notes/find", post(note::find::find_notes))
        .route("/notes/{key}", put(note::put::put_note).get(note::show::show_note));
    Router::new()
        .nest("/api/v1", interface)
        .route("/api/v1/", get(hello::hello))
        .fallback(no_address)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), report_defects))
        .with_state(app)
}

fn runs() -> Router<App> {
    let create = post(run::create::create_runs).layer(DefaultBodyLimit::max(GRID_BYTES));
    Router::new()
        .route("/runs", create.get(run::list::list_runs))
        .route("/runs/query", post(run::list::query_runs))
        .route("/runs/{run}", get(run::show::show_run).patch(run::update::update_run).delete(run::delete::delete_run))
        .route("/runs/{run}/status", post(run::status::move_run))
        .route("/runs/{run}/records", post(record::append::append_records))
        .route("/runs/{run}/series", get(series::list::list_series))
        .route("/runs/{run}/points", get(series::points::read_points))
        .route("/runs/{run}/buckets", get(series::buckets::read_buckets))
        .route("/runs/{run}/console", get(console::read::read_console))
        .route("/runs/{run}/events", get(event::list::list_events))
        .route("/runs/{run}/artifacts", get(artifact::list::list_artifacts))
        .route("/runs/{run}/artifacts/{name}", get(artifact::history::artifact_history))
        .route("/runs/{run}/result", get(result::of_run::result_of_run))
        .route("/runs/{run}/results", get(result::all_of_run::results_of_run))
        .route("/runs/{run}/batches", get(batch::of_run::batches_of_run))
}

fn blobs() -> Router<App> {
    let many = post(blob::put_many::put_blobs).layer(DefaultBodyLimit::max(PACK_BYTES));
    Router::new()
        .route("/blobs", many)
        .route("/blobs/missing", post(blob::missing::missing_blobs))
        .route("/blobs/{digest}", put(blob::put::put_chunk).get(blob::get::get_blob))
        .route("/blobs/{digest}/upload", get(blob::upload::upload_state))
}

fn people() -> Router<App> {
    Router::new()
        .route("/me", get(user::me::show_me))
        .route("/users", get(user::list::list_users).post(user::create::create_user))
        .route("/users/{name}", patch(user::update::update_user))
        .route("/keys", get(key::list::list_keys).post(key::create::create_key))
        .route("/keys/{key}", delete(key::revoke::revoke_key))
}

fn upkeep() -> Router<App> {
    Router::new()
        .route("/upkeep/seal", post(upkeep::seal::seal))
        .route("/upkeep/check", post(upkeep::check::check))
        .route("/upkeep/repair", post(upkeep::repair::repair))
        .route("/upkeep/garbage", post(upkeep::garbage::collect_garbage))
        .route("/upkeep/backup", post(upkeep::backup::backup))
}

async fn no_address(uri: Uri) -> Problem {
    let message = format!("there is no address `{}`", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "no_address", message).hint("everything lies below `/api/v1`")
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let message = format!("`{}` does not know `{method}`", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_method", message)
}
