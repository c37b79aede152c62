//! Which metrics and variants tasks have.

use std::collections::{BTreeMap, BTreeSet};

use mendel_model::{EventKind, Run};
use mendel_store::EventQuery;
use serde_json::{Value, json};

use super::target::{several, target};
use crate::trains::{
    Answer,
    call::Call,
    refusal::Refusal,
    value::{text, told},
};

type Names = BTreeMap<String, BTreeSet<String>>;

/// Kinds of events that a word of the dialect means.
pub(super) fn kinds(word: &str) -> Option<&'static [EventKind]> {
    Some(match word {
        "plot" => &[EventKind::Plot, EventKind::Table],
        "training_debug_image" => &[EventKind::Image, EventKind::Media],
        "training_stats_vector" => &[EventKind::Vector],
        _ => return None,
    })
}

/// The names of a run's series and single values.
async fn scalar_names(call: &Call, run: &Run, names: &mut Names) -> Result<(), Refusal> {
    for summary in call.app.store.series(run.facts.id).await? {
        names.entry(summary.key.metric).or_default().insert(summary.key.variant);
    }
    for event in call.app.store.single_values(&[run.number]).await?.remove(&run.number).unwrap_or_default() {
        names.entry(event.metric).or_default().insert(event.variant);
    }
    Ok(())
}

/// The names of a run's events of some kinds.
async fn event_names(call: &Call, run: &Run, kinds: &[EventKind], names: &mut Names) -> Result<(), Refusal> {
    for kind in kinds {
        let query = EventQuery { kind: Some(*kind), ..EventQuery::default() };
        for event in call.app.store.events(run.facts.id, &query).await? {
            names.entry(event.metric).or_default().insert(event.variant);
        }
    }
    Ok(())
}

/// The names of a run's events of a type; of all where none is named.
async fn names_of(call: &Call, run: &Run, kind: Option<&str>) -> Result<Names, Refusal> {
    let mut names = Names::new();
    match kind {
        Some("training_stats_scalar") => scalar_names(call, run, &mut names).await?,
        Some(word) => event_names(call, run, kinds(word).unwrap_or(&[]), &mut names).await?,
        None => {
            scalar_names(call, run, &mut names).await?;
            for word in ["plot", "training_debug_image", "training_stats_vector"] {
                event_names(call, run, kinds(word).unwrap_or(&[]), &mut names).await?;
            }
        }
    }
    Ok(names)
}

/// `events.get_scalar_metrics_and_variants`
pub(super) async fn scalars(call: &Call) -> Answer {
    one(call, "training_stats_scalar").await
}

/// `events.get_vector_metrics_and_variants`
pub(super) async fn vectors(call: &Call) -> Answer {
    one(call, "training_stats_vector").await
}

async fn one(call: &Call, kind: &str) -> Answer {
    let names = match target(call).await? {
        Some(run) => names_of(call, &run, Some(kind)).await?,
        None => Names::new(),
    };
    Ok(told(json!({"metrics": names})))
}

/// `events.get_task_metrics`
pub(super) async fn of_tasks(call: &Call) -> Answer {
    let mut metrics = Vec::new();
    for run in several(call).await? {
        let names = names_of(call, &run, text(&call.data, "event_type")).await?;
        let own: Vec<Value> =
            names.into_iter().map(|(metric, variants)| json!({"metric": metric, "variants": variants})).collect();
        metrics.push(json!({"task": run.facts.id, "metrics": own}));
    }
    Ok(told(json!({"metrics": metrics})))
}

/// `events.get_multi_task_metrics`
pub(super) async fn multi(call: &Call) -> Answer {
    let mut all = Names::new();
    for run in several(call).await? {
        for (metric, variants) in names_of(call, &run, text(&call.data, "event_type")).await? {
            all.entry(metric).or_default().extend(variants);
        }
    }
    let metrics: Vec<Value> =
        all.into_iter().map(|(metric, variants)| json!({"metric": metric, "variants": variants})).collect();
    Ok(told(json!({"metrics": metrics})))
}
