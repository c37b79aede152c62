//! `mendel._native.RunWriter`: reporting into one run.
//!
//! What Python hands over becomes a record here; where it goes from there is decided in
//! `reporting`. The lock of this object is taken with the interpreter's lock held and
//! never across a call that could let another thread in, so it is free at every fork.

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mendel_journal::{Workspace, new_id, this_process};
use mendel_model::{
    Artifact, ConsoleStream, Event, ModelRecord, Move, NewRun, Point, Record, RunId, RunUpdate, StatusRecord,
    limits::CONSOLE_LINE_BYTES,
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyDict};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    content::Content,
    error::bad,
    fork,
    inbox::Weight,
    number::{integer, real, text},
    reporting::{Counts, Destination, Place, Reporting, Until},
    series::{Number, SeriesTable},
};

/// Between two looks for Ctrl-C while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Reports into one run: buffer, journal, background delivery.
#[pyclass(name = "RunWriter", module = "mendel._native", frozen)]
pub(crate) struct RunWriter {
    place: Place,
    own: Mutex<Own>,
}

/// What belongs to one process.
struct Own {
    generation: u64,
    destination: Destination,
    reporting: Arc<Reporting>,
    series: SeriesTable,
}

impl RunWriter {
    fn lock(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What belongs to this process; in a forked child it is made anew.
    fn own<'a>(slf: &'a Bound<'_, Self>) -> PyResult<MutexGuard<'a, Own>> {
        let writer = slf.get();
        let own = writer.lock();
        match own.generation == fork::generation() {
            true => Ok(own),
            false => {
                writer.be_born(own);
                at_exit_of_child(slf)?;
                Ok(slf.get().lock())
            }
        }
    }

    fn be_born(&self, mut own: MutexGuard<'_, Own>) {
        let fresh = Reporting::new(self.place.clone(), own.destination.clone());
        // The parent's threads are not here, and its locks may be held for ever.
        std::mem::forget(std::mem::replace(&mut own.reporting, fresh));
        own.series = SeriesTable::default();
        own.generation = fork::generation();
    }

    fn reporting(slf: &Bound<'_, Self>) -> PyResult<Arc<Reporting>> {
        Self::own(slf).map(|own| Arc::clone(&own.reporting))
    }

    /// The reporting of this process, unless it is that of a parent.
    fn present(&self) -> Option<Arc<Reporting>> {
        let own = self.lock();
        (own.generation == fork::generation()).then(|| Arc::clone(&own.reporting))
    }

    fn keep(
        slf: &Bound<'_, Self>,
        facts: &mut Map<String, Value>,
        content: Option<&Content<'_>>,
    ) -> PyResult<Option<String>> {
        let reporting = Self::reporting(slf)?;
        facts.entry("time").or_insert_with(|| reporting.clock.now().0.into());
        let Some(content) = content else { return Ok(None) };
        let (digest, size) = stage(slf.py(), &reporting, content)?;
        facts.insert("size".into(), size.into());
        if let Some(name) = content.name() {
            facts.entry("file").or_insert(name.into());
        }
        Ok(Some(digest))
    }

    fn record(slf: &Bound<'_, Self>, record: Record, weight: Weight) -> PyResult<()> {
        let reporting = Self::reporting(slf)?;
        reporting.record(record, weight);
        Ok(())
    }
}

#[pymethods]
impl RunWriter {
    #[new]
    #[pyo3(signature = (workspace, run, attempt = 1, api = None))]
    fn open(workspace: PathBuf, run: &str, attempt: u32, api: Option<&str>) -> PyResult<Self> {
        let run: RunId = run.parse().map_err(bad)?;
        let destination = destination(api)?;
        let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
        let place = Place { workspace: Workspace::at(workspace), run, attempt };
        let reporting = Reporting::new(place.clone(), destination.clone());
        let own = Own { generation: fork::generation(), destination, reporting, series: SeriesTable::default() };
        Ok(Self { place, own: Mutex::new(own) })
    }

    #[getter]
    fn run(&self) -> String {
        self.place.run.to_string()
    }

    #[getter]
    fn attempt(&self) -> u32 {
        self.place.attempt
    }

    #[getter]
    fn writer(slf: &Bound<'_, Self>) -> PyResult<String> {
        Self::reporting(slf).map(|reporting| reporting.writer.to_string())
    }

    #[getter]
    fn journal(slf: &Bound<'_, Self>) -> PyResult<OsString> {
        Self::reporting(slf).map(|reporting| reporting.folder().into_os_string())
    }

    #[pyo3(signature = (title, series, value, iteration, /))]
    fn report(
        slf: &Bound<'_, Self>,
        title: &Bound<'_, PyAny>,
        series: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        iteration: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        // Conversions may run code of the user, so they come before the lock.
        let (title, series) = (text(title)?, text(series)?);
        let (value, step) = (real(value)?, integer(iteration)?);
        let mut own = Self::own(slf)?;
        let time = own.reporting.clock.now();
        let series = match own.series.number(&title, &series)? {
            Number::Known(number) => number,
            Number::New(id, key) => {
                own.reporting.record(Record::Series { id, key }, Weight::Control);
                id
            }
            Number::TooMany => {
                own.reporting.inbox.dropped_before_taking();
                return Ok(());
            }
        };
        own.reporting.point(Point { series, step, time, value });
        Ok(())
    }

    #[pyo3(signature = (stream, text, /))]
    fn report_console(slf: &Bound<'_, Self>, stream: &str, text: &str) -> PyResult<()> {
        let stream = match stream {
            "err" | "stderr" => ConsoleStream::Err,
            _ => ConsoleStream::Out,
        };
        let reporting = Self::reporting(slf)?;
        let time = reporting.clock.now();
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            let text = cut(line.strip_suffix('\r').unwrap_or(line));
            let weight = Weight::Output(text.len());
            reporting.record(Record::Console { stream, time, text }, weight);
        }
        Ok(())
    }

    #[pyo3(signature = (event_json, content = None, /))]
    fn report_event(slf: &Bound<'_, Self>, event_json: &str, content: Option<Content<'_>>) -> PyResult<Option<String>> {
        let mut facts = object(event_json)?;
        let digest = Self::keep(slf, &mut facts, content.as_ref())?;
        if let Some(digest) = &digest {
            facts.insert("blob".into(), digest.clone().into());
        }
        let event: Event = noun(facts)?;
        Self::record(slf, Record::Event(event), Weight::Output(event_json.len()))?;
        Ok(digest)
    }

    #[pyo3(signature = (update_json, /))]
    fn update(slf: &Bound<'_, Self>, update_json: &str) -> PyResult<()> {
        let update: RunUpdate = noun(object(update_json)?)?;
        Self::record(slf, Record::Update(Box::new(update)), Weight::Control)
    }

    #[pyo3(signature = (artifact_json, content = None, /))]
    fn artifact(slf: &Bound<'_, Self>, artifact_json: &str, content: Option<Content<'_>>) -> PyResult<Option<String>> {
        let mut facts = object(artifact_json)?;
        let digest = Self::keep(slf, &mut facts, content.as_ref())?;
        if let Some(digest) = &digest {
            facts.insert("digest".into(), digest.clone().into());
        }
        for (key, value) in [("digest", Value::Null), ("size", 0.into()), ("file", "".into())] {
            facts.entry(key).or_insert(value);
        }
        let artifact: Artifact = noun(facts)?;
        Self::record(slf, Record::Artifact(artifact), Weight::Control)?;
        Ok(digest)
    }

    #[pyo3(signature = (model_json, content = None, /))]
    fn model(slf: &Bound<'_, Self>, model_json: &str, content: Option<Content<'_>>) -> PyResult<Option<String>> {
        let mut facts = object(model_json)?;
        let digest = Self::keep(slf, &mut facts, content.as_ref())?;
        if let Some(digest) = &digest {
            facts.insert("digest".into(), digest.clone().into());
        }
        facts.entry("digest").or_insert(Value::Null);
        facts.entry("id").or_insert_with(|| new_id().as_simple().to_string().into());
        // A model has no file name; its bytes are told by the digest.
        facts.remove("file");
        let model: ModelRecord = noun(facts)?;
        Self::record(slf, Record::Model(Box::new(model)), Weight::Control)?;
        Ok(digest)
    }

    #[pyo3(signature = (change_json, /))]
    fn r#move(slf: &Bound<'_, Self>, change_json: &str) -> PyResult<()> {
        let mut facts = object(change_json)?;
        Self::keep(slf, &mut facts, None)?;
        let mut change: StatusRecord = noun(facts)?;
        if change.to == Move::Start && change.owner.is_none() {
            change.owner = Some(this_process());
        }
        Self::record(slf, Record::Move(change), Weight::Control)
    }

    #[pyo3(signature = (run_json, /))]
    fn create(slf: &Bound<'_, Self>, run_json: &str) -> PyResult<()> {
        let mut facts = object(run_json)?;
        let reporting = Self::reporting(slf)?;
        facts.entry("id").or_insert_with(|| slf.get().run().into());
        facts.entry("created").or_insert_with(|| reporting.clock.now().0.into());
        let run: NewRun = noun(facts)?;
        if run.id != slf.get().place.run {
            return Err(PyValueError::new_err("the run to make is not the run of this writer"));
        }
        Self::record(slf, Record::Create(Box::new(run)), Weight::Control)
    }

    #[pyo3(signature = (content, /))]
    fn stage(slf: &Bound<'_, Self>, content: Content<'_>) -> PyResult<String> {
        let reporting = Self::reporting(slf)?;
        stage(slf.py(), &reporting, &content).map(|(digest, _)| digest)
    }

    #[pyo3(signature = (api, /))]
    fn deliver_to(slf: &Bound<'_, Self>, api: &str) -> PyResult<()> {
        let destination = destination(Some(api))?;
        let mut own = Self::own(slf)?;
        own.destination = destination.clone();
        own.reporting.deliver_to(destination);
        Ok(())
    }

    #[pyo3(signature = (wait = false, timeout = 30.0))]
    fn flush<'py>(slf: &Bound<'py, Self>, wait: bool, timeout: f64) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let Some(reporting) = slf.get().present() else { return counts(py, Counts::nothing()) };
        let until = if wait { Until::Acknowledged } else { Until::Synced };
        let ticket = reporting.hurry(until);
        wait_for(py, &reporting, ticket, Until::Synced, timeout)?;
        if wait {
            wait_for(py, &reporting, ticket, until, timeout)?;
        }
        counts(py, reporting.counts())
    }

    #[pyo3(signature = (timeout = 0.2))]
    fn close<'py>(slf: &Bound<'py, Self>, timeout: f64) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let Some(reporting) = slf.get().present() else { return counts(py, Counts::nothing()) };
        let ticket = reporting.hurry(Until::Acknowledged);
        reporting.close();
        // The disk is waited for longer than the network: this is the last chance.
        wait_for(py, &reporting, ticket, Until::Synced, timeout.max(5.0))?;
        wait_for(py, &reporting, ticket, Until::Ended, timeout)?;
        reporting.abandon();
        counts(py, reporting.counts())
    }

    fn pending(&self) -> u64 {
        self.present().map_or(0, |reporting| reporting.counts().pending)
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        counts(py, self.present().map_or(Counts::nothing(), |reporting| reporting.counts()))
    }

    fn last_error(&self) -> Option<String> {
        self.present().and_then(|reporting| reporting.last_error())
    }
}

impl Drop for RunWriter {
    /// A writer nobody holds any more finishes by itself; one of a parent is left alone.
    fn drop(&mut self) {
        if let Some(reporting) = self.present() {
            reporting.close();
        }
    }
}

/// Waits with the interpreter free, looking for Ctrl-C now and then.
fn wait_for(py: Python<'_>, reporting: &Reporting, ticket: u64, until: Until, seconds: f64) -> PyResult<()> {
    let total = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    let started = Instant::now();
    loop {
        let left = total.saturating_sub(started.elapsed());
        let deadline = Instant::now() + left.min(LOOK_EVERY);
        if py.detach(|| reporting.reached(ticket, until, deadline)) || left.is_zero() {
            return Ok(());
        }
        py.check_signals()?;
    }
}

fn stage(py: Python<'_>, reporting: &Reporting, content: &Content<'_>) -> PyResult<(String, u64)> {
    let source = content.source();
    let (digest, size) = py.detach(|| reporting.stage(|journal| source.stage(journal)))?;
    Ok((digest.to_string(), size))
}

/// Children of `multiprocessing` end without Python's own exit handlers.
fn at_exit_of_child(slf: &Bound<'_, RunWriter>) -> PyResult<()> {
    let modules = slf.py().import("sys")?.getattr("modules")?;
    let Ok(utility) = modules.get_item("multiprocessing.util") else { return Ok(()) };
    let options = PyDict::new(slf.py());
    options.set_item("exitpriority", 0)?;
    utility.call_method("Finalize", (slf.py().None(), slf.getattr("close")?), Some(&options)).map(drop)
}

fn destination(api: Option<&str>) -> PyResult<Destination> {
    match api {
        None => Ok(Destination::Found),
        Some("off") => Ok(Destination::Off),
        Some(address) => {
            mendel_api::Client::at(address, None).map_err(bad)?;
            Ok(Destination::At(address.to_owned()))
        }
    }
}

fn object(json: &str) -> PyResult<Map<String, Value>> {
    serde_json::from_str(json).map_err(bad)
}

fn noun<T: DeserializeOwned>(facts: Map<String, Value>) -> PyResult<T> {
    T::deserialize(Value::Object(facts)).map_err(bad)
}

/// L08: a longer line is cut, with a mark.
fn cut(line: &str) -> String {
    const MARK: &str = " … [cut]";
    match line.len() > CONSOLE_LINE_BYTES {
        false => line.to_owned(),
        true => {
            let end = line.floor_char_boundary(CONSOLE_LINE_BYTES - MARK.len());
            format!("{}{MARK}", &line[..end])
        }
    }
}

impl Counts {
    /// Those of a writer that was given nothing.
    fn nothing() -> Self {
        Self { synced: true, acknowledged: true, ..Self::default() }
    }
}

fn counts(py: Python<'_>, counts: Counts) -> PyResult<Bound<'_, PyDict>> {
    let Counts { reported, delivered, pending, dropped, refused, synced, acknowledged } = counts;
    let answer = PyDict::new(py);
    let numbers = [
        ("reported", reported),
        ("delivered", delivered),
        ("pending", pending),
        ("dropped", dropped),
        ("refused", refused),
    ];
    for (name, number) in numbers {
        answer.set_item(name, number)?;
    }
    answer.set_item("synced", synced)?;
    answer.set_item("acknowledged", acknowledged)?;
    Ok(answer)
}
