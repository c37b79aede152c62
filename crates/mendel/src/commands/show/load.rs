//! Everything about a run that answers are made of, brought together once.

use mendel_api::{Client, ClientError, ConsolePage, SeriesData, SeriesInfo};
use mendel_model::{Artifact, ConsoleLine, Manifest, ModelRecord, Output, Run, RunId, StepResult};
use serde_json::{Map, Value, json};

use crate::{
    exit::Failure,
    render::{document, value},
};

const CONSOLE_PAGE: usize = 10_000;

/// A run with what belongs to it.
pub struct RunView {
    /// The run.
    pub run: Run,
    /// Its series, sorted by name, those of the machine last.
    pub series: Vec<SeriesInfo>,
    /// Its artifacts, the newest of each name.
    pub artifacts: Vec<Artifact>,
    /// The models it read or made.
    pub models: Vec<ModelRecord>,
    /// What its step depended on and made, once it completed.
    pub result: Option<StepResult>,
}

impl RunView {
    /// Asks for all of it.
    pub async fn load(client: &Client, run: Run) -> Result<Self, ClientError> {
        let id = run.facts.id;
        let mut series = client.series(id).await?;
        series.sort_by_cached_key(|info| (document::is_machine(&info.metric), info.key()));
        let artifacts = client.artifacts(id).await?;
        let models = client.models(Some(id)).await?;
        let result = client.result_of(id).await?;
        Ok(Self { run, series, artifacts, models, result })
    }

    /// What the run made: values it handed over by name, and files by path.
    pub fn outputs(&self) -> Map<String, Value> {
        let mut outputs = Map::new();
        for output in self.files() {
            let told = json!({"path": output.path, "digest": output.digest, "size": output.size, "kept": output.kept});
            outputs.insert(output.path.clone(), told);
        }
        for artifact in self.artifacts.iter().filter(|artifact| artifact.kind == "output") {
            let told = artifact.metadata.get("value").cloned();
            let told = told.unwrap_or_else(|| serde_json::from_str(&artifact.preview).unwrap_or_else(|_| json!(artifact.preview)));
            outputs.insert(artifact.name.clone(), told);
        }
        outputs
    }

    /// The files it wrote.
    pub fn files(&self) -> &[Output] {
        self.result.as_ref().map_or(&[], |result| &result.outputs)
    }

    /// The series of the work itself.
    pub fn telling(&self) -> impl Iterator<Item = &SeriesInfo> {
        self.series.iter().filter(|info| !document::is_machine(&info.metric))
    }
}

/// The code tree of a run.
pub async fn manifest(client: &Client, run: &Run) -> Result<Option<Manifest>, Failure> {
    let Some(digest) = run.facts.snapshot else { return Ok(None) };
    let bytes = client.blob(&digest).await?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Failure::trouble_hint(format!("the snapshot of @{} cannot be read: {error}", run.number), "`mendel doctor` tells what is damaged")
    })
}

/// Every console line of a run.
pub async fn console(client: &Client, id: RunId) -> Result<Vec<ConsoleLine>, ClientError> {
    let mut lines = Vec::new();
    let mut after = 0;
    loop {
        let ConsolePage { lines: more, next } = client.console(id, after, CONSOLE_PAGE).await?;
        if more.is_empty() {
            return Ok(lines);
        }
        lines.extend(more);
        after = next;
    }
}

/// Points as `[[step, value], …]`.
pub fn pairs(data: &SeriesData) -> Value {
    let pairs = data.steps.iter().zip(&data.values).map(|(step, value)| json!([step, value::json(*value)]));
    Value::Array(pairs.collect())
}

/// Last, smallest and largest value of a series with their steps.
pub fn summary(info: &SeriesInfo) -> Value {
    json!({
        "last": value::json(info.last.value),
        "step": info.last.step,
        "min": info.min.map(|extreme| value::json(extreme.value)),
        "max": info.max.map(|extreme| value::json(extreme.value)),
        "count": info.count,
    })
}
