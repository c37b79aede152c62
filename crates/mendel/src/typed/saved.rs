//! Saved configurations, field by field: what counts for the identity, and why not.
//!
//! The documents are written by the Python package; nothing of them is executed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;

const NAMES: [&str; 2] = ["params.json", "configuration.json"];
const NEWEST: u64 = 1;

/// A saved document: a table of objects, and which of them it is about.
#[derive(Debug, Deserialize)]
pub struct Saved {
    mendel: Head,
    objects: Vec<Object>,
    value: Value,
}

#[derive(Debug, Deserialize)]
struct Head {
    format: u64,
}

#[derive(Debug, Deserialize)]
struct Object {
    id: u64,
    type_id: String,
    identity: Option<String>,
    #[serde(default)]
    fields: serde_json::Map<String, Value>,
    #[serde(default)]
    left_out: BTreeMap<String, String>,
    #[serde(default)]
    owner: Option<u64>,
}

/// A field of a configuration, or of one below it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    /// Where it is, such as `model.parts[0].rate`.
    pub path: String,
    /// Its value, as it was saved; for a configuration its class.
    pub value: Value,
    /// Whether it is part of the identity.
    pub counts: bool,
    /// Why it is not.
    pub why: &'static str,
}

impl Saved {
    /// Reads what `subject` names: a file, a folder, or an identity of a job below this folder.
    pub fn read(subject: &str) -> Result<Self, Failure> {
        let path = find(subject)?;
        let bytes =
            fs::read(&path).map_err(|error| Failure::input(format!("cannot read `{}`: {error}", path.display())))?;
        let saved: Self = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::input(format!("`{}` is no saved configuration: {error}", path.display())))?;
        if saved.mendel.format > NEWEST {
            return Err(Failure::input_hint(
                format!(
                    "`{}` has format {}, and this command reads up to {NEWEST}",
                    path.display(),
                    saved.mendel.format
                ),
                "use the version of Mendel that saved it",
            ));
        }
        Ok(saved)
    }

    /// The identity of the configuration, where it is one and was complete.
    pub fn identity(&self) -> Option<&str> {
        self.root().and_then(|object| object.identity.as_deref())
    }

    /// Every field, each configuration once.
    pub fn rows(&self) -> Vec<Row> {
        let mut walk = Walk { saved: self, seen: Vec::new(), rows: Vec::new() };
        walk.value("", &self.value, true, "");
        walk.rows
    }

    fn root(&self) -> Option<&Object> {
        self.object(self.value.get("object")?.as_u64()?)
    }

    fn object(&self, id: u64) -> Option<&Object> {
        self.objects.iter().find(|object| object.id == id)
    }
}

struct Walk<'a> {
    saved: &'a Saved,
    seen: Vec<u64>,
    rows: Vec<Row>,
}

impl Walk<'_> {
    fn value(&mut self, path: &str, value: &Value, counts: bool, why: &'static str) {
        match value {
            Value::Array(items) if holds_objects(value) => self.items(path, items, counts, why),
            Value::Object(marked) if holds_objects(value) => {
                if let Some(id) = marked.get("object").and_then(Value::as_u64) {
                    self.object(path, id, counts, why);
                } else if let Some(Value::Array(pairs)) = marked.get("dict") {
                    for pair in pairs {
                        let key = shown(pair.get(0).unwrap_or(&Value::Null));
                        self.value(&format!("{path}[{key}]"), pair.get(1).unwrap_or(&Value::Null), counts, why);
                    }
                } else if let Some(Value::Array(items)) = marked.values().next() {
                    self.items(path, items, counts, why);
                }
            }
            plain => self.rows.push(Row { path: path.to_owned(), value: plain.clone(), counts, why }),
        }
    }

    fn items(&mut self, path: &str, items: &[Value], counts: bool, why: &'static str) {
        for (position, item) in items.iter().enumerate() {
            self.value(&format!("{path}[{position}]"), item, counts, why);
        }
    }

    fn object(&mut self, path: &str, id: u64, counts: bool, why: &'static str) {
        let Some(object) = self.saved.object(id) else { return };
        self.rows.push(Row { path: path.to_owned(), value: Value::String(object.type_id.clone()), counts, why });
        if self.seen.contains(&id) {
            return;
        }
        self.seen.push(id);
        if let Some(owner) = object.owner.and_then(|owner| self.saved.object(owner)) {
            let value = Value::String(owner.identity.clone().unwrap_or_else(|| owner.type_id.clone()));
            self.rows.push(Row { path: format!("{path} (output of)"), value, counts, why });
        }
        for (name, value) in &object.fields {
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let reason = object.left_out.get(name).map_or(why, |word| sentence(word));
            self.value(&below, value, counts && !object.left_out.contains_key(name), reason);
        }
    }
}

fn holds_objects(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_objects),
        Value::Object(marked) => marked.contains_key("object") || marked.values().any(holds_objects),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A saved value for people.
pub fn shown(value: &Value) -> String {
    let Value::Object(marked) = value else { return value.to_string() };
    match marked.iter().find(|(name, _)| *name != "below" && *name != "module" && *name != "name") {
        Some((_, Value::String(text))) => text.clone(),
        Some((_, inner)) => inner.to_string(),
        None => value.to_string(),
    }
}

fn sentence(word: &str) -> &'static str {
    match word {
        "meta" => "declared as Meta, Option or DataPath",
        "path" => "a path: where something lies is not what it means",
        "generated" => "generated when the task is sealed",
        "default" => "equal to a default that is ignored",
        "none" => "optional and without a value",
        "marked" => "the value was marked with setmeta",
        _ => "left out",
    }
}

fn find(subject: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(subject);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    if path.is_dir() {
        return in_folder(path).ok_or_else(|| {
            Failure::input(format!("`{subject}` holds no saved configuration: neither {}", NAMES.join(" nor ")))
        });
    }
    let digits = subject.strip_prefix("m1:").unwrap_or(subject);
    let mut found = jobs(digits);
    match (found.pop(), found.is_empty()) {
        (Some(path), true) => Ok(path),
        (Some(_), false) => Err(Failure::input(format!("several jobs begin with `{subject}`; give more digits"))),
        (None, _) => Err(Failure::input_hint(
            format!("there is no file, folder or job `{subject}`"),
            "give the folder of a job, a saved configuration, or an identity within a folder that has `jobs/`",
        )),
    }
}

fn in_folder(folder: &Path) -> Option<PathBuf> {
    NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn jobs(digits: &str) -> Vec<PathBuf> {
    if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Vec::new();
    }
    let classes = fs::read_dir("jobs").into_iter().flatten().flatten();
    let folders = classes.flat_map(|class| fs::read_dir(class.path()).into_iter().flatten().flatten());
    folders
        .filter(|folder| folder.file_name().to_string_lossy().starts_with(digits))
        .filter_map(|folder| in_folder(&folder.path()))
        .collect()
}
