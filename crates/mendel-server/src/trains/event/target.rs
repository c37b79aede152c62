//! Whose events these are: a task's, or a model's.
//!
//! What is reported of a model lies in a run of the model's id that no list shows.

use mendel_model::{NewRun, Run, RunId, TaskKind};
use mendel_store::RunScan;

use crate::trains::{
    call::Call,
    model,
    refusal::Refusal,
    task::{id_of, set_system_tags},
    value::{flag, needed, texts},
};

/// The runs that events of these tasks, or models, lie in; refuses unknown ids.
pub(super) async fn targets(call: &Call, ids: &[String]) -> Result<Vec<Run>, Refusal> {
    let models = flag(&call.data, "model_events");
    let mut runs = Vec::new();
    for id in ids {
        let run = id_of(id).map_err(|refusal| if models { Refusal::no_model(id) } else { refusal })?;
        let found = call.app.store.run(run);
        match found.await? {
            Some(run) => runs.push(run),
            None if models => drop(model::find(call, id).await?),
            None => return Err(Refusal::no_task(id)),
        }
    }
    Ok(runs)
}

/// The run of the task, or model, that a request names.
pub(super) async fn target(call: &Call) -> Result<Option<Run>, Refusal> {
    Ok(targets(call, &[needed(&call.data, "task")?.to_owned()]).await?.pop())
}

/// The runs of the tasks that a request names.
pub(super) async fn several(call: &Call) -> Result<Vec<Run>, Refusal> {
    let ids = texts(&call.data, "tasks").unwrap_or_default();
    let known: Vec<RunId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let scan = RunScan { ids: Some(known.clone()), facts: true, ..RunScan::default() };
    let runs = call.app.store.scan_runs(&scan).await?;
    let models = flag(&call.data, "model_events");
    if !models && let Some(lost) = ids.iter().find(|id| !runs.iter().any(|run| run.facts.id.to_string() == **id)) {
        return Err(Refusal::no_task(lost));
    }
    Ok(known.iter().filter_map(|id| runs.iter().find(|run| run.facts.id == *id)).cloned().collect())
}

/// The run that keeps what is reported of a model, made when it is needed first.
pub(super) async fn of_model(call: &Call, id: &str) -> Result<Run, Refusal> {
    let model = model::find(call, id).await?;
    let run_id: RunId = id.parse().map_err(|_| Refusal::no_model(id))?;
    let store = &call.app.store;
    if let Some(run) = store.run(run_id).await? {
        return Ok(run);
    }
    let now = (call.app.now)();
    let run = NewRun {
        id: run_id,
        name: model.record.name.clone(),
        project: if model.project.is_empty() { "default".to_owned() } else { model.project.clone() },
        kind: TaskKind::Manual,
        purpose: Default::default(),
        user: model.user.clone(),
        created: now,
        params: Vec::new(),
        tags: Vec::new(),
        comment: String::new(),
        parent: None,
        script: Default::default(),
        snapshot: None,
        identity: None,
        code: None,
        environment: None,
        reasons: Vec::new(),
        documents: Default::default(),
        owner: None,
    };
    store.create_runs(&[run], None, now).await?;
    let hide = |run: &mut Run| {
        set_system_tags(run, ["archived", "hidden", "model"].map(str::to_owned).to_vec());
        Ok::<_, Refusal>(())
    };
    Ok(store.rewrite_run(run_id, now, hide).await?.0)
}
