//! Where the Python package that belongs to this command lies.

use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// The folder that holds the package `mendel`, if this command was installed with it.
///
/// A wheel puts the command into `bin/` and the package into
/// `lib/python3.*/site-packages/`; MENDEL_PACKAGE names it otherwise.
pub fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MENDEL_PACKAGE").filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(named)).filter(|folder| is_package(folder));
    }
    let binary = std::env::current_exe().ok()?.canonicalize().ok()?;
    let prefix = binary.parent()?.parent()?;
    let libraries = std::fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    let installed = libraries.map(|entry| entry.path().join("site-packages/mendel"));
    installed.into_iter().find(|folder| is_package(folder))
}

/// The folder, for what cannot do without it.
pub fn needed() -> Result<PathBuf, Failure> {
    folder().ok_or_else(|| {
        Failure::input_hint(
            "a pipeline needs the Python package `mendel`, and this command was built without it",
            "install it with `pip install mendel`, or name its folder with MENDEL_PACKAGE",
        )
    })
}

fn is_package(folder: &Path) -> bool {
    folder.join("__init__.py").is_file()
}
