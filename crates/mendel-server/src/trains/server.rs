//! What the server says of itself.

use serde_json::json;

use super::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    schema,
    value::{flag, told},
};

/// The version that clients hold their features against: three numbers.
const VERSION: &str = "2.0.0";
/// The note that says whether the server may tell its makers how it is used.
const STATISTICS: &str = "report_stats_option";

/// Answers an endpoint of `server`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "info" => Ok(told(json!({
            "version": VERSION, "build": env!("CARGO_PKG_VERSION"), "commit": "", "uid": uid(call),
            "api_version": super::level::Level::NEWEST.to_string(),
        }))),
        "config" => config(call),
        "endpoints" => Ok(endpoints()),
        "get_stats" => stats(call).await,
        "report_stats_option" => report_stats_option(call).await,
        _ => return None,
    })
}

/// What names this installation: the identity of its workspace, where it has one.
fn uid(call: &Call) -> String {
    call.app.workspace.to_string()
}

/// `server.config`: nothing of the configuration leaves the server.
fn config(call: &Call) -> Answer {
    if call.who.is_admin() { Ok(Object::new()) } else { Err(Refusal::role()) }
}

fn endpoints() -> Object {
    let named = |endpoint: &schema::Endpoint| {
        json!({"name": endpoint.name, "min_version": endpoint.since.to_string(), "tier": endpoint.tier,
               "required": endpoint.request.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect::<Vec<_>>(),
               "answer": endpoint.answer.iter().map(|field| field.name.as_str()).collect::<Vec<_>>()})
    };
    told(json!({"endpoints": schema::endpoints().iter().map(named).collect::<Vec<_>>()}))
}

/// `server.get_stats`
async fn stats(call: &Call) -> Answer {
    let store = &call.app.store;
    let runs = store.scan_runs(&mendel_store::RunScan::default()).await?;
    Ok(told(json!({
        "tasks": runs.len(),
        "projects": store.project_records().await?.len(),
        "models": store.registered_models(None).await?.len(),
        "queues": store.queues().await?.len(),
        "workers": super::worker::alive(call).await?.len(),
    })))
}

/// `server.report_stats_option`: nothing is ever sent; the choice is kept.
async fn report_stats_option(call: &Call) -> Answer {
    if call.data.contains_key("enabled") {
        let enabled = flag(&call.data, "enabled");
        call.app.store.put_note(STATISTICS, &json!(enabled)).await?;
    }
    let enabled = call.app.store.note(STATISTICS).await?.and_then(|kept| kept.as_bool()).unwrap_or(false);
    Ok(told(json!({"supported": false, "enabled": enabled, "current_version": VERSION})))
}
