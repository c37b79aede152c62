//! Tags of several tasks, and the mark of what is put away.

use mendel_model::{Run, Status};
use serde_json::{Value, json};

use super::facts::{find_all, id_of, mark_archived, refuse_public};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    value::{tags, texts, told},
};

/// `tasks.update_tags`
pub(super) async fn update_tags(call: &Call) -> Answer {
    let ids = texts(&call.data, "ids").unwrap_or_default();
    if ids.is_empty() {
        return Err(Refusal::invalid("`ids` is empty").with("field", "ids"));
    }
    let add = tags(&call.data, "add_tags")?.unwrap_or_default();
    let remove = tags(&call.data, "remove_tags")?.unwrap_or_default();
    if add.is_empty() && remove.is_empty() {
        return Err(Refusal::missing(&["add_tags", "remove_tags"]));
    }
    let now = (call.app.now)();
    let runs = find_all(call, &ids).await?;
    for run in &runs {
        let change = |run: &mut Run| {
            refuse_public(run)?;
            run.facts.tags.retain(|tag| !remove.contains(tag));
            run.facts.tags.extend(add.iter().cloned());
            run.facts.tags.sort();
            run.facts.tags.dedup();
            run.updated = run.updated.max(now);
            Ok::<_, Refusal>(())
        };
        call.app.store.rewrite_run(run.facts.id, now, change).await?;
    }
    Ok(told(json!({"updated": runs.len()})))
}

/// `tasks.archive`
pub(super) async fn archive(call: &Call) -> Answer {
    let ids = texts(&call.data, "tasks").unwrap_or_default();
    let mut count = 0;
    for run in find_all(call, &ids).await? {
        put_away(call, &run.facts.id.to_string(), true).await?;
        count += 1;
    }
    Ok(told(json!({"archived": count})))
}

/// Puts a task away, out of its queue too, or takes it back.
pub(super) async fn put_away(call: &Call, id: &str, away: bool) -> Answer {
    let id = id_of(id)?;
    let now = (call.app.now)();
    let store = &call.app.store;
    let change = |run: &mut Run| {
        refuse_public(run)?;
        if away && run.status == Status::Queued {
            run.stand(super::queueing::status_before(run), "", "", now);
            super::set_extra(run, "queue", Value::Null);
        }
        mark_archived(run, away);
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(Object::new())
    };
    let (_, answer) = store.rewrite_run(id, now, change).await?;
    if away {
        store.leave_queue(None, id).await?;
    }
    Ok(answer)
}
