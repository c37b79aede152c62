//! The datasets, models and secrets that parameters name: found before anything starts.
//!
//! What is found is a dependency of the run by its content, however it was named; the script
//! receives where it lies. What is not found is refused, all of it at once.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use mendel_model::{Dependency, DependencyKind, Digest, Identity, ModelRecord, Param, Run};
use mendel_snapshot::StatIndex;
use mendel_spec::{Problem, Problems};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    context::Context,
    exit::Failure,
    run::{
        index,
        prepare::Prepared,
        shelf::{self, Dataset},
    },
};

/// The document of a run that keeps what was found.
pub const DOCUMENT: &str = "data";

/// What one reference of a parameter stands for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Datum {
    /// `dataset` or `model`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How it was named.
    pub name: Value,
    /// What the run depends on: a path, or `dataset:NAME` and `model:NAME`.
    pub subject: String,
    /// The digest of its content.
    pub version: Digest,
    /// What the script receives in place of the name.
    #[serde(rename = "is")]
    pub received: Value,
    /// The folder or file, where it was given by path.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

/// What the parameters of one cell stand for, by parameter; several for a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Data(Vec<(usize, Vec<Datum>)>);

impl Data {
    /// Everything that was found.
    pub fn all(&self) -> impl Iterator<Item = &Datum> {
        self.0.iter().flat_map(|(_, found)| found)
    }

    /// What the run depends on.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let dependency = |datum: &Datum| Dependency {
            kind: DependencyKind::Input,
            subject: datum.subject.clone(),
            digest: Some(datum.version),
        };
        self.all().map(dependency).collect()
    }

    /// The parameters as the script receives them.
    pub fn received(&self, params: &[Param]) -> Vec<Param> {
        let mut params = params.to_vec();
        for (index, found) in &self.0 {
            let values: Vec<_> = found.iter().map(|datum| datum.received.clone()).collect();
            params[*index].value = in_form_of(&params[*index].value, values);
        }
        params
    }

    /// What the run keeps of it.
    pub fn document(&self, params: &[Param]) -> Map<String, Value> {
        let found = self.0.iter().map(|(index, found)| (params[*index].path(), json!(found)));
        let found: Map<_, _> = found.collect();
        if found.is_empty() { Map::new() } else { Map::from_iter([(DOCUMENT.to_owned(), Value::Object(found))]) }
    }
}

/// Finds what the parameters of every cell name, and settles what the cells mean by that.
pub async fn find(context: &Context, task: &mut Prepared, origin: Option<&Run>) -> Result<(), Failure> {
    let wanted = task.cells.iter().flat_map(|cell| &cell.params).any(|param| !references(param).is_empty());
    if !wanted {
        return Ok(());
    }
    let mut finder = Finder {
        datasets: shelf::datasets(&context.workspace),
        models: context.client.models(None).await?,
        shelf: shelf::folder(&context.workspace),
        places: places(task, origin)?,
        recorded: origin.map(recorded).unwrap_or_default(),
        index: index::of(context, &task.root),
        known: HashMap::new(),
        problems: Vec::new(),
    };
    for cell in &mut task.cells {
        let mut data = Data::default();
        for (index, param) in cell.params.iter_mut().enumerate() {
            let found: Vec<_> = references(param).into_iter().filter_map(|one| finder.find(param, &one)).collect();
            if found.is_empty() {
                continue;
            }
            if origin.is_none() {
                // The same words mean something else in another folder.
                let values = found.iter().map(|datum| if datum.path.is_some() { &datum.received } else { &datum.name });
                param.value = in_form_of(&param.value, values.cloned().collect());
            }
            data.0.push((index, found));
        }
        if origin.is_none() {
            cell.identity = cell.identity.map(|_| Identity::of_script(&task.entry, "", &cell.params, &cell.means));
        }
        cell.data = data;
    }
    if let Err(error) = finder.index.save() {
        // The index only saves reading.
        eprintln!("note: the index of files was not kept: {error}");
    }
    match finder.problems.is_empty() {
        true => Ok(()),
        false => Err(Problems(finder.problems).into()),
    }
}

/// Where paths are looked for: the task's folder, the one it was made from, and the present one.
fn places(task: &Prepared, origin: Option<&Run>) -> Result<Vec<PathBuf>, Failure> {
    let origin = origin.map(|run| PathBuf::from(&run.facts.script.root));
    let places = [Some(task.root.clone()), origin, Some(crate::context::present_folder()?)];
    Ok(places.into_iter().flatten().collect())
}

/// What a run recorded of its data: subject and version.
fn recorded(run: &Run) -> HashMap<String, String> {
    let params = run.facts.documents.get(DOCUMENT).and_then(Value::as_object);
    let found = params.into_iter().flat_map(Map::values).filter_map(Value::as_array).flatten();
    let pair = |datum: &Value| Some((datum["subject"].as_str()?.to_owned(), datum["version"].as_str()?.to_owned()));
    found.filter_map(pair).collect()
}

/// The references of a parameter that names datasets, models or secrets.
fn references(param: &Param) -> Vec<Value> {
    let kind = single(param);
    if !matches!(kind, "dataset" | "model") && !kind.ends_with("_secret") {
        return Vec::new();
    }
    match &param.value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// The type of a parameter, of its elements for a list.
fn single(param: &Param) -> &str {
    let kind = param.kind.as_deref().unwrap_or_default();
    kind.strip_prefix("list[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(kind)
}

fn in_form_of(value: &Value, mut values: Vec<Value>) -> Value {
    match value {
        Value::Array(_) => Value::Array(values),
        _ => values.pop().unwrap_or_default(),
    }
}

struct Finder {
    datasets: Vec<Dataset>,
    models: Vec<ModelRecord>,
    shelf: PathBuf,
    places: Vec<PathBuf>,
    recorded: HashMap<String, String>,
    index: StatIndex,
    known: HashMap<PathBuf, Digest>,
    problems: Vec<Problem>,
}

impl Finder {
    /// What `reference` stands for; a problem is kept where nothing does.
    fn find(&mut self, param: &Param, reference: &Value) -> Option<Datum> {
        let kind = match single(param) {
            "dataset" => "dataset",
            "model" => "model",
            _ => {
                self.require_secret(param, reference);
                return None;
            }
        };
        let found = match self.by_path(kind, reference) {
            Ok(Some(found)) => return Some(found),
            Err(fault) => {
                self.complain(param, format!("{kind} `{}` cannot be read: {fault}", text(reference)), String::new());
                return None;
            }
            Ok(None) if kind == "dataset" => self.dataset(reference),
            Ok(None) => self.model(reference),
        };
        if found.is_none() {
            self.unknown(param, kind, reference);
        }
        found
    }

    fn by_path(&mut self, kind: &'static str, reference: &Value) -> Result<Option<Datum>, String> {
        let Value::String(name) = reference else { return Ok(None) };
        let named = expanded(name);
        let Some(place) = self.places.iter().map(|place| place.join(&named)).find(|path| path.exists()) else {
            return Ok(None);
        };
        let place = std::path::absolute(place).map_err(|error| error.to_string())?;
        let version = self.digest(&place)?;
        let below = place.strip_prefix(&self.places[0]).ok().map(|below| below.to_string_lossy().into_owned());
        let (subject, received) = match below {
            Some(below) if below.is_empty() => (".".to_owned(), reference.clone()),
            Some(below) if Path::new(name).is_relative() => (below, reference.clone()),
            _ => (place.to_string_lossy().into_owned(), json!(place)),
        };
        Ok(Some(Datum { kind, name: reference.clone(), subject, version, received, path: Some(place) }))
    }

    fn digest(&mut self, place: &Path) -> Result<Digest, String> {
        if let Some(known) = self.known.get(place) {
            return Ok(*known);
        }
        let subject = place.to_string_lossy().into_owned();
        let input = Dependency { kind: DependencyKind::Input, subject, digest: None };
        let digest = mendel_snapshot::current_digest(Path::new("/"), &input, &mut self.index);
        let digest = digest.map_err(|error| error.to_string())?.ok_or("it vanished")?;
        self.known.insert(place.to_owned(), digest);
        Ok(digest)
    }

    /// The newest dataset of that name or number, finalized ones first; in a replay the one
    /// that was read then.
    fn dataset(&mut self, reference: &Value) -> Option<Datum> {
        let named = self.datasets.iter().filter(|dataset| dataset.is(reference));
        let (name, chosen) = {
            let first = named.clone().next()?;
            let subject = format!("dataset:{}", first.name);
            let then = self.recorded.get(&subject);
            let same = then.and_then(|version| named.clone().find(|one| one.version.as_ref() == Some(version)));
            (subject, same.unwrap_or(first).clone())
        };
        let version = match chosen.version.as_ref().and_then(|version| version.parse().ok()) {
            Some(version) => version,
            // One that is still open has no version yet.
            None => self.digest(&chosen.folder).ok()?,
        };
        Some(Datum {
            kind: "dataset",
            name: reference.clone(),
            subject: name,
            version,
            received: json!(chosen.folder),
            path: None,
        })
    }

    fn model(&self, reference: &Value) -> Option<Datum> {
        let named = self.models.iter().filter(|model| is_model(model, reference));
        let newest = named.clone().max_by_key(|model| (model.digest.is_some(), model.time))?;
        let subject = format!("model:{}", newest.name);
        let then = self.recorded.get(&subject);
        let same = then.and_then(|then| named.clone().find(|model| version_of(model).to_string() == *then));
        let chosen = same.unwrap_or(newest);
        Some(Datum {
            kind: "model",
            name: reference.clone(),
            subject,
            version: version_of(chosen),
            received: json!(chosen.id),
            path: None,
        })
    }

    fn require_secret(&mut self, param: &Param, reference: &Value) {
        let name = text(reference);
        if !shelf::has_secret(&name) {
            let message = format!("unknown secret `{name}`");
            self.complain(param, message, format!("looked in {}", shelf::secret_places(&name)));
        }
    }

    fn unknown(&mut self, param: &Param, kind: &str, reference: &Value) {
        let name = text(reference);
        let names: Vec<&str> = match kind {
            "dataset" => self.datasets.iter().map(|dataset| dataset.name.as_str()).collect(),
            _ => self.models.iter().map(|model| model.name.as_str()).collect(),
        };
        let near = mendel_spec::nearest(&name, names).map(|near| format!("did you mean `{near}`? "));
        let folders: Vec<_> = self.places.iter().map(|place| format!("`{}`", place.join(&name).display())).collect();
        let store = match kind {
            "dataset" => format!("the datasets in `{}`", self.shelf.display()),
            _ => "the models of the workspace".to_owned(),
        };
        let hint = format!("{}looked for {}, and among {store}", near.unwrap_or_default(), folders.join(", "));
        self.complain(param, format!("unknown {kind} `{name}`"), hint);
    }

    fn complain(&mut self, param: &Param, message: String, hint: String) {
        let message = format!("{message} for parameter `{}` ({})", param.name, param.origin);
        let problem = Problem::error("unknown_data", message).key(&param.name).hint(hint);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn is_model(model: &ModelRecord, reference: &Value) -> bool {
    match reference {
        Value::String(name) => *name == model.name || *name == model.id,
        number => number.as_u64().is_some_and(|number| shelf::model_number(&model.id) == Some(number)),
    }
}

/// A model without files of its own is what its id says.
fn version_of(model: &ModelRecord) -> Digest {
    model.digest.unwrap_or_else(|| Digest::of(model.id.as_bytes()))
}

fn text(reference: &Value) -> String {
    reference.as_str().map_or_else(|| reference.to_string(), str::to_owned)
}

fn expanded(name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(name),
    }
}
