//! What is remembered of the last completion of a task: a note that the worker wrote.

use std::{collections::BTreeMap, path::Path};

use mendel_api::{Client, ClientError};
use mendel_engine::pipeline::RecordedStage;
use mendel_model::{DependencyKind, Digest, Identity, InputId, Run, RunId, ScopeFile, StageField};
use serde::Deserialize;
use serde_json::Value;

use super::{StagedTask, present::StepOf};
use crate::{context::Context, exit::Failure};

/// The last completion of a task.
#[derive(Debug, Clone, Deserialize)]
pub struct Completion {
    /// The run that completed it.
    pub run: Option<RunId>,
    /// Its specification with the effective config.
    pub full_spec: Value,
    /// Its stages in pipeline order.
    pub pipeline: Vec<RecordedStage>,
    /// Its inputs.
    #[serde(default)]
    pub inputs: Vec<InputId>,
    /// Seconds by stage and by input as JSON.
    #[serde(default)]
    pub times: BTreeMap<String, BTreeMap<String, f64>>,
    /// The steps by input as JSON and by stage.
    #[serde(default)]
    pub steps: BTreeMap<String, BTreeMap<String, RecordedStep>>,
    /// What its stages read, beside their inputs and their code.
    #[serde(default)]
    pub read: Vec<Read>,
    /// For each file among them the stages that read it.
    #[serde(default)]
    pub readers: BTreeMap<String, Vec<String>>,
    /// Why results of its stages never answer again.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// The files that stages wrote through scopes, by input as JSON.
    #[serde(default)]
    pub files: BTreeMap<String, Vec<ScopeFile>>,
    /// The fields of each input as JSON.
    #[serde(default)]
    pub fields: BTreeMap<String, Vec<StageField>>,
    /// The hyperparameters of each input as JSON, as they were used.
    #[serde(default)]
    pub configs: BTreeMap<String, Value>,
    /// How many of its steps the run computed, and how many others did.
    #[serde(default)]
    shares: Option<(usize, usize)>,
    /// Notes that keep the times, steps and fields of many inputs.
    #[serde(default)]
    parts: Vec<String>,
}

/// What a part keeps of some inputs.
#[derive(Deserialize)]
struct Part {
    times: BTreeMap<String, BTreeMap<String, f64>>,
    steps: BTreeMap<String, BTreeMap<String, RecordedStep>>,
    fields: BTreeMap<String, Vec<StageField>>,
    #[serde(default)]
    configs: BTreeMap<String, Value>,
}

/// Something that stages of a completion read.
#[derive(Debug, Clone, Deserialize)]
pub struct Read {
    /// What kind of thing it is.
    pub kind: DependencyKind,
    /// Its path or name; a path got from a scope as it was for that input.
    pub subject: String,
    /// What it was.
    pub digest: Option<Digest>,
    /// The step that read it, where that matters: its stage and its input.
    #[serde(default)]
    pub step: Option<(String, InputId)>,
}

impl Read {
    /// The step of `task` that all files of the project count for, if they do.
    pub fn step<'a>(&'a self, task: &'a StagedTask) -> Option<StepOf<'a>> {
        let (stage, input) = self.step.as_ref()?;
        let place = task.pipeline.stages.iter().position(|known| known.id == *stage)?;
        Some((task, place, input))
    }
}

/// A step of a completion.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct RecordedStep {
    /// What it means.
    pub identity: Identity,
    /// The run that computed it.
    pub run: RunId,
}

impl Completion {
    /// It with all that is kept of its inputs. A part that is missing or means something else
    /// tells nothing of its inputs: they count as never completed.
    pub async fn whole(mut self, client: &Client) -> Result<Self, ClientError> {
        for key in std::mem::take(&mut self.parts) {
            let part = client.note(&key).await?.and_then(|note| serde_json::from_value::<Part>(note).ok());
            let Some(part) = part else { continue };
            self.steps.extend(part.steps);
            self.fields.extend(part.fields);
            self.configs.extend(part.configs);
            for (stage, times) in part.times {
                self.times.entry(stage).or_default().extend(times);
            }
        }
        Ok(self)
    }

    /// How many of its steps `run` computed, and how many others did.
    pub fn shares(&self, run: RunId) -> (usize, usize) {
        if let Some(shares) = self.shares.filter(|_| self.run == Some(run)) {
            return shares;
        }
        let steps = self.steps.values().flat_map(BTreeMap::values);
        steps.fold((0, 0), |(own, other), step| if step.run == run { (own + 1, other) } else { (own, other + 1) })
    }

    /// Seconds that `stage` took for one input: for `input` itself, else on average.
    pub fn seconds(&self, stage: &str, input: &InputId) -> Option<f64> {
        let times = self.times.get(stage)?;
        let mean = || (!times.is_empty()).then(|| times.values().sum::<f64>() / times.len() as f64);
        times.get(&input.json()).copied().or_else(mean)
    }
}

/// The key of the note of the task in `folder`.
pub fn note_key(folder: &str) -> String {
    format!("task:{folder}")
}

/// The last completion of each of `tasks`.
pub async fn completions(context: &Context, tasks: &[StagedTask]) -> Result<Vec<Option<Completion>>, Failure> {
    let keys: Vec<_> = tasks.iter().map(|task| note_key(&task.address)).collect();
    // A note of another version answers nothing: the task counts as never completed.
    Ok(context.client.notes(&keys).await?)
}

/// The completion of its task that `run` made, if it still is the last one.
pub async fn of_run(client: &Client, run: &Run) -> Result<Option<Completion>, ClientError> {
    let address = Path::new(&run.facts.script.root).join(&run.facts.script.entry);
    let note = client.note(&note_key(&address.display().to_string())).await?;
    let completion: Option<Completion> = note.and_then(|note| serde_json::from_value(note).ok());
    match completion.filter(|completion| completion.run == Some(run.facts.id)) {
        Some(completion) => completion.whole(client).await.map(Some),
        None => Ok(None),
    }
}

/// Forgets the completion of the task in `folder`; `of` forgets it only if that run made it.
pub async fn forget(context: &Context, folder: &str, of: Option<RunId>) -> Result<bool, Failure> {
    let key = note_key(folder);
    let Some(note) = context.client.note(&key).await? else { return Ok(false) };
    let made = note.get("run").and_then(Value::as_str).and_then(|run| run.parse().ok());
    if of.is_some() && made != of {
        return Ok(false);
    }
    for part in note.get("parts").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        context.client.put_note(part, &Value::Null).await?;
    }
    context.client.put_note(&key, &Value::Null).await?;
    Ok(true)
}
