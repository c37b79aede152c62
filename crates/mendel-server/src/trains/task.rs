//! Tasks: a task of the dialect is a run.

mod apply;
mod artifact;
mod clone;
mod configuration;
mod create;
mod delete;
mod edit;
mod facts;
mod get;
mod hyperparams;
pub(super) mod legacy;
mod linked;
mod many;
mod queueing;
mod reset;
mod status;
mod stop;
mod tagging;
pub(super) mod told;

use super::{Answer, call::Call};

pub(super) use apply::checked_labels;
pub(super) use clone::clone_into;
pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use edit::refuse_status;
pub(super) use facts::{
    extra, find, hidden, id_of, mark_archived, set_extra, set_system_tags, status_word, system_tags,
};
pub(super) use get::{list, objects, prefix_filter, widen_projects};
pub(super) use linked::record;
pub(super) use queueing::{enqueue, give_back};
pub(super) use status::{Change, publish, refusal_of_status};

/// Answers an endpoint of `tasks`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "create" => create(call, &call.data).await,
        "validate" => create::validate(call).await,
        "get_by_id" => get::by_id(call).await,
        "get_by_id_ex" | "get_all_ex" => get::all(call, true).await,
        "get_all" => get::all(call, false).await,
        "get_types" => get::types(call).await,
        "edit" => edit::edit(call).await,
        "update" => edit::update(call).await,
        "update_batch" => edit::update_batch(call).await,
        "set_requirements" => edit::set_requirements(call).await,
        "ping" => edit::ping(call).await,
        "move" => edit::relocate(call).await,
        "make_public" => edit::publicity(call, true).await,
        "make_private" => edit::publicity(call, false).await,
        "update_tags" => tagging::update_tags(call).await,
        "archive" => tagging::archive(call).await,
        "archive_many" => many::archive(call).await,
        "unarchive_many" => many::unarchive(call).await,
        "clone" => clone::clone(call).await,
        "started" => status::started(call).await,
        "stop" => stop::stop(call).await,
        "stopped" => status::stopped(call).await,
        "completed" => status::completed(call).await,
        "failed" => status::failed(call).await,
        "close" => status::close(call).await,
        "publish" => status::publish_one(call).await,
        "publish_many" => many::publish(call).await,
        "stop_many" => many::stop(call).await,
        "reset" => reset::reset(call).await,
        "reset_many" => many::reset(call).await,
        "delete" => delete::delete_one(call).await,
        "delete_many" => many::delete(call).await,
        "enqueue" => queueing::enqueue_one(call).await,
        "enqueue_many" => many::enqueue(call).await,
        "dequeue" => queueing::dequeue_one(call).await,
        "dequeue_many" => many::dequeue(call).await,
        "edit_hyper_params" => hyperparams::edit(call).await,
        "delete_hyper_params" => hyperparams::delete(call).await,
        "get_hyper_params" => hyperparams::get(call).await,
        "edit_configuration" => configuration::edit(call).await,
        "delete_configuration" => configuration::delete(call).await,
        "get_configurations" => configuration::get(call).await,
        "get_configuration_names" => configuration::names(call).await,
        "add_or_update_artifacts" => artifact::add(call).await,
        "delete_artifacts" => artifact::delete(call).await,
        "add_or_update_model" => linked::add(call).await,
        "delete_models" => linked::delete(call).await,
        _ => return None,
    })
}
