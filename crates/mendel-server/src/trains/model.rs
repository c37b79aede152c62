//! Models: those of the registry, whoever made them.

mod edit;
mod get;
mod life;
mod shape;

use mendel_model::{Model, ModelUse, Run, RunId};

use super::{Answer, call::Call, refusal::Refusal};

pub(super) use get::list;
pub(super) use life::{discard, forget_task, publish_last};

/// Answers an endpoint of `models`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "create" => edit::create(call).await,
        "edit" => edit::edit(call, true).await,
        "update" => edit::edit(call, false).await,
        "update_for_task" => edit::update_for_task(call).await,
        "update_tags" => edit::update_tags(call).await,
        "add_or_update_metadata" => edit::add_metadata(call).await,
        "delete_metadata" => edit::delete_metadata(call).await,
        "move" => edit::relocate(call).await,
        "make_public" => edit::publicity(call, true).await,
        "make_private" => edit::publicity(call, false).await,
        "get_by_id" => get::by_id(call).await,
        "get_by_id_ex" | "get_all_ex" => get::all(call, true).await,
        "get_all" => get::all(call, false).await,
        "get_by_task_id" => get::by_task(call).await,
        "get_frameworks" => get::frameworks(call).await,
        "set_ready" => life::set_ready(call).await,
        "publish_many" => life::publish_many(call).await,
        "archive_many" => life::archive_many(call, true).await,
        "unarchive_many" => life::archive_many(call, false).await,
        "delete" => life::delete_one(call).await,
        "delete_many" => life::delete_many(call).await,
        _ => return None,
    })
}

/// The model of that id.
pub(super) async fn find(call: &Call, id: &str) -> Result<Model, Refusal> {
    let found = call.app.store.registered_models(Some(&[id.to_owned()])).await?.pop();
    found.ok_or_else(|| Refusal::no_model(id))
}

/// The models that a run made, as far as they are in the registry.
pub(super) async fn made_by(call: &Call, run: &Run) -> Result<Vec<Model>, Refusal> {
    let linked = call.app.store.linked_models(&[run.number]).await?;
    let ids: Vec<String> = linked
        .into_iter()
        .filter(|(_, record)| record.usage == ModelUse::Output)
        .map(|(_, record)| record.id)
        .collect();
    let models = call.app.store.registered_models(Some(&ids)).await?;
    let id: RunId = run.facts.id;
    Ok(models.into_iter().filter(|model| model.task == id.to_string()).collect())
}
