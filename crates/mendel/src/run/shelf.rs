//! What the Python side keeps beside the store: datasets that tasks made, and where secrets
//! are found.

use std::path::{Path, PathBuf};

use mendel_journal::Workspace;
use serde::Deserialize;
use serde_json::Value;

/// A dataset that a task made.
#[derive(Debug, Clone, Deserialize)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    created: f64,
    /// Digest of its samples, once finalized.
    #[serde(default)]
    pub version: Option<String>,
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

impl Dataset {
    /// Whether `reference` is its name or number.
    pub fn is(&self, reference: &Value) -> bool {
        reference.as_str() == Some(&self.name) || reference.as_u64() == Some(self.id)
    }

    fn read(folder: PathBuf) -> Option<Self> {
        let text = std::fs::read(folder.join(".dataset.json")).ok()?;
        serde_json::from_slice::<Self>(&text).ok().map(|dataset| Self { folder, ..dataset })
    }
}

/// Where datasets are kept.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root().join("datasets")
}

/// The datasets of a workspace: finalized ones first, then the newest first.
pub fn datasets(workspace: &Workspace) -> Vec<Dataset> {
    let entries = std::fs::read_dir(folder(workspace)).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter_map(|entry| Dataset::read(entry.path())).collect();
    found.sort_by(|one, other| {
        let state = |dataset: &Dataset| dataset.state != "finalized";
        state(one).cmp(&state(other)).then(other.created.total_cmp(&one.created))
    });
    found
}

/// The number by which old tasks know the model of this id.
pub fn model_number(id: &str) -> Option<u64> {
    let end = id.get(id.len().checked_sub(8)?..)?;
    u64::from_str_radix(end, 16).ok().map(|number| number >> 1)
}

/// Whether a secret of that name is in the environment or in the user's file.
pub fn has_secret(name: &str) -> bool {
    let whole = variable(name);
    let fields = format!("{whole}_");
    let in_environment = std::env::vars_os().any(|(key, _)| {
        let key = key.to_string_lossy();
        key == whole || key.starts_with(&fields)
    });
    let in_file = || {
        let text = std::fs::read(secrets_file()?).ok()?;
        serde_json::from_slice::<Value>(&text).ok()?.get(name).map(drop)
    };
    in_environment || in_file().is_some()
}

/// Where a secret of that name is looked for, in words.
pub fn secret_places(name: &str) -> String {
    let file = secrets_file().map(|file| format!(" and in `{}`", file.display()));
    format!("the variables `{}…`{}", variable(name), file.unwrap_or_default())
}

fn variable(name: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() || letter == '_' { letter } else { '_' };
    format!("MENDEL_SECRET_{}", name.chars().map(plain).collect::<String>().to_uppercase())
}

fn secrets_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(named) = set("MENDEL_SECRETS") {
        return Some(named);
    }
    let configuration = set("XDG_CONFIG_HOME").or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    configuration.map(|folder| folder.join(Path::new("mendel/secrets.json")))
}
