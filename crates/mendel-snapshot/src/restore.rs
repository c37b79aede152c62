//! Puts a manifest back into a folder.
//!
//! A manifest may come from anywhere, so it is checked whole before anything is written:
//! nothing is ever written outside the folder, and no link that leads out of it is left.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, symlink},
    path::{Path, PathBuf},
};

use mendel_model::{Digest, EntryKind, Manifest};

use crate::link;

/// Why a manifest was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The folder holds something already.
    #[error("the folder `{}` is not empty", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// An entry that no snapshot has: it would lie outside the folder, or under another entry.
    #[error("the manifest is not to be trusted: entry `{path}` {fault}")]
    Hostile {
        /// The entry.
        path: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The bytes of an entry cannot be had.
    #[error("cannot get the bytes of `{path}`")]
    Fetch {
        /// Path below the folder.
        path: String,
        /// What the keeper of bytes said.
        source: io::Error,
    },
    /// The bytes are not those of the manifest.
    #[error("the bytes of `{path}` do not have its digest")]
    WrongBytes {
        /// Path below the folder.
        path: String,
    },
    /// The folder cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// Path below the folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes the entries of `manifest` below `folder`, which is empty or made now; `fetch` gives the bytes of a digest.
pub fn restore(
    manifest: &Manifest,
    folder: &Path,
    fetch: &mut dyn FnMut(&Digest) -> io::Result<Vec<u8>>,
) -> Result<(), RestoreError> {
    check(manifest)?;
    let root = make_root(folder)?;
    for entry in &manifest.entries {
        if let EntryKind::File { digest, size, executable } = &entry.kind {
            let bytes = fetch(digest).map_err(|source| RestoreError::Fetch { path: entry.path.clone(), source })?;
            if bytes.len() as u64 != *size || Digest::of(&bytes) != *digest {
                return Err(RestoreError::WrongBytes { path: entry.path.clone() });
            }
            let written = write_file(&root, &entry.path, &bytes, *executable);
            written.map_err(|source| RestoreError::Write { path: entry.path.clone(), source })?;
        }
    }
    // Links come last and are looked at once all are there, since one may lead over another.
    let links = || {
        manifest.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Link { target } => Some((&entry.path, target)),
            EntryKind::File { .. } => None,
        })
    };
    for (path, target) in links() {
        let place = root.join(path);
        let made = make_parent(&root, path).and_then(|()| symlink(target, &place));
        made.map_err(|source| RestoreError::Write { path: path.clone(), source })?;
    }
    let mut hostile = None;
    for (path, target) in links() {
        if !link::stays_inside(&root, path, Path::new(target)).unwrap_or(false) {
            hostile = Some(path);
        }
    }
    let Some(path) = hostile else { return Ok(()) };
    for (path, _) in links() {
        // Best effort: the refusal itself is what the caller must hear.
        let _ = fs::remove_file(root.join(path));
    }
    Err(RestoreError::Hostile { path: path.clone(), fault: "is a link that leads out of the folder" })
}

/// Refuses entries that could lead out of the folder, into one another, or into git's own data.
fn check(manifest: &Manifest) -> Result<(), RestoreError> {
    let refuse = |path: &str, fault| Err(RestoreError::Hostile { path: path.to_owned(), fault });
    let mut taken: HashSet<&str> = HashSet::new();
    let mut folders: HashSet<&str> = HashSet::new();
    for entry in &manifest.entries {
        let path = entry.path.as_str();
        if path.contains('\0') || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse(path, "is not a plain path below the folder");
        }
        if path.split('/').any(|part| part.eq_ignore_ascii_case(".git") || part.eq_ignore_ascii_case(".mendel")) {
            return refuse(path, "lies in a folder that belongs to git or Mendel");
        }
        if !taken.insert(path) {
            return refuse(path, "is there twice");
        }
        folders.extend(path.match_indices('/').map(|(end, _)| &path[..end]));
        if let EntryKind::Link { target } = &entry.kind
            && (target.is_empty() || target.contains('\0') || target.starts_with('/'))
        {
            return refuse(path, "is a link that leads out of the folder");
        }
    }
    match taken.iter().find(|path| folders.contains(*path)) {
        Some(path) => refuse(path, "is a file or link and holds other entries"),
        None => Ok(()),
    }
}

fn make_root(folder: &Path) -> Result<PathBuf, RestoreError> {
    let write = |source| RestoreError::Write { path: folder.display().to_string(), source };
    fs::create_dir_all(folder).map_err(write)?;
    let root = folder.canonicalize().map_err(write)?;
    if root.read_dir().map_err(write)?.next().is_some() {
        return Err(RestoreError::NotEmpty { folder: folder.to_owned() });
    }
    Ok(root)
}

/// Makes the folders above `path`; one that is a link was put there by someone else.
fn make_parent(root: &Path, path: &str) -> io::Result<()> {
    for (end, _) in path.match_indices('/') {
        let folder = root.join(&path[..end]);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.symlink_metadata()?.is_dir() => {}
            made => made?,
        }
    }
    Ok(())
}

/// Writes a file beside its place and moves it there, so that it is whole or absent.
fn write_file(root: &Path, path: &str, bytes: &[u8], executable: bool) -> io::Result<()> {
    make_parent(root, path)?;
    let place = root.join(path);
    let temporary = place.with_file_name(format!(".mendel-restore-{}", std::process::id()));
    let mode = if executable { 0o777 } else { 0o666 };
    let write = |mut file: File| file.write_all(bytes);
    let written = File::options().write(true).create_new(true).mode(mode).open(&temporary).and_then(write);
    written.and_then(|()| fs::rename(&temporary, &place)).inspect_err(|_| {
        // What could not be written is not wanted; the error says why.
        let _ = fs::remove_file(&temporary);
    })
}
