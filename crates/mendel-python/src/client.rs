//! `mendel._native.Client`: asks a server and waits, while other Python threads go on.
//!
//! Documents come and go as JSON text in the shapes of the native interface; Python reads
//! them. In a forked child the connection is made anew.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use mendel_api::{BlobPack, ClientError, CreateRuns, EventQuery, OfferedBlob, PACK_BYTES, PACK_LENGTH, RunQuery};
use mendel_journal::deliver;
use mendel_model::{
    Digest, EventKind, Identity, NewProject, RunId, RunRef, RunUpdate, Status, StatusRecord, StepResult,
};
use pyo3::{prelude::*, types::PyBytes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    content::{Content, Source},
    error::{bad, from_client, from_deliver, unusable},
    fork,
    link::{Carrier, Link},
    marks::Marks,
};

/// Larger blobs go alone, and in chunks.
const PACKED_MAX: usize = 8 << 20;

/// Asks a server.
#[pyclass(name = "Client", module = "mendel._native", frozen)]
pub(crate) struct Client {
    address: String,
    own: Mutex<(u64, Option<Arc<Link>>)>,
}

impl Client {
    pub(crate) fn over(link: Link) -> Self {
        Self { address: link.address.clone(), own: Mutex::new((fork::generation(), Some(Arc::new(link)))) }
    }

    fn link(&self) -> PyResult<Arc<Link>> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        leave_to_parent(&mut own);
        if let Some(link) = &own.1 {
            return Ok(Arc::clone(link));
        }
        let fresh = Arc::new(Link::to(&self.address).map_err(unusable)?);
        *own = (fork::generation(), Some(Arc::clone(&fresh)));
        Ok(fresh)
    }

    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl AsyncFnOnce(&mendel_api::Client) -> Result<T, ClientError> + Send,
    ) -> PyResult<T> {
        let link = self.link()?;
        py.detach(|| link.block_on(question(&link.client))).map_err(from_client)
    }

    fn document<T: Serialize + Send>(
        &self,
        py: Python<'_>,
        question: impl AsyncFnOnce(&mendel_api::Client) -> Result<T, ClientError> + Send,
    ) -> PyResult<String> {
        let link = self.link()?;
        py.detach(|| link.block_on(question(&link.client)).map(|answer| written(&answer))).map_err(from_client)
    }

    fn found<T: Serialize + Send>(
        &self,
        py: Python<'_>,
        question: impl AsyncFnOnce(&mendel_api::Client) -> Result<Option<T>, ClientError> + Send,
    ) -> PyResult<Option<String>> {
        self.ask(py, question).map(|found| found.as_ref().map(written))
    }
}

/// The parent's runtime waits on files that it shares with this process, so that taking it
/// apart here would make the parent wait for ever.
fn leave_to_parent(own: &mut (u64, Option<Arc<Link>>)) {
    if own.0 != fork::generation() {
        std::mem::forget(own.1.take());
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        leave_to_parent(self.own.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

#[pymethods]
impl Client {
    #[new]
    fn new(api: &str) -> PyResult<Self> {
        Link::to(api).map(Self::over).map_err(bad)
    }

    #[getter]
    fn api(&self) -> &str {
        &self.address
    }

    fn hello(&self, py: Python<'_>) -> PyResult<String> {
        self.document(py, async |client| client.hello().await)
    }

    #[pyo3(signature = (request_json, /))]
    fn create_runs(&self, py: Python<'_>, request_json: &str) -> PyResult<String> {
        let wanted: CreateRuns = read(request_json)?;
        self.document(py, async |client| client.create_runs(&wanted).await)
    }

    #[pyo3(signature = (reference, /))]
    fn run(&self, py: Python<'_>, reference: &str) -> PyResult<Option<String>> {
        let reference: RunRef = reference.parse().map_err(bad)?;
        self.found(py, async |client| client.run(&reference).await)
    }

    #[pyo3(signature = (query_json = "{}", /))]
    fn runs(&self, py: Python<'_>, query_json: &str) -> PyResult<String> {
        let query = run_query(query_json)?;
        self.document(py, async |client| client.runs(&query).await)
    }

    #[pyo3(signature = (run, update_json, attempt = None, /))]
    fn update_run(&self, py: Python<'_>, run: &str, update_json: &str, attempt: Option<u32>) -> PyResult<String> {
        let (run, update) = (id(run)?, read::<RunUpdate>(update_json)?);
        self.document(py, async |client| client.update_run(run, attempt, &update).await)
    }

    #[pyo3(signature = (run, change_json, attempt = None, /))]
    fn move_run(&self, py: Python<'_>, run: &str, change_json: &str, attempt: Option<u32>) -> PyResult<String> {
        let run = id(run)?;
        let mut facts: serde_json::Map<String, serde_json::Value> = read(change_json)?;
        facts.entry("time").or_insert_with(|| crate::clock::wall().into());
        let change: StatusRecord = serde_json::from_value(facts.into()).map_err(bad)?;
        self.document(py, async |client| client.move_run(run, attempt, &change).await)
    }

    #[pyo3(signature = (run, /))]
    fn delete_run(&self, py: Python<'_>, run: &str) -> PyResult<()> {
        let run = id(run)?;
        self.ask(py, async |client| client.delete_run(run).await).map(drop)
    }

    #[pyo3(signature = (run, /))]
    fn series(&self, py: Python<'_>, run: &str) -> PyResult<String> {
        let run = id(run)?;
        self.document(py, async |client| client.series(run).await)
    }

    #[pyo3(signature = (run, metric, variant, max = 0, /))]
    fn points<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        metric: &str,
        variant: &str,
        max: usize,
    ) -> PyResult<[Bound<'py, PyBytes>; 3]> {
        let run = id(run)?;
        let data = self.ask(py, async |client| client.points(run, metric, variant, max).await)?;
        let steps: Vec<u8> = data.steps.iter().flat_map(|step| step.to_ne_bytes()).collect();
        let times: Vec<u8> = data.times.iter().flat_map(|time| time.0.to_ne_bytes()).collect();
        let values: Vec<u8> = data.values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        Ok([steps, times, values].map(|column| PyBytes::new(py, &column)))
    }

    #[pyo3(signature = (run, after = 0, limit = 1000, /))]
    fn console(&self, py: Python<'_>, run: &str, after: u64, limit: usize) -> PyResult<String> {
        let run = id(run)?;
        self.document(py, async |client| client.console(run, after, limit).await)
    }

    #[pyo3(signature = (run, lines = 100, /))]
    fn console_tail(&self, py: Python<'_>, run: &str, lines: usize) -> PyResult<String> {
        let run = id(run)?;
        self.document(py, async |client| client.console_tail(run, lines).await)
    }

    #[pyo3(signature = (run, query_json = "{}", /))]
    fn events(&self, py: Python<'_>, run: &str, query_json: &str) -> PyResult<String> {
        let (run, query) = (id(run)?, event_query(query_json)?);
        self.document(py, async |client| client.events(run, &query).await)
    }

    #[pyo3(signature = (run, /))]
    fn artifacts(&self, py: Python<'_>, run: &str) -> PyResult<String> {
        let run = id(run)?;
        self.document(py, async |client| client.artifacts(run).await)
    }

    #[pyo3(signature = (run = None, /))]
    fn models(&self, py: Python<'_>, run: Option<&str>) -> PyResult<String> {
        let run = run.map(id).transpose()?;
        self.document(py, async |client| client.models(run).await)
    }

    #[pyo3(signature = (content, /))]
    fn put_blob(&self, py: Python<'_>, content: Content<'_>) -> PyResult<(String, u64)> {
        let source = content.source();
        let (digest, size) = self.ask(py, async |client| match source {
            Source::Bytes(bytes) => client.put_blob(bytes).await.map(|digest| (digest, bytes.len() as u64)),
            Source::File(path) => client.put_blob_file(path).await,
        })?;
        Ok((digest.to_string(), size))
    }

    #[pyo3(signature = (blobs, /))]
    fn put_blobs(&self, py: Python<'_>, blobs: Vec<(String, Bound<'_, PyBytes>)>) -> PyResult<()> {
        let parsed = blobs.iter().map(|(digest, bytes)| Ok((digest.parse().map_err(bad)?, bytes.as_bytes())));
        let blobs: Vec<(Digest, &[u8])> = parsed.collect::<PyResult<_>>()?;
        self.ask(py, async |client| {
            let (mut pack, mut size) = (BlobPack::default(), 0);
            for (digest, bytes) in blobs {
                if bytes.len() > PACKED_MAX {
                    client.put_blob(bytes).await?;
                    continue;
                }
                if size + bytes.len() + PACK_LENGTH > PACK_BYTES {
                    client.put_blobs(std::mem::take(&mut pack)).await?;
                    size = 0;
                }
                pack.add(digest, bytes);
                size += bytes.len() + PACK_LENGTH;
            }
            client.put_blobs(pack).await
        })
    }

    #[pyo3(signature = (files, /))]
    fn adopt_blobs(&self, py: Python<'_>, files: Vec<(String, String)>) -> PyResult<Vec<bool>> {
        let file = |(name, digest): (String, String)| Ok(OfferedBlob { name, digest: digest.parse().map_err(bad)? });
        let files = files.into_iter().map(file).collect::<PyResult<Vec<_>>>()?;
        self.ask(py, async |client| client.adopt_blobs(files).await)
    }

    #[pyo3(signature = (digest, /))]
    fn blob<'py>(&self, py: Python<'py>, digest: &str) -> PyResult<Bound<'py, PyBytes>> {
        let digest: Digest = digest.parse().map_err(bad)?;
        let bytes = self.ask(py, async |client| client.blob(&digest).await)?;
        Ok(PyBytes::new(py, &bytes))
    }

    #[pyo3(signature = (digest, path, /))]
    fn blob_to_file(&self, py: Python<'_>, digest: &str, path: PathBuf) -> PyResult<()> {
        let digest: Digest = digest.parse().map_err(bad)?;
        self.ask(py, async |client| client.blob_to_file(&digest, &path).await).map(drop)
    }

    #[pyo3(signature = (project_json, /))]
    fn create_project(&self, py: Python<'_>, project_json: &str) -> PyResult<String> {
        let mut facts: serde_json::Map<String, serde_json::Value> = read(project_json)?;
        facts.entry("created").or_insert_with(|| crate::clock::wall().into());
        let project: NewProject = serde_json::from_value(facts.into()).map_err(bad)?;
        self.document(py, async |client| client.create_project(&project).await)
    }

    fn projects(&self, py: Python<'_>) -> PyResult<String> {
        self.document(py, async |client| client.projects().await)
    }

    #[pyo3(signature = (name, /))]
    fn project(&self, py: Python<'_>, name: &str) -> PyResult<Option<String>> {
        self.found(py, async |client| client.project(name).await)
    }

    #[pyo3(signature = (batch, /))]
    fn batch(&self, py: Python<'_>, batch: &str) -> PyResult<Option<String>> {
        let batch = batch.parse().map_err(bad)?;
        self.found(py, async |client| client.batch(batch).await)
    }

    #[pyo3(signature = (run, /))]
    fn batches_of(&self, py: Python<'_>, run: &str) -> PyResult<String> {
        let run = id(run)?;
        self.document(py, async |client| client.batches_of(run).await)
    }

    #[pyo3(signature = (result_json, /))]
    fn put_result(&self, py: Python<'_>, result_json: &str) -> PyResult<()> {
        let result: StepResult = read(result_json)?;
        self.ask(py, async |client| client.put_results(&[result]).await)
    }

    #[pyo3(signature = (identity, /))]
    fn results(&self, py: Python<'_>, identity: &str) -> PyResult<String> {
        let identity: Identity = identity.parse().map_err(bad)?;
        self.document(py, async |client| client.results(&identity).await)
    }

    #[pyo3(signature = (identities_json, /))]
    fn find_results(&self, py: Python<'_>, identities_json: &str) -> PyResult<String> {
        let identities: Vec<Identity> = read(identities_json)?;
        self.document(py, async |client| client.results_of(&identities).await)
    }

    #[pyo3(signature = (known, most, /))]
    fn learn(&self, py: Python<'_>, known: &Marks, most: usize) -> PyResult<bool> {
        let after = known.position();
        let found = self.ask(py, async |client| client.result_marks(after, most).await)?;
        let is_told = found.is_some();
        found.into_iter().for_each(|found| known.add(found));
        Ok(is_told)
    }

    #[pyo3(signature = (results_json, /))]
    fn put_results(&self, py: Python<'_>, results_json: &str) -> PyResult<()> {
        let results: Vec<StepResult> = read(results_json)?;
        self.ask(py, async |client| client.put_results(&results).await)
    }

    #[pyo3(signature = (run, /))]
    fn result_of(&self, py: Python<'_>, run: &str) -> PyResult<Option<String>> {
        let run = id(run)?;
        self.found(py, async |client| client.result_of(run).await)
    }

    #[pyo3(signature = (key, value_json, /))]
    fn put_note(&self, py: Python<'_>, key: &str, value_json: &str) -> PyResult<()> {
        let value: serde_json::Value = read(value_json)?;
        self.ask(py, async |client| client.put_note(key, &value).await)
    }

    #[pyo3(signature = (key, /))]
    fn note(&self, py: Python<'_>, key: &str) -> PyResult<Option<String>> {
        self.found(py, async |client| client.note(key).await)
    }

    #[pyo3(signature = (journal, /))]
    fn deliver(&self, py: Python<'_>, journal: PathBuf) -> PyResult<String> {
        let link = self.link()?;
        let report = py.detach(|| deliver(&journal, &mut Carrier { link: &link, stop: Arc::default() }));
        let report = report.map_err(|error| from_deliver(&error))?;
        let damage = report
            .damage
            .iter()
            .map(|damage| json!({"segment": damage.segment, "start": damage.bytes.start, "end": damage.bytes.end}));
        Ok(json!({
            "records": report.records,
            "refused": report.refused,
            "refusal": report.refusal,
            "damage": damage.collect::<Vec<_>>(),
            "finished": report.finished,
            "busy": report.busy,
        })
        .to_string())
    }
}

fn written(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("the nouns of the model have text keys and no failing parts")
}

fn read<T: DeserializeOwned>(json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(bad)
}

/// A query as Python writes it; what is left out is not asked.
fn run_query(json: &str) -> PyResult<RunQuery> {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Asked {
        filter: Option<String>,
        sort: Vec<String>,
        project: Option<String>,
        ids: Vec<RunId>,
        identity: Option<String>,
        status: Vec<Status>,
        parent: Option<RunId>,
        archived: Option<bool>,
        limit: usize,
        cursor: Option<String>,
    }
    let Asked { filter, sort, project, ids, identity, status, parent, archived, limit, cursor } = read(json)?;
    let identity = identity.map(|text| text.parse().map_err(bad)).transpose()?;
    Ok(RunQuery { filter, sort, project, ids, identity, status, parent, archived, limit, cursor })
}

fn event_query(json: &str) -> PyResult<EventQuery> {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Asked {
        kind: Option<EventKind>,
        metric: Option<String>,
        variant: Option<String>,
        last: bool,
    }
    let Asked { kind, metric, variant, last } = read(json)?;
    Ok(EventQuery { kind, metric, variant, last })
}

fn id(run: &str) -> PyResult<RunId> {
    run.parse().map_err(bad)
}
