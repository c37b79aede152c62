//! What a dependency is now, in the same terms in which it was recorded.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use mendel_model::{Dependency, DependencyKind, Digest};

use crate::{Limits, Options, Purpose, SnapshotError, StatIndex, hash_file, rules::is_never_taken, snapshot};

/// The digest that `dependency` has now below `root`; none where it is absent.
///
/// A folder that is not listed but depended on as a whole has the digest of its tree.
/// `Environment` and `Variable` are no files: they are answered with none.
pub fn current_digest(
    root: &Path,
    dependency: &Dependency,
    index: &mut StatIndex,
) -> Result<Option<Digest>, SnapshotError> {
    let place = root.join(&dependency.subject);
    match dependency.kind {
        DependencyKind::Environment | DependencyKind::Variable => Ok(None),
        DependencyKind::Lookup => {
            let (folder, names) = lookup_parts(&dependency.subject);
            found_modules(&root.join(folder), &names).map(|found| Some(names_digest(&found)))
        }
        DependencyKind::Listing => listing_digest(&place),
        DependencyKind::Existence => existence(&place).map(|found| found.map(|text| Digest::of(text.as_bytes()))),
        DependencyKind::Code if place.is_dir() => tree_digest(&place, Limits::default(), index).map(Some),
        DependencyKind::Input if place.is_dir() => tree_digest(&place, Limits::NONE, index).map(Some),
        DependencyKind::Code | DependencyKind::Input => match hash_file(&place, index) {
            Ok((digest, _)) => Ok(Some(digest)),
            Err(SnapshotError::Read { source, .. }) if is_absence(&source) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// What is at `path`, as the text that its digest is of; none where nothing is.
pub fn existence(path: &Path) -> Result<Option<String>, SnapshotError> {
    let kind = |facts: &fs::Metadata| match (facts.is_file(), facts.is_dir()) {
        (true, _) => "file",
        (_, true) => "folder",
        (false, false) => "other",
    };
    match path.symlink_metadata() {
        Ok(facts) if facts.is_symlink() => {
            let target = fs::read_link(path).map_err(|source| SnapshotError::read(path, source))?;
            let there = path.metadata().map_or("nothing", |facts| kind(&facts));
            Ok(Some(format!("link {} to {there}", target.as_os_str().as_encoded_bytes().escape_ascii())))
        }
        Ok(facts) => Ok(Some(kind(&facts).to_owned())),
        Err(error) if is_absence(&error) => Ok(None),
        Err(source) => Err(SnapshotError::read(path, source)),
    }
}

/// The digest of the names in `folder`; none where there is no such folder.
///
/// Names that Python, git and Mendel leave behind do not count.
pub fn listing_digest(folder: &Path) -> Result<Option<Digest>, SnapshotError> {
    Ok(listed_names(folder)?.map(|names| names_digest(&names)))
}

/// The sorted names in `folder` that count in a listing; none where there is no such folder.
pub fn listed_names(folder: &Path) -> Result<Option<Vec<String>>, SnapshotError> {
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(source) => return Err(SnapshotError::read(folder, source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|source| SnapshotError::read(folder, source))?.file_name();
        let name = name.as_encoded_bytes().escape_ascii().to_string();
        if !is_never_taken(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(Some(names))
}

/// The text of which a list of names has the digest: one name a line.
pub fn names_text(names: &[String]) -> String {
    names.iter().flat_map(|name| [name, "\n"]).collect()
}

fn names_digest(names: &[String]) -> Digest {
    Digest::of(names_text(names).as_bytes())
}

/// The subject of a lookup of `names` in `folder`.
pub fn lookup_subject(folder: &str, names: &BTreeSet<String>) -> String {
    let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    if folder.is_empty() { format!("{{{names}}}") } else { format!("{folder}/{{{names}}}") }
}

/// The folder of a lookup, and the names of the modules that were looked for in it.
pub fn lookup_parts(subject: &str) -> (&str, BTreeSet<&str>) {
    let (folder, names) = subject.rsplit_once('{').unwrap_or((subject, ""));
    let names = names.trim_end_matches('}').split(',').filter(|name| !name.is_empty());
    (folder.strip_suffix('/').unwrap_or(folder), names.collect())
}

/// What Python could import as one of `names` from `folder`: files of modules, and the start
/// files of packages. A folder without one is only taken where nothing else is found.
pub fn found_modules(folder: &Path, names: &BTreeSet<&str>) -> Result<Vec<String>, SnapshotError> {
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        Err(source) => return Err(SnapshotError::read(folder, source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| SnapshotError::read(folder, source))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !names.contains(name.split('.').next().unwrap_or(name)) {
            continue;
        }
        if name.ends_with(".py") || name.ends_with(".so") || name.ends_with(".pyc") {
            found.push(name.to_owned());
        } else if !name.contains('.') && entry.path().join("__init__.py").is_file() {
            found.push(format!("{name}/__init__.py"));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The digest of the tree at `folder`, as a snapshot for a plain command within `limits` has it.
fn tree_digest(folder: &Path, limits: Limits, index: &mut StatIndex) -> Result<Digest, SnapshotError> {
    let options = Options { purpose: Purpose::Script(PathBuf::new()), limits, git: false, ..Options::default() };
    Ok(snapshot(folder, &options, index)?.manifest.digest())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
