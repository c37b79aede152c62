//! What a dependency is now, in the same terms in which it was recorded.

use std::{
    io,
    path::{Path, PathBuf},
};

use mendel_model::{Canonical, Dependency, DependencyKind, Digest};

use crate::{Limits, Options, Purpose, SnapshotError, StatIndex, hash_file, rules::is_never_taken, snapshot};

/// The digest that `dependency` has now below `root`; none where it is absent.
///
/// A folder that is not listed but depended on as a whole has the digest of its tree.
/// `Environment` is not a file: it is answered with none.
pub fn current_digest(
    root: &Path,
    dependency: &Dependency,
    index: &mut StatIndex,
) -> Result<Option<Digest>, SnapshotError> {
    let place = root.join(&dependency.subject);
    match dependency.kind {
        DependencyKind::Environment => Ok(None),
        DependencyKind::Listing => listing_digest(&place),
        DependencyKind::Code if place.is_dir() => tree_digest(&place, Limits::default(), index).map(Some),
        DependencyKind::Input if place.is_dir() => tree_digest(&place, Limits::NONE, index).map(Some),
        DependencyKind::Code | DependencyKind::Input => match hash_file(&place, index) {
            Ok((digest, _)) => Ok(Some(digest)),
            Err(SnapshotError::Read { source, .. }) if is_absence(&source) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// The digest of the names in `folder`; none where there is no such folder.
///
/// Names that Python, git and Mendel leave behind do not count.
pub fn listing_digest(folder: &Path) -> Result<Option<Digest>, SnapshotError> {
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
    let mut form = Canonical::new("listing");
    for name in &names {
        form.text(name);
    }
    Ok(Some(form.finish()))
}

/// The digest of the tree at `folder`, as a snapshot for a plain command within `limits` has it.
fn tree_digest(folder: &Path, limits: Limits, index: &mut StatIndex) -> Result<Digest, SnapshotError> {
    let options = Options { purpose: Purpose::Script(PathBuf::new()), limits, git: false, ..Options::default() };
    Ok(snapshot(folder, &options, index)?.manifest.digest())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
