//! `GET /api/v1/audit`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{ProjectRole, ServerRole, limits::PAGE_ROWS};
use mendel_store::{Audit, AuditEntry};

use crate::{App, access::Caller, problem::Problem, request::Asked};

/// List what was changed
///
/// Newest first: all of it for an admin, that of their projects for owners.
pub(crate) async fn list_audit(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(pairs): Asked,
) -> Result<Json<api::AuditPage>, Problem> {
    let own = |(project, role): (&String, &ProjectRole)| (*role == ProjectRole::Owner).then(|| project.clone());
    let projects = match caller.user.role {
        ServerRole::Admin => None,
        ServerRole::User | ServerRole::Operator => Some(caller.roles.iter().filter_map(own).collect()),
    };
    let limit = pairs.parse("limit")?.unwrap_or(api::DEFAULT_PAGE).min(PAGE_ROWS);
    let entries = app.store.audit(&Audit { projects, before: pairs.parse("cursor")?, limit }).await?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|entry| entry.position.to_string());
    Ok(Json(api::AuditPage { entries: entries.into_iter().map(told).collect(), next }))
}

fn told(entry: AuditEntry) -> api::AuditLine {
    let told = entry.told;
    api::AuditLine {
        time: entry.time,
        actor: told.actor,
        origin: told.origin,
        action: told.action,
        object: told.object,
        project: told.project,
        outcome: told.outcome,
        detail: told.detail,
    }
}
