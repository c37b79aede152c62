//! What this machine offers to environments: the search path and a few variables.

use std::{
    ffi::OsString,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// The facts of the process's surroundings that decide about environments.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The search path for programs.
    pub path: OsString,
    /// `MENDEL_PYTHON`, if set.
    pub python: Option<PathBuf>,
    /// `MAMBA_EXE` and `CONDA_EXE`, as the shell hooks of these tools set them.
    pub conda: Vec<PathBuf>,
    /// Whether this is macOS.
    pub is_macos: bool,
    /// Variables that change which packages Python sees.
    pub python_variables: Vec<(String, OsString)>,
}

impl Machine {
    /// The surroundings of this process.
    pub fn of_this_process() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let told = ["PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYENV_VERSION"];
        Self {
            path: variable("PATH").unwrap_or_default(),
            python: variable("MENDEL_PYTHON").map(PathBuf::from),
            conda: ["MAMBA_EXE", "CONDA_EXE"].into_iter().filter_map(variable).map(PathBuf::from).collect(),
            is_macos: cfg!(target_os = "macos"),
            python_variables: told.into_iter().filter_map(|name| Some((name.to_owned(), variable(name)?))).collect(),
        }
    }

    /// The first program called `name` on the search path.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|path| is_program(path))
    }
}

/// Whether `path` is a file that may be executed.
pub(super) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
