//! Where the facts of a task lie in a run.
//!
//! What a run has a place for goes there; the rest are documents of the run, and what only
//! programs of the dialect understand is kept together in the one called `trains`.

use mendel_model::{Run, RunId, Status};
use mendel_store::RunScan;
use serde_json::{Value, json};

use crate::trains::{Object, call::Call, refusal::Refusal};

/// The document with what only this dialect knows.
const EXTRA: &str = "trains";
/// The document with marks that programs set.
const SYSTEM_TAGS: &str = "system_tags";
/// The mark of what is put away.
pub(crate) const ARCHIVED: &str = "archived";

/// The id that a task is named by.
pub(crate) fn id_of(text: &str) -> Result<RunId, Refusal> {
    text.parse().map_err(|_| Refusal::no_task(text))
}

/// The run of that id, with its facts.
pub(crate) async fn find(call: &Call, id: &str) -> Result<Run, Refusal> {
    call.app.store.run(id_of(id)?).await?.ok_or_else(|| Refusal::no_task(id))
}

/// Runs of these ids that are there.
pub(crate) async fn find_all(call: &Call, ids: &[String]) -> Result<Vec<Run>, Refusal> {
    let ids = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let scan = RunScan { ids: Some(ids), facts: true, ..RunScan::default() };
    Ok(call.app.store.scan_runs(&scan).await?)
}

/// A fact that only this dialect knows.
pub(crate) fn extra<'a>(run: &'a Run, key: &str) -> Option<&'a Value> {
    run.facts.documents.get(EXTRA)?.get(key)
}

/// Sets such a fact; null removes it.
pub(crate) fn set_extra(run: &mut Run, key: &str, value: impl Into<Value>) {
    let extra = run.facts.documents.entry(EXTRA).or_insert_with(|| json!({}));
    let Value::Object(extra) = extra else { return };
    match value.into() {
        Value::Null => extra.remove(key),
        value => extra.insert(key.to_owned(), value),
    };
    if extra.is_empty() {
        run.facts.documents.remove(EXTRA);
    }
}

/// The status by its word in the dialect.
pub(crate) fn status_word(run: &Run) -> &'static str {
    match run.status {
        Status::Stopped if extra(run, "closed").is_some() => "closed",
        status => word_of(status),
    }
}

/// A status by its word in the dialect.
pub(crate) fn word_of(status: Status) -> &'static str {
    match status {
        Status::Draft => "created",
        Status::Queued => "queued",
        Status::Running => "in_progress",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Stopped => "stopped",
        Status::Published => "published",
    }
}

/// The status that a word of the dialect means.
pub(crate) fn status_of(word: &str) -> Option<Status> {
    match word {
        "closed" => Some(Status::Stopped),
        "publishing" => Some(Status::Published),
        word => Status::ALL.into_iter().find(|status| word_of(*status) == word),
    }
}

/// The marks that programs set, sorted, with the one of what is put away.
pub(crate) fn system_tags(run: &Run) -> Vec<String> {
    let marks = run.facts.documents.get(SYSTEM_TAGS).and_then(Value::as_array);
    let mut tags: Vec<String> = marks.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if run.archived {
        tags.push(ARCHIVED.to_owned());
    }
    tags.sort();
    tags.dedup();
    tags
}

/// Sets the marks that programs set.
pub(crate) fn set_system_tags(run: &mut Run, mut tags: Vec<String>) {
    run.archived = tags.iter().any(|tag| tag == ARCHIVED);
    tags.retain(|tag| tag != ARCHIVED);
    tags.sort();
    tags.dedup();
    match tags.is_empty() {
        true => run.facts.documents.remove(SYSTEM_TAGS),
        false => run.facts.documents.insert(SYSTEM_TAGS.to_owned(), json!(tags)),
    };
}

/// Puts a task away or takes it back.
pub(crate) fn mark_archived(run: &mut Run, archived: bool) {
    run.archived = archived;
}

/// Whether a task is left out of lists that do not ask for it.
pub(crate) fn hidden(tags: &[String]) -> bool {
    tags.iter().any(|tag| tag == "hidden")
}

/// The document of that name as an object.
pub(crate) fn document<'a>(run: &'a Run, name: &str) -> Option<&'a Object> {
    run.facts.documents.get(name).and_then(Value::as_object)
}

/// Whether a task has a script.
pub(crate) fn has_script(run: &Run) -> bool {
    document(run, "script").is_some() || !run.facts.script.entry.is_empty() || !run.facts.script.repository.is_empty()
}

/// Whether the company of a task is the one of everybody.
pub(crate) fn is_public(run: &Run) -> bool {
    extra(run, "public").is_some()
}

/// Refuses a change of what belongs to everybody.
pub(crate) fn refuse_public(run: &Run) -> Result<(), Refusal> {
    match is_public(run) {
        true => Err(Refusal::new(403, 21, "No write permission (a public task)").with("id", run.facts.id.to_string())),
        false => Ok(()),
    }
}
