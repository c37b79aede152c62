//! What a caller may do: the role in the project of each thing that a request names.
//!
//! The rule is that of the model; here stands only which role an endpoint needs. What a
//! caller may not see is told as absent.

use std::{collections::HashMap, sync::Arc};

use mendel_model::{Decision, Need, ProjectRole, RunId, ServerRole, decide};
use serde_json::Value;

use super::{
    Object,
    call::Call,
    refusal::Refusal,
    session::Principal,
    value::{text, texts},
};
use crate::App;

/// The roles of a caller.
#[derive(Debug, Clone)]
pub(super) struct Rights {
    server: Option<ServerRole>,
    roles: Arc<HashMap<String, ProjectRole>>,
}

impl Rights {
    /// What is known of a caller's rights.
    pub(super) async fn of(app: &App, who: &Principal) -> Result<Self, Refusal> {
        let Some(user) = who.user() else { return Ok(Self { server: None, roles: Arc::default() }) };
        let roles = match user.role {
            ServerRole::Admin => HashMap::new(),
            ServerRole::User | ServerRole::Operator => app.store.roles_of(user.id).await?,
        };
        Ok(Self { server: Some(user.role), roles: Arc::new(roles) })
    }

    fn ask(&self, project: &str, need: ProjectRole) -> Decision {
        decide(self.server, self.roles.get(project).copied(), Need::InProject(need))
    }

    /// Whether the caller may read what a project holds.
    pub(super) fn sees(&self, project: &str) -> bool {
        self.ask(project, ProjectRole::Viewer) == Decision::Allowed
    }

    fn is_admin(&self) -> bool {
        self.server == Some(ServerRole::Admin)
    }
}

/// The role that an endpoint needs in the project of what it changes or reads.
fn need(service: &str, action: &str) -> ProjectRole {
    let reads = action.starts_with("get_")
        || [
            "validate",
            "scalar_",
            "multi_task_",
            "vector_",
            "debug_images",
            "plots",
            "next_",
            "download_",
            "clear_scroll",
        ]
        .iter()
        .any(|beginning| action.starts_with(beginning));
    match (service, action) {
        _ if reads => ProjectRole::Viewer,
        (_, "delete" | "delete_many" | "delete_runs" | "merge" | "make_public" | "make_private") => ProjectRole::Owner,
        ("projects", _) => ProjectRole::Editor,
        (_, "publish" | "publish_many" | "move" | "archive" | "archive_many" | "unarchive" | "unarchive_many") => {
            ProjectRole::Editor
        }
        ("models", "set_ready") => ProjectRole::Editor,
        _ => ProjectRole::Runner,
    }
}

/// Refuses a call that names what its caller may not see or change.
pub(super) async fn check(call: &Call) -> Result<(), Refusal> {
    if call.rights.is_admin() || call.who.user().is_none() {
        return Ok(());
    }
    let (service, action) = call.name.split_once('.').unwrap_or((&call.name, ""));
    match service {
        "tasks" | "events" | "models" | "projects" | "reports" | "pipelines" => {}
        "queues" if !action.starts_with("get_") && !["peek_task", "add_task", "remove_task"].contains(&action) => {
            return match decide(call.rights.server, None, Need::Operate) {
                Decision::Allowed => Ok(()),
                Decision::Unauthenticated | Decision::Forbidden | Decision::Hidden => Err(Refusal::role()),
            };
        }
        _ => return Ok(()),
    }
    let role = need(service, action);
    let requests = std::iter::once(&call.data).chain(&call.lines);
    for request in requests {
        for (noun, id) in named(service, action, request) {
            check_one(call, noun, &id, role).await?;
        }
    }
    Ok(())
}

/// The things that a request names: the noun and the id of each.
fn named(service: &str, action: &str, request: &Object) -> Vec<(&'static str, String)> {
    // Queries are narrowed to what may be seen; what they name need not be there.
    if action.starts_with("get_all") || action == "get_by_id_ex" {
        return Vec::new();
    }
    let mut named = Vec::new();
    let own = match service {
        "models" => "model",
        "projects" => "project",
        _ => "task",
    };
    for (key, noun) in [("task", "task"), ("model", "model"), ("project", "project"), ("new_task_project", "project")] {
        named.extend(text(request, key).map(|id| (noun, id.to_owned())));
    }
    for (key, noun) in [("tasks", "task"), ("ids", own), ("projects", "project")] {
        named.extend(texts(request, key).unwrap_or_default().into_iter().map(|id| (noun, id)));
    }
    let metrics = request.get("metrics").and_then(Value::as_array).into_iter().flatten();
    named.extend(metrics.filter_map(|item| Some(("task", item.get("task")?.as_str()?.to_owned()))));
    named
}

async fn check_one(call: &Call, noun: &str, id: &str, role: ProjectRole) -> Result<(), Refusal> {
    let store = &call.app.store;
    let (project, absent) = match noun {
        "model" => {
            let model = store.registered_models(Some(&[id.to_owned()])).await?.pop();
            (model.map(|model| model.project), Refusal::no_model(id))
        }
        "project" => {
            let records = store.project_records().await?;
            let record = records.into_iter().find(|record| record.id == id);
            (record.map(|record| record.project.name), Refusal::no_project(id))
        }
        _ => {
            let project = match id.parse::<RunId>() {
                Ok(id) => store.project_and_user_of(id).await?.map(|(project, _)| project),
                Err(_) => None,
            };
            (project, Refusal::no_task(id))
        }
    };
    // What is not there is refused, or passed over, by the endpoint.
    let Some(project) = project else { return Ok(()) };
    match call.rights.ask(&project, role) {
        Decision::Allowed => Ok(()),
        Decision::Hidden => Err(absent),
        Decision::Forbidden | Decision::Unauthenticated => Err(Refusal::role()),
    }
}
