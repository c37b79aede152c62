//! Native module of the Python package: journal, client, and facts of processes.
//!
//! It converts, calls, and converts back; rules are in the crates below. The surface is
//! described in `_native.pyi`.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use pyo3::prelude::*;

mod client;
mod clock;
mod companion;
mod configuration;
mod content;
mod deliver;
mod drain;
mod error;
mod facts;
mod fork;
mod hasher;
mod inbox;
mod link;
mod look;
mod marks;
mod number;
mod reporting;
mod room;
mod run_writer;
mod series;
mod stage;

static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();

/// The Python interpreter, beside which the command line is installed.
pub(crate) fn interpreter() -> Option<&'static Path> {
    INTERPRETER.get().map(PathBuf::as_path)
}

#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        client::Client,
        configuration::{Plan, configuration_fields, configuration_identity},
        error::{MendelError, Refused, Unreachable},
        facts::{
            binary, blob_file, connect, die_with_parent, digest, leftover, new_id, owner, owner_alive,
            workspace_create, workspace_find,
        },
        hasher::Hasher,
        look::Looker,
        marks::Marks,
        run_writer::RunWriter,
        stage::{decide, result_key, stage_identity, value_digest},
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::fork::watch();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        if let Ok(path) = module.py().import("sys")?.getattr("executable")?.extract() {
            crate::INTERPRETER.get_or_init(|| path);
        }
        Ok(())
    }
}
