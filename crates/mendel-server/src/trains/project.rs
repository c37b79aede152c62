//! Projects: paths of names, known to callers by an id.

mod get;
mod pick;
mod stats;
mod write;

use mendel_model::{ProjectRole, ServerRole};
use mendel_store::ProjectRecord;

use super::{
    Answer,
    call::Call,
    directory::Directory,
    refusal::Refusal,
    value::{name, text},
};

pub(super) use get::all as list;

/// Parts of a path, at most.
const DEPTH: usize = 10;

/// Answers an endpoint of `projects`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "create" => write::create(call).await,
        "update" => write::update(call).await,
        "move" => write::relocate(call).await,
        "merge" => write::merge(call).await,
        "delete" => write::delete(call).await,
        "validate_delete" => write::validate_delete(call).await,
        "make_public" => write::publicity(call, true).await,
        "make_private" => write::publicity(call, false).await,
        "get_by_id" => get::by_id(call).await,
        "get_all" => get::all(call, false).await,
        "get_all_ex" => get::all(call, true).await,
        "get_hyper_parameters" => pick::hyper_parameters(call).await,
        "get_hyperparam_values" => pick::hyperparam_values(call).await,
        "get_model_metadata_keys" => pick::metadata_keys(call).await,
        "get_model_metadata_values" => pick::metadata_values(call).await,
        "get_model_tags" => pick::model_tags(call).await,
        "get_project_tags" => pick::project_tags(call).await,
        "get_task_tags" => pick::task_tags(call).await,
        "get_task_parents" => pick::task_parents(call).await,
        "get_unique_metric_variants" => pick::metric_variants(call).await,
        "get_user_names" => pick::user_names(call).await,
        _ => return None,
    })
}

/// Whether a path can be the name of a project.
pub(super) fn check_path(path: &str) -> Result<String, Refusal> {
    let path = name(path)?;
    let parts: Vec<&str> = path.split('/').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(Refusal::bad(407, format!("Invalid project name ({path})")).with("name", path));
    }
    match parts.len() > DEPTH {
        true => Err(Refusal::bad(409, "Project path exceeds the depth limit").with("max_depth", DEPTH)),
        false => Ok(parts.join("/")),
    }
}

/// The project of that path, made with its parents when missing.
pub(super) async fn ensure(call: &Call, path: &str) -> Result<ProjectRecord, Refusal> {
    let path = check_path(path)?;
    let now = (call.app.now)();
    let store = &call.app.store;
    let there = store.project_records().await?;
    let whole = std::iter::once(path.len());
    for end in path.match_indices('/').map(|(end, _)| end).chain(whole) {
        let name = &path[..end];
        if there.iter().any(|record| record.project.name == name) {
            continue;
        }
        store.ensure_project(name, now).await?;
        // Whoever makes a project may do everything in it; an administrator may anyway.
        if let Some(user) = call.who.user().filter(|user| user.role != ServerRole::Admin) {
            store.set_member(name, Some(user.id), Some(ProjectRole::Owner)).await?;
        }
    }
    Ok(store.ensure_project(&path, now).await?)
}

/// The project that things are moved to: its name and its id; none is the top.
pub(super) async fn destination(call: &Call) -> Result<(Option<String>, Option<String>), Refusal> {
    if let Some(wanted) = text(&call.data, "project_name") {
        let record = ensure(call, wanted).await?;
        return Ok((Some(record.project.name), Some(record.id)));
    }
    match call.data.get("project") {
        None => Err(Refusal::missing(&["project", "project_name"])),
        Some(_) => match text(&call.data, "project") {
            None => Ok((None, None)),
            Some(id) => Ok((Some(Directory::read(call).await?.name_of(id)?.to_owned()), Some(id.to_owned()))),
        },
    }
}
