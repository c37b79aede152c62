//! Causes as reasons that runs keep and answers tell: which symbols, which file and line.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mendel_engine::pipeline::Cause;
use mendel_model::{Reason, ReasonKind};
use serde::{Deserialize, Serialize};

use super::{
    StagedTask,
    prints::{self, Print},
};
use crate::{context::Context, exit::Failure};

/// Symbols that are named in one reason.
const NAMED: usize = 4;

/// What the code of a stage was made of, kept so that a later change can be named.
#[derive(Serialize, Deserialize)]
struct Symbols {
    symbols: prints::Symbols,
}

fn note_key(digest: &str) -> String {
    format!("code:{digest}")
}

/// Keeps what the code of the stages of `task` is made of.
pub async fn keep_symbols(context: &Context, task: &StagedTask) -> Result<(), Failure> {
    let prints: Vec<_> = task.pipeline.code.iter().flatten().collect();
    let keys: Vec<_> = prints.iter().map(|print| note_key(&print.digest.to_string())).collect();
    let known = context.client.notes::<serde::de::IgnoredAny>(&keys).await?;
    for ((print, key), _) in prints.iter().zip(keys).zip(known).filter(|(_, known)| known.is_none()) {
        let symbols = Symbols { symbols: print.symbols().clone() };
        let value = serde_json::to_value(symbols).expect("symbols have text keys");
        context.client.put_note(&key, &value).await?;
    }
    Ok(())
}

/// Names in every cause about code what of it changed.
pub async fn name_symbols(context: &Context, task: &StagedTask, causes: &mut [Cause]) -> Result<(), Failure> {
    for cause in causes {
        let Cause { stage: Some(stage), reason } = cause else { continue };
        if reason.kind != ReasonKind::Code {
            continue;
        }
        let (Some(before), Some(_)) = (&reason.before, &reason.after) else { continue };
        let place = task.pipeline.stages.iter().position(|known| known.id == *stage);
        let Some(print) = place.and_then(|place| task.pipeline.code[place].as_ref()) else { continue };
        let note = context.client.note(&note_key(before)).await?;
        let Some(was) = note.and_then(|note| serde_json::from_value::<Symbols>(note).ok()) else { continue };
        name(reason, &was, print);
    }
    Ok(())
}

fn name(reason: &mut Reason, was: &Symbols, print: &Print) {
    let all: BTreeSet<&Arc<str>> = was.symbols.keys().chain(print.symbols().keys()).collect();
    let digest = |symbols: &prints::Symbols, name: &Arc<str>| symbols.get(name).map(|symbol| symbol.digest);
    let mut changed: Vec<&Arc<str>> =
        all.into_iter().filter(|name| digest(&was.symbols, name) != digest(print.symbols(), name)).collect();
    // A class changes with each of its members: the member says more.
    let members: Vec<Arc<str>> = changed.iter().map(|name| Arc::clone(name)).collect();
    changed.retain(|name| !members.iter().any(|member| member.starts_with(&format!("{name}."))));
    let Some(first) = changed.first() else { return };
    if let Some((file, _)) = first.split_once(':') {
        (reason.file, reason.line) = (Some(file.to_owned()), print.symbols().get(*first).map(|symbol| symbol.line));
    }
    let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut told = Vec::new();
    for symbol in changed.iter().take(NAMED) {
        match symbol.split_once(':') {
            Some((file, name)) => by_file.entry(file).or_default().push(name),
            // What concerns the modules together, as the order in which they run.
            None => told.push(symbol.trim_matches(['(', ')']).to_owned()),
        }
    }
    told.extend(by_file.iter().map(|(file, names)| format!("{file}: {}", names.join(", "))));
    reason.subject = told.join("; ");
    if changed.len() > NAMED {
        reason.subject.push_str(&format!(" and {} more", changed.len() - NAMED));
    }
}

/// The cause as a run keeps it, its stage in the subject.
pub fn of(cause: &Cause) -> Reason {
    let Cause { stage, reason } = cause;
    let mut reason = reason.clone();
    match (reason.kind, stage) {
        (ReasonKind::Code, Some(stage)) if reason.before.is_some() != reason.after.is_some() => {
            reason.kind = ReasonKind::Pipeline;
            reason.subject.clone_from(stage);
        }
        (ReasonKind::Code, Some(stage)) => {
            (reason.before, reason.after) = (None, None);
            reason.subject = format!("{stage}: {}", reason.subject);
        }
        (ReasonKind::Parameter, None) => reason.kind = ReasonKind::Specification,
        (ReasonKind::Parameter, Some(stage)) => reason.subject = format!("{stage}/{}", reason.subject),
        _ => {}
    }
    reason
}
