//! What an address needs, declared with it, and the check in front of its handler.
//!
//! An address gets into the router only together with its need, so none is without. What is
//! named in a body is checked by the handler, with the functions below.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::{
    extract::{RawPathParams, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use http::StatusCode;
use mendel_model::{Decision, Need, NewProject, ProjectRole, ProjectType, RunId, ServerRole, decide};

use super::{Caller, Principal, Via};
use crate::{App, problem::Problem};

/// What the object of an address is, and so whose project decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The server itself, or what the handler looks at by itself.
    Server,
    /// A run that the path names by its id.
    Run,
    /// The same, where the address changes it: whoever made it may, and editors.
    OwnRun,
    /// A project that the path names.
    Project,
    /// A batch that the path names.
    Batch,
}

#[derive(Clone)]
struct Rule {
    app: App,
    need: Need,
    of: Of,
}

/// `handler`, behind the check of what it needs.
pub(crate) fn needing(app: &App, need: Need, of: Of, handler: MethodRouter<App>) -> MethodRouter<App> {
    handler.route_layer(from_fn_with_state(Rule { app: app.clone(), need, of }, check))
}

async fn check(State(rule): State<Rule>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Arc<Principal>>().cloned();
    // Whoever may read the store may do anything with it.
    if caller.as_ref().is_some_and(|caller| caller.via == Via::Place) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let named = match parts.extract::<RawPathParams>().await {
        Ok(params) => params.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default(),
        Err(rejection) => return rejection.into_response(),
    };
    match rule.judge(caller.as_deref(), &named).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(),
    }
}

impl Rule {
    async fn judge(&self, caller: Option<&Principal>, named: &str) -> Result<(), Problem> {
        let Some(caller) = caller else {
            return match decide(None, None, self.need) {
                Decision::Allowed => Ok(()),
                Decision::Unauthenticated | Decision::Forbidden | Decision::Hidden => Err(unauthenticated()),
            };
        };
        let hidden = |what| Problem::no(what, named);
        let (need, project, what) = match self.of {
            Of::Server => (self.need, None, "address"),
            Of::Project => (self.need, Some(named.to_owned()), "project"),
            Of::Batch => {
                let id = named.parse().map_err(|_| hidden("batch"))?;
                let batch = self.app.store.batch(id).await?.ok_or_else(|| hidden("batch"))?;
                (self.need, Some(batch.project), "batch")
            }
            Of::Run | Of::OwnRun => {
                let id: RunId = named.parse().map_err(|_| hidden("run"))?;
                let facts = self.app.store.project_and_user_of(id).await?;
                let (project, user) = facts.ok_or_else(|| hidden("run"))?;
                let foreign = self.of == Of::OwnRun && user != caller.user.name;
                let need = if foreign { Need::InProject(ProjectRole::Editor) } else { self.need };
                (need, Some(project), "run")
            }
        };
        let member = project.and_then(|project| caller.role_in(&project));
        match decide(Some(caller.user.role), member, need) {
            Decision::Allowed => Ok(()),
            Decision::Unauthenticated => Err(unauthenticated()),
            Decision::Forbidden => Err(forbidden(need)),
            Decision::Hidden => Err(hidden(what)),
        }
    }
}

fn unauthenticated() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "credentials are missing or not valid")
}

fn forbidden(need: Need) -> Problem {
    let message = match need {
        Need::InProject(role) => format!("this needs the role `{role}` in the project"),
        Need::Operate => "this needs an operator of the server".to_owned(),
        Need::Administer => "this needs an admin of the server".to_owned(),
        Need::Nothing | Need::Identity => "this is not allowed".to_owned(),
    };
    Problem::forbidden(message).hint("an owner of the project or an admin gives roles")
}

impl Principal {
    /// The role in a project; an admin is as its owner.
    pub fn role_in(&self, project: &str) -> Option<ProjectRole> {
        match self.user.role {
            ServerRole::Admin => Some(ProjectRole::Owner),
            ServerRole::User | ServerRole::Operator => self.roles.get(project).copied(),
        }
    }

    /// The projects that may be seen; none for all of them.
    pub fn visible(&self) -> Option<Vec<String>> {
        match self.user.role {
            ServerRole::Admin => None,
            ServerRole::User | ServerRole::Operator => Some(self.roles.keys().cloned().collect()),
        }
    }
}

impl App {
    /// Refuses unless `caller` has `role` in `project`, which is there.
    pub(crate) fn in_project(&self, caller: &Caller, project: &str, role: ProjectRole) -> Result<(), Problem> {
        let need = Need::InProject(role);
        match decide(Some(caller.0.user.role), caller.0.role_in(project), need) {
            Decision::Allowed => Ok(()),
            Decision::Unauthenticated => Err(unauthenticated()),
            Decision::Forbidden => Err(forbidden(need)),
            Decision::Hidden => Err(Problem::no("project", project)),
        }
    }

    /// Refuses unless `caller` may make runs in `project`; a project that is not there is made
    /// theirs.
    pub(crate) async fn enter_project(&self, caller: &Caller, project: &str) -> Result<(), Problem> {
        if caller.0.user.role == ServerRole::Admin || caller.0.role_in(project).is_some() {
            return self.in_project(caller, project, ProjectRole::Runner);
        }
        let (description, kind) = (String::new(), ProjectType::default());
        let wanted = NewProject { name: project.to_owned(), description, kind, created: (self.now)() };
        Problem::when_faulty(wanted.faults())?;
        match self.store.create_project(&wanted).await {
            Ok(_) => self.own_project(caller, project).await,
            // Made since it was looked for, or there and not theirs.
            Err(mendel_store::StoreError::Exists { .. }) => {
                let roles = self.store.roles_of(caller.0.user.id).await?;
                match roles.get(project) {
                    Some(role) if *role >= ProjectRole::Runner => Ok(()),
                    Some(_) => Err(forbidden(Need::InProject(ProjectRole::Runner))),
                    None => Err(Problem::no("project", project)),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes `caller` the owner of a project that was just made.
    pub(crate) async fn own_project(&self, caller: &Caller, project: &str) -> Result<(), Problem> {
        if caller.0.via == Via::Place {
            return Ok(());
        }
        self.store.set_member(project, Some(caller.0.user.id), Some(ProjectRole::Owner)).await?;
        self.access.forget();
        Ok(())
    }

    /// Refuses unless `caller` has `role` in the project of `run`.
    pub(crate) async fn of_run(&self, caller: &Caller, run: RunId, role: ProjectRole) -> Result<(), Problem> {
        if caller.0.user.role == ServerRole::Admin {
            return Ok(());
        }
        let facts = self.store.project_and_user_of(run).await?;
        let (project, _) = facts.ok_or_else(|| Problem::no("run", run))?;
        match caller.0.role_in(&project) {
            None => Err(Problem::no("run", run)),
            Some(_) => self.in_project(caller, &project, role),
        }
    }
}
