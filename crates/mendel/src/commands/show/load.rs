//! Everything about a run that answers are made of, brought together once.

use std::collections::BTreeMap;

use mendel_api::{Client, ClientError, ConsolePage, SeriesData, SeriesInfo};
use mendel_model::{Artifact, ConsoleLine, Digest, Manifest, ModelRecord, Run, RunId, StepResult, TaskKind};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    exit::Failure,
    render::{document, value},
    run::staged::record,
};

const CONSOLE_PAGE: usize = 10_000;
/// The type under which files that a run wrote are recorded.
const FILE_KIND: &str = "output";

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
    /// The files it wrote, sorted by path.
    pub files: Vec<WrittenFile>,
    /// What the stages of a pipeline took.
    pub stages: Vec<StageShare>,
}

/// What a run has of one stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageShare {
    /// Its id.
    pub stage: String,
    /// Steps that the run computed.
    pub computed: usize,
    /// Milliseconds that they took together.
    pub duration: u64,
    /// Steps that were answered by what was stored.
    pub reused: usize,
}

/// A file that a run left in its folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WrittenFile {
    /// Path below the folder.
    pub path: String,
    /// Digest of its bytes, where it is known.
    pub digest: Option<Digest>,
    /// Number of bytes.
    pub size: u64,
    /// Whether the bytes are stored.
    pub kept: bool,
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
        let files = files(result.as_ref(), &artifacts);
        let stages = if run.facts.kind == TaskKind::Staged { stages(client, &run).await? } else { Vec::new() };
        let result = result.filter(|_| stages.is_empty());
        Ok(Self { run, series, artifacts, models, result, files, stages })
    }

    /// What the run made: values it handed over by name, and files by path.
    pub fn outputs(&self) -> Map<String, Value> {
        let files = self.files.iter().map(|file| (file.path.clone(), document::value(file)));
        let handed = self
            .artifacts
            .iter()
            .filter_map(|artifact| Some((artifact.name.clone(), artifact.metadata.get("value")?.clone())));
        files.chain(handed).collect()
    }

    /// The artifacts that are not files it left in its folder.
    pub fn named(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.iter().filter(|artifact| artifact.kind != FILE_KIND)
    }

    /// The series of the work itself.
    pub fn telling(&self) -> impl Iterator<Item = &SeriesInfo> {
        self.series.iter().filter(|info| !document::is_machine(&info.metric))
    }
}

/// The files of a step, and those of a run that did not complete one.
fn files(result: Option<&StepResult>, artifacts: &[Artifact]) -> Vec<WrittenFile> {
    let of_step = result.into_iter().flat_map(|result| &result.outputs).map(|output| WrittenFile {
        path: output.path.clone(),
        digest: Some(output.digest),
        size: output.size,
        kept: output.kept,
    });
    let of_run = artifacts.iter().filter(|artifact| artifact.kind == FILE_KIND).map(|artifact| WrittenFile {
        path: artifact.name.clone(),
        digest: artifact.digest,
        size: artifact.size,
        kept: artifact.digest.is_some(),
    });
    // The step knows the digest of what was not kept as well.
    let files: BTreeMap<String, WrittenFile> = of_run.chain(of_step).map(|file| (file.path.clone(), file)).collect();
    files.into_values().collect()
}

/// What the stages of a pipeline took, in the order in which they ran.
async fn stages(client: &Client, run: &Run) -> Result<Vec<StageShare>, ClientError> {
    let mut shares: Vec<StageShare> = Vec::new();
    let place = |shares: &mut Vec<StageShare>, stage: &str| {
        shares.iter().position(|share| share.stage == stage).unwrap_or_else(|| {
            shares.push(StageShare { stage: stage.to_owned(), computed: 0, duration: 0, reused: 0 });
            shares.len() - 1
        })
    };
    let completion = record::of_run(client, run).await?;
    for stage in completion.iter().flat_map(|completion| &completion.pipeline).filter(|stage| stage.enabled) {
        place(&mut shares, &stage.id);
    }
    for result in client.results_of_run(run.facts.id).await? {
        let stage = result.step.split('[').next().unwrap_or(&result.step).to_owned();
        let place = place(&mut shares, &stage);
        shares[place].computed += 1;
        shares[place].duration += result.duration;
    }
    for (stage, step) in completion.iter().flat_map(|completion| completion.steps.values().flatten()) {
        if step.run != run.facts.id {
            let place = place(&mut shares, stage);
            shares[place].reused += 1;
        }
    }
    Ok(shares)
}

/// The code tree of a run.
pub async fn manifest(client: &Client, run: &Run) -> Result<Option<Manifest>, Failure> {
    let Some(digest) = run.facts.snapshot else { return Ok(None) };
    let bytes = client.blob(&digest).await?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Failure::trouble_hint(
            format!("the snapshot of @{} cannot be read: {error}", run.number),
            "`mendel doctor` tells what is damaged",
        )
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
