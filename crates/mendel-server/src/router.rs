//! Which address leads to which endpoint.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware::from_fn_with_state,
    routing::{MethodFilter, get, on},
};
use http::{Method, StatusCode, Uri};
use mendel_api::PACK_BYTES;
use mendel_model::{Need, ProjectRole, limits};

use crate::{
    App,
    access::{Of, Principal, needing},
    artifact, audit, batch, blob, console, event, hello, key, note,
    openapi::{self, Declared},
    problem::{Problem, report_defects},
    project, record, result, run, series, session, set_up, upkeep, user,
};

/// Bytes in one request that makes runs: a grid is made whole, so it may be larger than
/// other bodies.
const GRID_BYTES: usize = 64 << 20;

/// Bytes in one request of somebody who is not known yet.
const SIGN_IN_BYTES: usize = 4 << 10;

/// The whole interface over `app`, for whoever may read its store anyway.
pub fn router(app: App) -> Router {
    interface(app).layer(Extension(Arc::new(Principal::owner())))
}

/// The whole interface over `app`. Whoever puts something in front of it says who asks.
pub(crate) fn interface(app: App) -> Router {
    let routes = Routes { app: app.clone(), router: Router::new(), declared: Vec::new() };
    let interface = upkeep(blobs(runs(people(routes))))
        .on(Method::GET, "/", IDENTITY, Of::Server, hello::hello)
        .on(Method::GET, "/models", IDENTITY, Of::Server, artifact::models::list_models)
        .on(Method::POST, "/results", IDENTITY, Of::Server, result::put::put_results)
        .on(Method::GET, "/results", IDENTITY, Of::Server, result::list::list_results)
        .on(Method::POST, "/results/find", IDENTITY, Of::Server, result::find::find_results)
        .on(Method::GET, "/results/marks", IDENTITY, Of::Server, result::marks::list_marks)
        .on(Method::GET, "/batches/{id}", VIEWER, Of::Batch, batch::show::show_batch)
        .on(Method::POST, "/notes/find", IDENTITY, Of::Server, note::find::find_notes)
        .on(Method::PUT, "/notes/{key}", IDENTITY, Of::Server, note::put::put_note)
        .on(Method::GET, "/notes/{key}", IDENTITY, Of::Server, note::show::show_note);
    let document = openapi::document(&[interface.declared, open_routes(&app).declared].concat());
    Router::new()
        .nest("/api/v1", interface.router)
        .route("/api/v1/", needing(&app, IDENTITY, Of::Server, get(hello::hello)))
        .route("/api/v1/openapi.json", needing(&app, IDENTITY, Of::Server, get(async move || Json(document.clone()))))
        .fallback(no_address)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(app.clone(), report_defects))
        .with_state(app)
}

/// What is answered before anybody is known.
pub(crate) fn open(app: App) -> Router {
    Router::new().nest("/api/v1", open_routes(&app).router).with_state(app)
}

fn open_routes(app: &App) -> Routes {
    Routes { app: app.clone(), router: Router::new(), declared: Vec::new() }
        .on_large(Method::POST, "/set-up", Need::Nothing, Of::Server, SIGN_IN_BYTES, set_up::set_up)
        .on_large(Method::POST, "/sessions", Need::Nothing, Of::Server, SIGN_IN_BYTES, session::create::create_session)
}

/// Routes under way: each comes with what it needs, and is written down for the document.
struct Routes {
    app: App,
    router: Router<App>,
    declared: Vec<Declared>,
}

impl Routes {
    fn on<H, T>(self, method: Method, path: &'static str, need: Need, of: Of, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.on_large(method, path, need, of, limits::BODY_BYTES, handler)
    }

    /// The same with a body of up to `bytes`.
    fn on_large<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        need: Need,
        of: Of,
        bytes: usize,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("a method that HTTP has");
        self.declared.push(Declared::of::<H>(method, path, need));
        let route = on(filter, handler).layer(DefaultBodyLimit::max(bytes));
        self.router = self.router.route(path, needing(&self.app, need, of, route));
        self
    }
}

const IDENTITY: Need = Need::Identity;
const VIEWER: Need = Need::InProject(ProjectRole::Viewer);
const RUNNER: Need = Need::InProject(ProjectRole::Runner);
const OWNER: Need = Need::InProject(ProjectRole::Owner);
const ADMIN: Need = Need::Administer;

fn runs(routes: Routes) -> Routes {
    routes
        .on_large(Method::POST, "/runs", IDENTITY, Of::Server, GRID_BYTES, run::create::create_runs)
        .on(Method::GET, "/runs", IDENTITY, Of::Server, run::list::list_runs)
        .on(Method::POST, "/runs/query", IDENTITY, Of::Server, run::list::query_runs)
        .on(Method::GET, "/runs/{run}", IDENTITY, Of::Server, run::show::show_run)
        .on(Method::PATCH, "/runs/{run}", RUNNER, Of::OwnRun, run::update::update_run)
        .on(Method::DELETE, "/runs/{run}", OWNER, Of::Run, run::delete::delete_run)
        .on(Method::POST, "/runs/{run}/status", RUNNER, Of::OwnRun, run::status::move_run)
        .on(Method::POST, "/runs/{run}/records", RUNNER, Of::OwnRun, record::append::append_records)
        .on(Method::GET, "/runs/{run}/series", VIEWER, Of::Run, series::list::list_series)
        .on(Method::GET, "/runs/{run}/points", VIEWER, Of::Run, series::points::read_points)
        .on(Method::GET, "/runs/{run}/buckets", VIEWER, Of::Run, series::buckets::read_buckets)
        .on(Method::GET, "/runs/{run}/console", VIEWER, Of::Run, console::read::read_console)
        .on(Method::GET, "/runs/{run}/events", VIEWER, Of::Run, event::list::list_events)
        .on(Method::GET, "/runs/{run}/artifacts", VIEWER, Of::Run, artifact::list::list_artifacts)
        .on(Method::GET, "/runs/{run}/artifacts/{name}", VIEWER, Of::Run, artifact::history::artifact_history)
        .on(Method::GET, "/runs/{run}/result", VIEWER, Of::Run, result::of_run::result_of_run)
        .on(Method::GET, "/runs/{run}/results", VIEWER, Of::Run, result::all_of_run::results_of_run)
        .on(Method::GET, "/runs/{run}/stream", VIEWER, Of::Run, run::stream::follow_run)
        .on(Method::GET, "/runs/{run}/batches", VIEWER, Of::Run, batch::of_run::batches_of_run)
}

fn blobs(routes: Routes) -> Routes {
    routes
        .on_large(Method::POST, "/blobs", IDENTITY, Of::Server, PACK_BYTES, blob::put_many::put_blobs)
        .on(Method::POST, "/blobs/adopt", IDENTITY, Of::Server, blob::adopt::adopt_blobs)
        .on(Method::POST, "/blobs/missing", IDENTITY, Of::Server, blob::missing::missing_blobs)
        .on(Method::PUT, "/blobs/{digest}", IDENTITY, Of::Server, blob::put::put_chunk)
        .on(Method::GET, "/blobs/{digest}", IDENTITY, Of::Server, blob::get::get_blob)
        .on(Method::GET, "/blobs/{digest}/upload", IDENTITY, Of::Server, blob::upload::upload_state)
}

fn people(routes: Routes) -> Routes {
    routes
        .on(Method::GET, "/me", IDENTITY, Of::Server, user::me::show_me)
        .on(Method::DELETE, "/sessions", IDENTITY, Of::Server, session::end::end_session)
        .on(Method::GET, "/users", IDENTITY, Of::Server, user::list::list_users)
        .on(Method::POST, "/users", ADMIN, Of::Server, user::create::create_user)
        .on(Method::PATCH, "/users/{name}", ADMIN, Of::Server, user::update::update_user)
        .on(Method::GET, "/keys", IDENTITY, Of::Server, key::list::list_keys)
        .on(Method::POST, "/keys", IDENTITY, Of::Server, key::create::create_key)
        .on(Method::DELETE, "/keys/{key}", IDENTITY, Of::Server, key::revoke::revoke_key)
        .on(Method::POST, "/projects", IDENTITY, Of::Server, project::create::create_project)
        .on(Method::GET, "/projects", IDENTITY, Of::Server, project::list::list_projects)
        .on(Method::GET, "/projects/{name}", VIEWER, Of::Project, project::show::show_project)
        .on(Method::GET, "/projects/{name}/members", VIEWER, Of::Project, project::members::list_members)
        .on(Method::PUT, "/projects/{name}/members", OWNER, Of::Project, project::members::set_member)
        .on(Method::GET, "/audit", IDENTITY, Of::Server, audit::list::list_audit)
}

fn upkeep(routes: Routes) -> Routes {
    routes
        .on(Method::POST, "/upkeep/seal", Need::Operate, Of::Server, upkeep::seal::seal)
        .on(Method::POST, "/upkeep/check", ADMIN, Of::Server, upkeep::check::check)
        .on(Method::POST, "/upkeep/repair", ADMIN, Of::Server, upkeep::repair::repair)
        .on(Method::POST, "/upkeep/garbage", ADMIN, Of::Server, upkeep::garbage::collect_garbage)
        .on(Method::POST, "/upkeep/backup", ADMIN, Of::Server, upkeep::backup::backup)
}

async fn no_address(uri: Uri) -> Problem {
    let message = format!("there is no address `{}`", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "no_address", message).hint("everything lies below `/api/v1`")
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let message = format!("`{}` does not know `{method}`", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_method", message)
}
