//! Which code a stage depends on, told from the syntax of the project without running it.
//!
//! A class reaches every function, class, constant and module of the project that can be found by
//! following references from it, as a whole: a class counts with all its members. Modules it imports
//! count with the statements that change something when they run. Comments, docstrings, layout,
//! annotations and the names of locals do not count. Where a reference cannot be followed, more counts
//! than may be needed, and a [`Doubt`] says so.

mod base;
mod chain;
mod closure;
mod declaration;
mod effects;
mod expr;
mod facts;
mod links;
mod read;
mod scope;
mod stmt;
#[cfg(test)]
mod tests;
mod walk;

use std::{collections::BTreeMap, sync::Arc};

use mendel_model::Digest;
use serde::{Deserialize, Serialize};

pub use base::{CodeBase, Entry, Given, ModuleSource};
pub use declaration::UNKNOWN_MODULE;
pub use facts::ModuleFacts;
pub use links::Doubt;

/// The code that a class depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Of everything reached; another digest means that a result may be another.
    pub digest: Digest,
    /// What was reached, as `file:name` and, for members of classes, `file:Class.name`.
    pub symbols: BTreeMap<Arc<str>, SymbolFact>,
    /// The files of the modules reached, below their import roots.
    pub files: Vec<String>,
    /// Top-level names of the modules reached that are not the project's.
    pub external: Vec<String>,
    /// What could not be known.
    pub doubts: Vec<Doubt>,
    /// What the class says of itself as a stage, where that can be told.
    pub declaration: Option<Declaration>,
}

/// One thing reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolFact {
    /// Of its own code.
    pub digest: Digest,
    /// Its line, counted from 1.
    pub line: u32,
}

/// What a stage says of itself in class attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// The id, where it is given.
    pub id: Option<String>,
    /// Fields it reads.
    pub inputs: Vec<String>,
    /// Fields it reads and removes.
    pub consumes: Vec<String>,
    /// Fields it makes.
    pub outputs: Vec<String>,
    /// Whether it runs where nothing is said.
    pub enabled_by_default: bool,
}
