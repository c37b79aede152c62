//! Artifacts of tasks: the pair of key and mode names one.

use mendel_model::{Artifact, ArtifactMode, Run, RunId, Status, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    edit::{refuse_status, task_id},
    facts::find,
};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    value::{flag, int, items, needed, object, text, told},
};

/// Artifacts are changed while a task is made or runs.
const OPEN: [Status; 2] = [Status::Draft, Status::Running];

/// `tasks.add_or_update_artifacts`
pub(super) async fn add(call: &Call) -> Answer {
    let run = find(call, needed(&call.data, "task")?).await?;
    refuse_status(&run, &OPEN, flag(&call.data, "force"))?;
    let artifacts = read_all(call, call.data.get("artifacts").unwrap_or(&Value::Null)).await?;
    call.app.store.add_artifacts(run.facts.id, &artifacts).await?;
    touch(call, run.facts.id).await?;
    Ok(told(json!({"updated": artifacts.len().min(1)})))
}

/// `tasks.delete_artifacts`
pub(super) async fn delete(call: &Call) -> Answer {
    let run = find(call, needed(&call.data, "task")?).await?;
    refuse_status(&run, &OPEN, flag(&call.data, "force"))?;
    let mut named = Vec::new();
    for item in items(&call.data, "artifacts").iter().filter_map(Value::as_object) {
        let key = text(item, "key").ok_or_else(|| Refusal::missing(&["key"]))?;
        named.push((key.to_owned(), mode(item)));
    }
    let removed = call.app.store.remove_artifacts(run.facts.id, &named).await?;
    touch(call, task_id(call)?).await?;
    Ok(told(json!({"deleted": removed.min(1)})))
}

async fn touch(call: &Call, id: RunId) -> Result<(), Refusal> {
    let now = (call.app.now)();
    let note = |run: &mut Run| {
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_run(id, now, note).await?;
    Ok(())
}

/// Makes the artifacts of a task those of a list.
pub(super) async fn replace(call: &Call, id: RunId, given: &Value) -> Result<(), Refusal> {
    if given.is_null() {
        return Ok(());
    }
    let wanted = read_all(call, given).await?;
    let there = call.app.store.artifacts(id).await?;
    let same = |one: &Artifact, other: &Artifact| one.name == other.name && one.mode == other.mode;
    let gone: Vec<_> = there
        .iter()
        .filter(|old| !wanted.iter().any(|new| same(old, new)))
        .map(|old| (old.name.clone(), old.mode))
        .collect();
    let new: Vec<Artifact> = wanted.into_iter().filter(|new| !there.contains(new)).collect();
    call.app.store.remove_artifacts(id, &gone).await?;
    call.app.store.add_artifacts(id, &new).await?;
    Ok(())
}

async fn read_all(call: &Call, given: &Value) -> Result<Vec<Artifact>, Refusal> {
    let mut artifacts: Vec<Artifact> = Vec::new();
    for item in given.as_array().into_iter().flatten().filter_map(Value::as_object) {
        let artifact = read(call, item).await?;
        artifacts.retain(|other| other.name != artifact.name || other.mode != artifact.mode);
        artifacts.push(artifact);
    }
    Ok(artifacts)
}

fn mode(item: &Object) -> ArtifactMode {
    match text(item, "mode") {
        Some("input") => ArtifactMode::Input,
        _ => ArtifactMode::Output,
    }
}

async fn read(call: &Call, item: &Object) -> Result<Artifact, Refusal> {
    let key = text(item, "key").ok_or_else(|| Refusal::missing(&["key"]))?;
    let data = object(item, "type_data").cloned().unwrap_or_default();
    let uri = text(item, "uri").map(str::to_owned);
    let mut kept = Object::new();
    for (key, value) in
        [("hash", item.get("hash")), ("data_hash", data.get("data_hash")), ("display_data", item.get("display_data"))]
    {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            kept.insert(key.to_owned(), value.clone());
        }
    }
    let mut metadata: Map<String, Value> = Map::new();
    for row in items(item, "display_data") {
        if let Some([Value::String(name), value]) = row.as_array().map(Vec::as_slice) {
            metadata.insert(name.clone(), value.clone());
        }
    }
    if !kept.is_empty() {
        metadata.insert("trains".to_owned(), kept.into());
    }
    let file = match &uri {
        Some(uri) => crate::trains::file::known(call, uri).await?,
        None => None,
    };
    let name = uri.as_deref().and_then(|uri| uri.rsplit('/').next()).unwrap_or(key);
    Ok(Artifact {
        name: key.to_owned(),
        kind: text(item, "type").unwrap_or("custom").to_owned(),
        mode: mode(item),
        digest: file.as_ref().map(|file| file.digest),
        size: int(item, "content_size").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        file: crate::trains::call::unescape(name),
        media: text(&data, "content_type").unwrap_or_default().to_owned(),
        preview: text(&data, "preview").unwrap_or_default().to_owned(),
        metadata,
        uri,
        time: Timestamp(int(item, "timestamp").unwrap_or((call.app.now)().0 / 1000).saturating_mul(1000)),
    })
}
