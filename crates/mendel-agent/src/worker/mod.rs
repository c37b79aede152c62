//! The part of a run that lives inside its Python processes: standard-library files of the Python
//! package, carried by the binary too, which observe a process without changing how it runs.
//!
//! They are written once into the workspace's cache, by digest, and put first in
//! `PYTHONPATH`; Python imports them by itself as `sitecustomize`, before any user code.

mod observation;
mod package;
mod settings;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mendel_model::Digest;

pub use observation::{Observations, Observed, ReportedParam, Stat, read};
pub use package::importable;
pub use settings::Settings;

const FILES: [(&str, &str); 14] = [
    ("sitecustomize.py", include_str!("../../../../python/mendel/_worker/sitecustomize.py")),
    ("_mendel_worker/__init__.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/__init__.py")),
    ("_mendel_worker/observer.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/observer.py")),
    ("_mendel_worker/paths.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/paths.py")),
    ("_mendel_worker/existence.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/existence.py")),
    ("_mendel_worker/chapter.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/chapter.py")),
    ("_mendel_worker/finders.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/finders.py")),
    ("_mendel_worker/lookups.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/lookups.py")),
    ("_mendel_worker/variables.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/variables.py")),
    ("_mendel_worker/arguments.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/arguments.py")),
    ("_mendel_worker/literals.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/literals.py")),
    ("_mendel_worker/children.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/children.py")),
    ("_mendel_worker/libraries.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/libraries.py")),
    ("_mendel_worker/aside.py", include_str!("../../../../python/mendel/_worker/_mendel_worker/aside.py")),
];

/// The folder of the worker's files in `cache`, written unless it is there.
pub fn install(cache: &Path) -> io::Result<PathBuf> {
    let mut all = String::new();
    for (name, text) in FILES {
        all.push_str(name);
        all.push_str(text);
    }
    let digest = Digest::of(all.as_bytes()).short();
    let folder = cache.join(format!("worker-{digest}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    // Whole or not at all: several supervisors may do this at once.
    let partial = cache.join(format!("worker-{digest}.{}", std::process::id()));
    for (name, text) in FILES {
        let path = partial.join(name);
        fs::create_dir_all(path.parent().expect("every file lies in a folder"))?;
        fs::write(path, text)?;
    }
    match fs::rename(&partial, &folder) {
        Ok(()) => Ok(folder),
        Err(_) if folder.is_dir() => {
            fs::remove_dir_all(&partial)?;
            Ok(folder)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_written_once() {
        let cache = tempfile::tempdir().expect("a folder");
        let folder = install(cache.path()).expect("installed");
        assert_eq!(install(cache.path()).expect("found"), folder);
        assert!(folder.join("sitecustomize.py").is_file());
        assert_eq!(cache.path().read_dir().expect("listed").count(), 1);
    }
}
