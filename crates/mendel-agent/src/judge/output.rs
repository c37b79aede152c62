//! What a run wrote: files that were seen to be written, and files that appeared.
//!
//! Other programs and some libraries write without being seen. In a private folder everything
//! that differs from the snapshot is an output; in place, new files are where such a program
//! or library had a part, as far as they lie in a folder that changed.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use mendel_model::Digest;
use mendel_snapshot::{FileStat, LEAVE_OUT_MARKER, SnapshotError, hash_file};

use super::{Bench, Named};

/// Folders whose content is nobody's output.
const PASSED_OVER: [&str; 5] = ["__pycache__", ".git", ".mendel", "node_modules", "site-packages"];
/// More paths than this are not looked at.
const PATHS_MAX: usize = 50_000;

/// A file that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOutput {
    /// Its path below the root, with `/`.
    pub path: String,
    /// Where it lies.
    pub place: PathBuf,
    /// Digest of its bytes in the end.
    pub digest: Digest,
    /// Number of bytes.
    pub size: u64,
    /// Whether it may be executed.
    pub executable: bool,
    /// Where it leads, if it is a symbolic link.
    pub link: Option<String>,
    /// Whether the snapshot has nothing at its path.
    pub new: bool,
}

impl Bench<'_> {
    /// Collects what the run wrote below the root.
    pub(super) fn find_outputs(&mut self) -> Result<(), SnapshotError> {
        let mut found = BTreeSet::new();
        for subject in self.uses.written() {
            let place = self.places.seen(subject);
            if self.places.holds(&place) {
                found.insert((subject.to_owned(), place));
            }
        }
        let unseen = self.may_write_unseen();
        let changed = self.case.named.iter().filter(|named| unseen && !named.is_unchanged());
        for Named { path, .. } in changed.filter(|named| self.places.holds(&named.path)) {
            found.insert((self.places.subject(path), path.clone()));
        }
        let mut walk = Walk { bench: self, left: PATHS_MAX, found: Vec::new() };
        let news = self.case.root.metadata().is_ok_and(|facts| self.is_recent(&FileStat::of(&facts)));
        if unseen {
            walk.folder(self.case.root, news || self.is_private());
        }
        found.extend(walk.found);
        for (subject, place) in found {
            let Ok(facts) = place.symlink_metadata() else { continue };
            let wrote = self.uses.wrote(&subject);
            if subject.is_empty() || self.is_marked(&subject) || !(facts.is_file() || facts.is_symlink() && wrote) {
                continue;
            }
            if facts.is_symlink() {
                let Ok(link) = fs::read_link(&place) else { continue };
                let link = link.to_string_lossy().into_owned();
                let (digest, size) = (Digest::of(link.as_bytes()), link.len() as u64);
                let (path, new) = (subject.clone(), self.is_new(&subject));
                let output = FoundOutput { path, place, digest, size, executable: false, link: Some(link), new };
                self.outputs.insert(subject, output);
                continue;
            }
            let (digest, stat) = hash_file(&place, self.index)?;
            // One that was not seen to be written, and is as it was, was not.
            if wrote || self.snapshot.get(subject.as_str()) != Some(&digest) {
                let executable = facts.permissions().mode() & 0o111 != 0;
                let (path, new) = (subject.clone(), self.is_new(&subject));
                let output = FoundOutput { path, place, digest, size: stat.size, executable, link: None, new };
                self.outputs.insert(subject, output);
            }
        }
        Ok(())
    }

    fn is_new(&self, subject: &str) -> bool {
        let entries = self.case.manifest.map_or(&[][..], |manifest| &manifest.entries);
        entries.binary_search_by(|entry| entry.path.as_str().cmp(subject)).is_err()
    }

    /// Whether a folder above it holds the marker that leaves it out.
    fn is_marked(&self, subject: &str) -> bool {
        let mut folders = Path::new(subject).ancestors().skip(1).filter(|folder| *folder != Path::new(""));
        folders.any(|folder| self.case.root.join(folder).join(LEAVE_OUT_MARKER).is_file())
    }
}

/// The sorted names in a folder that count.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| !PASSED_OVER.contains(&name.as_str())).collect();
    names.sort_unstable();
    names
}

struct Walk<'a, 'b> {
    bench: &'a Bench<'b>,
    left: usize,
    found: Vec<(String, PathBuf)>,
}

impl Walk<'_, '_> {
    /// `changed` says whether names in `folder` may be new.
    fn folder(&mut self, folder: &Path, changed: bool) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.filter_map(Result::ok) {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let (path, Ok(facts)) = (entry.path(), entry.metadata()) else { continue };
            let stat = FileStat::of(&facts);
            if facts.is_dir() {
                let private = self.bench.is_private();
                if !is_passed_over(&path) && (private || self.may_hold_news(&path, &stat)) {
                    self.folder(&path, private || self.bench.is_recent(&stat));
                }
            } else if facts.is_file() && changed && self.bench.is_recent(&stat) {
                let subject = self.bench.places.subject(&path);
                if self.bench.is_private() || !self.bench.snapshot.contains_key(subject.as_str()) {
                    self.found.push((subject, path));
                }
            }
        }
    }

    /// A folder got a new name, or belongs to the snapshot, so that one below it may have.
    fn may_hold_news(&self, path: &Path, stat: &FileStat) -> bool {
        let subject = format!("{}/", self.bench.places.subject(path));
        let next = self.bench.snapshot.range(subject.as_str()..).next();
        self.bench.is_recent(stat) || next.is_some_and(|(path, _)| path.starts_with(&subject))
    }
}

fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || PASSED_OVER.contains(&name.as_ref())
        || path.join("pyvenv.cfg").is_file()
        || path.join(LEAVE_OUT_MARKER).is_file()
}
