//! What user code ran with: interpreter and packages, locked.

use serde::{Deserialize, Serialize};

use crate::{Canonical, Digest};

/// What a changed environment does to a stored result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentPolicy {
    /// It is shown, and does not recompute.
    #[default]
    Warn,
    /// It recomputes.
    Strict,
    /// It is recorded only.
    Ignore,
}

/// Who provides the interpreter and packages of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentManager {
    /// No Python environment at all.
    None,
    /// The interpreter of `MENDEL_PYTHON`, or the first on the path.
    System,
    /// A virtual environment made from `requirements.txt`.
    Venv,
    /// A conda environment made from `environment.yml`.
    Conda,
}

/// A package and its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// Normalised name: lower case, `-` for `_` and `.`.
    pub name: String,
    /// Version as installed.
    pub version: String,
}

/// The locked environment of a run. Facts of one machine (`interpreter`) are recorded and
/// left out of the digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentLock {
    /// Who provides it.
    pub manager: EnvironmentManager,
    /// Why this manager: the file or option that decided.
    pub because: String,
    /// The language version, such as `3.11.7`; empty where there is none.
    #[serde(default)]
    pub python: String,
    /// Path of the interpreter on the machine that ran.
    #[serde(default)]
    pub interpreter: String,
    /// Packages, sorted by name.
    #[serde(default)]
    pub packages: Vec<Package>,
}

impl EnvironmentLock {
    /// The digest that takes part in freshness.
    pub fn digest(&self) -> Digest {
        let mut form = Canonical::new("environment");
        form.text(&self.python);
        for package in &self.packages {
            form.text(&package.name).text(&package.version);
        }
        form.finish()
    }
}
