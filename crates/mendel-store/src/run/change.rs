//! Changing what a run says about itself. A published run takes tags and a comment only.

use mendel_model::{Param, Run, RunId, RunUpdate, Status, Timestamp};
use serde_json::Value as Json;

use super::{Held, add_metrics, check_name, create::refuse_cycle, locked, param, write};
use crate::{Result, Store, StoreError, database::Session, project};

impl Store {
    /// Changes what a run says about itself; `attempt` is the fence of a writer.
    pub async fn update_run(&self, id: RunId, attempt: Option<u32>, update: &RunUpdate, now: Timestamp) -> Result<Run> {
        let mut session = self.database.write().await?;
        let held = locked(&mut session, id).await?;
        if let Some(given) = attempt {
            refuse_stale(&held, given)?;
        }
        let mut runs = [change(&mut session, held.run, update, now).await?];
        add_metrics(&mut session, &mut runs).await?;
        session.commit().await?;
        let [run] = runs;
        Ok(run)
    }
}

/// Refuses a writer of another attempt, or of one that was reset away.
pub(super) fn refuse_stale(held: &Held, given: u32) -> Result<()> {
    let current = held.run.attempt;
    match given == current && i64::from(given) > held.forgotten {
        true => Ok(()),
        false => Err(StoreError::StaleAttempt { given, current }),
    }
}

/// Writes `update` to a run that this session holds.
pub(crate) async fn change(session: &mut Session, mut run: Run, update: &RunUpdate, now: Timestamp) -> Result<Run> {
    if run.status == Status::Published && !suits_published(update) {
        return Err(StoreError::Published(run.facts.id));
    }
    check(update)?;
    if let Some(name) = &update.project {
        project::ensure(session, name, now).await?;
    }
    if let Some(Some(parent)) = update.parent {
        refuse_cycle(session, run.facts.id, parent).await?;
    }
    let tags = run.facts.tags.clone();
    apply(&mut run, update);
    run.updated = run.updated.max(now);
    let params = !update.set_params.is_empty() || update.replace_params.is_some();
    if params {
        param::check_params(&run.facts.params)?;
    }
    write(session, &run).await?;
    if params || tags != run.facts.tags {
        param::reindex(session, run.number, &run.facts.params, &run.facts.tags).await?;
    }
    Ok(run)
}

fn check(update: &RunUpdate) -> Result<()> {
    if let Some(name) = &update.name {
        check_name("run", name, true)?;
    }
    if let Some(name) = &update.project {
        check_name("project", name, false)?;
    }
    update.add_tags.iter().try_for_each(|tag| check_name("tag", tag, false))
}

/// Whether an update touches nothing but tags and comment.
fn suits_published(update: &RunUpdate) -> bool {
    let rest = RunUpdate { comment: None, add_tags: Vec::new(), remove_tags: Vec::new(), ..update.clone() };
    rest == RunUpdate::default()
}

fn apply(run: &mut Run, update: &RunUpdate) {
    let facts = &mut run.facts;
    set(&mut facts.name, &update.name);
    set(&mut facts.project, &update.project);
    set(&mut facts.purpose, &update.purpose);
    set(&mut facts.comment, &update.comment);
    set(&mut facts.parent, &update.parent);
    set(&mut facts.script, &update.script);
    set(&mut facts.reasons, &update.reasons);
    facts.tags.retain(|tag| !update.remove_tags.contains(tag));
    for tag in &update.add_tags {
        if !facts.tags.contains(tag) {
            facts.tags.push(tag.clone());
        }
    }
    set(&mut facts.params, &update.replace_params);
    set_params(&mut facts.params, &update.set_params);
    for (name, document) in &update.documents {
        match document {
            Json::Null => facts.documents.remove(name),
            document => facts.documents.insert(name.clone(), document.clone()),
        };
    }
    fill(&mut facts.environment, &update.environment);
    fill(&mut facts.snapshot, &update.snapshot);
    fill(&mut facts.identity, &update.identity);
    fill(&mut facts.code, &update.code);
    set(&mut run.archived, &update.archived);
    set(&mut run.tainted, &update.tainted);
    set(&mut run.last_iteration, &update.last_iteration);
}

fn set<T: Clone>(place: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

fn fill<T: Clone>(place: &mut Option<T>, value: &Option<T>) {
    if value.is_some() {
        place.clone_from(value);
    }
}

fn set_params(params: &mut Vec<Param>, given: &[Param]) {
    for new in given {
        match params.iter_mut().find(|old| old.section == new.section && old.name == new.name) {
            Some(old) => old.clone_from(new),
            None => params.push(new.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_comment_suit_a_published_run_and_nothing_else_does() {
        let tags = RunUpdate { add_tags: vec!["best".into()], comment: Some("x".into()), ..Default::default() };
        assert!(suits_published(&tags));
        assert!(!suits_published(&RunUpdate { name: Some("x".into()), ..Default::default() }));
        assert!(!suits_published(&RunUpdate { parent: Some(None), ..Default::default() }));
    }

    #[test]
    fn a_parameter_that_is_set_again_keeps_its_place() {
        let param = |name: &str, value: i64| {
            serde_json::from_value(serde_json::json!({"name": name, "value": value, "origin": {"from": "code"}}))
                .expect("a parameter")
        };
        let mut params: Vec<Param> = vec![param("a", 1), param("b", 2)];
        set_params(&mut params, &[param("a", 3), param("c", 4)]);
        let names: Vec<_> = params.iter().map(|param| (param.name.as_str(), param.value.as_i64())).collect();
        assert_eq!(names, [("a", Some(3)), ("b", Some(2)), ("c", Some(4))]);
    }
}
