//! Which address leads to which endpoint.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{MethodRouter, delete, get, patch, post, put},
};
use http::{Method, StatusCode, Uri};
use mendel_api::PACK_BYTES;
use mendel_model::{Need, ProjectRole, limits};

use crate::{
    App,
    access::{Of, Principal, needing},
    artifact, audit, batch, blob, console, event, hello, key, note,
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
    let routes = Routes { app: app.clone(), router: Router::new() };
    let interface = upkeep(blobs(runs(people(routes))))
        .on("/", IDENTITY, Of::Server, get(hello::hello))
        .on("/models", IDENTITY, Of::Server, get(artifact::models::list_models))
        .on("/results", IDENTITY, Of::Server, post(result::put::put_results))
        .on("/results", IDENTITY, Of::Server, get(result::list::list_results))
        .on("/results/find", IDENTITY, Of::Server, post(result::find::find_results))
        .on("/batches/{id}", VIEWER, Of::Batch, get(batch::show::show_batch))
        .on("/notes/find", IDENTITY, Of::Server, post(note::find::find_notes))
        .on("/notes/{key}", IDENTITY, Of::Server, put(note::put::put_note))
        .on("/notes/{key}", IDENTITY, Of::Server, get(note::show::show_note));
    Router::new()
        .nest("/api/v1", interface.router)
        .route("/api/v1/", needing(&app, IDENTITY, Of::Server, get(hello::hello)))
        .fallback(no_address)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), report_defects))
        .with_state(app)
}

/// Routes under way: each comes with what it needs.
struct Routes {
    app: App,
    router: Router<App>,
}

impl Routes {
    fn on(mut self, path: &str, need: Need, of: Of, handler: MethodRouter<App>) -> Self {
        self.router = self.router.route(path, needing(&self.app, need, of, handler));
        self
    }
}

const IDENTITY: Need = Need::Identity;
const VIEWER: Need = Need::InProject(ProjectRole::Viewer);
const RUNNER: Need = Need::InProject(ProjectRole::Runner);
const OWNER: Need = Need::InProject(ProjectRole::Owner);
const ADMIN: Need = Need::Administer;

fn runs(routes: Routes) -> Routes {
    let create = post(run::create::create_runs).layer(DefaultBodyLimit::max(GRID_BYTES));
    routes
        .on("/runs", IDENTITY, Of::Server, create)
        .on("/runs", IDENTITY, Of::Server, get(run::list::list_runs))
        .on("/runs/query", IDENTITY, Of::Server, post(run::list::query_runs))
        .on("/runs/{run}", IDENTITY, Of::Server, get(run::show::show_run))
        .on("/runs/{run}", RUNNER, Of::OwnRun, patch(run::update::update_run))
        .on("/runs/{run}", OWNER, Of::Run, delete(run::delete::delete_run))
        .on("/runs/{run}/status", RUNNER, Of::OwnRun, post(run::status::move_run))
        .on("/runs/{run}/records", RUNNER, Of::OwnRun, post(record::append::append_records))
        .on("/runs/{run}/series", VIEWER, Of::Run, get(series::list::list_series))
        .on("/runs/{run}/points", VIEWER, Of::Run, get(series::points::read_points))
        .on("/runs/{run}/buckets", VIEWER, Of::Run, get(series::buckets::read_buckets))
        .on("/runs/{run}/console", VIEWER, Of::Run, get(console::read::read_console))
        .on("/runs/{run}/events", VIEWER, Of::Run, get(event::list::list_events))
        .on("/runs/{run}/artifacts", VIEWER, Of::Run, get(artifact::list::list_artifacts))
        .on("/runs/{run}/artifacts/{name}", VIEWER, Of::Run, get(artifact::history::artifact_history))
        .on("/runs/{run}/result", VIEWER, Of::Run, get(result::of_run::result_of_run))
        .on("/runs/{run}/results", VIEWER, Of::Run, get(result::all_of_run::results_of_run))
        .on("/runs/{run}/batches", VIEWER, Of::Run, get(batch::of_run::batches_of_run))
}

fn blobs(routes: Routes) -> Routes {
    let many = post(blob::put_many::put_blobs).layer(DefaultBodyLimit::max(PACK_BYTES));
    routes
        .on("/blobs", IDENTITY, Of::Server, many)
        .on("/blobs/missing", IDENTITY, Of::Server, post(blob::missing::missing_blobs))
        .on("/blobs/{digest}", IDENTITY, Of::Server, put(blob::put::put_chunk))
        .on("/blobs/{digest}", IDENTITY, Of::Server, get(blob::get::get_blob))
        .on("/blobs/{digest}/upload", IDENTITY, Of::Server, get(blob::upload::upload_state))
}

fn people(routes: Routes) -> Routes {
    routes
        .on("/me", IDENTITY, Of::Server, get(user::me::show_me))
        .on("/users", IDENTITY, Of::Server, get(user::list::list_users))
        .on("/users", ADMIN, Of::Server, post(user::create::create_user))
        .on("/users/{name}", ADMIN, Of::Server, patch(user::update::update_user))
        .on("/keys", IDENTITY, Of::Server, get(key::list::list_keys))
        .on("/keys", IDENTITY, Of::Server, post(key::create::create_key))
        .on("/keys/{key}", IDENTITY, Of::Server, delete(key::revoke::revoke_key))
        .on("/projects", IDENTITY, Of::Server, post(project::create::create_project))
        .on("/projects", IDENTITY, Of::Server, get(project::list::list_projects))
        .on("/projects/{name}", VIEWER, Of::Project, get(project::show::show_project))
        .on("/projects/{name}/members", VIEWER, Of::Project, get(project::members::list_members))
        .on("/projects/{name}/members", OWNER, Of::Project, put(project::members::set_member))
        .on("/audit", IDENTITY, Of::Server, get(audit::list::list_audit))
}

fn upkeep(routes: Routes) -> Routes {
    routes
        .on("/upkeep/seal", Need::Operate, Of::Server, post(upkeep::seal::seal))
        .on("/upkeep/check", ADMIN, Of::Server, post(upkeep::check::check))
        .on("/upkeep/repair", ADMIN, Of::Server, post(upkeep::repair::repair))
        .on("/upkeep/garbage", ADMIN, Of::Server, post(upkeep::garbage::collect_garbage))
        .on("/upkeep/backup", ADMIN, Of::Server, post(upkeep::backup::backup))
}

async fn no_address(uri: Uri) -> Problem {
    let message = format!("there is no address `{}`", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "no_address", message).hint("everything lies below `/api/v1`")
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let message = format!("`{}` does not know `{method}`", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_method", message)
}
