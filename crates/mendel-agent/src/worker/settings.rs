//! What the processes of a run are told about their observation, in one small file.
//!
//! The form is `name NUL value NUL` again and again: read in Python without any import, and
//! safe for every path.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// The settings of the observation of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Where observations are written.
    pub observed: PathBuf,
    /// Folders below which paths count.
    pub roots: Vec<PathBuf>,
    /// Paths elsewhere that count, with what is below them.
    pub named: Vec<PathBuf>,
    /// Folders below the roots that do not count.
    pub foreign: Vec<PathBuf>,
    /// The folder of the Python package `mendel`.
    pub package: Option<PathBuf>,
    /// Whether the parser is worth to be told, since nothing else tells it.
    pub learn: bool,
    /// Whether a module named `coretex` is put first.
    pub coretex: bool,
}

impl Settings {
    /// Writes the settings to `path`, for children of this process.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut add = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(value);
            bytes.push(0);
        };
        add("observed", self.observed.as_os_str().as_bytes());
        add("supervisor", std::process::id().to_string().as_bytes());
        let lists = [("root", &self.roots), ("named", &self.named), ("foreign", &self.foreign)];
        for (name, paths) in lists {
            paths.iter().for_each(|path| add(name, path.as_os_str().as_bytes()));
        }
        if let Some(package) = &self.package {
            add("package", package.as_os_str().as_bytes());
        }
        if self.learn {
            add("learn", b"1");
        }
        if self.coretex {
            add("coretex", b"1");
        }
        fs::write(path, bytes)
    }
}
