//! Snapshots of real folders: what is taken, what is left out, how it is put back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dependency;
mod git;
mod leave_out;
mod put_back;
mod take;

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use mendel_model::{Digest, Manifest};
use mendel_snapshot::{Options, Purpose, Snapshot, SnapshotError, StatIndex, snapshot};

/// A folder that is gone at the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn holding(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let place = self.at(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }

    fn link(&self, path: &str, target: impl AsRef<Path>) {
        std::os::unix::fs::symlink(target, self.at(path)).unwrap();
    }

    fn take(&self) -> Result<Snapshot, SnapshotError> {
        snapshot(&self.path(), &Options::default(), &mut StatIndex::in_memory())
    }

    fn take_for_script(&self, script: &str) -> Snapshot {
        let options = Options { purpose: Purpose::Script(PathBuf::from(script)), ..Options::default() };
        snapshot(&self.path(), &options, &mut StatIndex::in_memory()).unwrap()
    }
}

fn paths(manifest: &Manifest) -> Vec<&str> {
    manifest.entries.iter().map(|entry| entry.path.as_str()).collect()
}

fn left_out(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.left_out.iter().map(|left| left.path.as_str()).collect()
}

/// The bytes of a snapshot, by digest, as a store would keep them.
fn bytes_of(snapshot: &Snapshot) -> HashMap<Digest, Vec<u8>> {
    let contents = snapshot.read(&snapshot.files.iter().collect::<Vec<_>>()).unwrap();
    snapshot.files.iter().map(|file| file.digest).zip(contents).collect()
}

fn fetch_from(bytes: HashMap<Digest, Vec<u8>>) -> impl FnMut(&Digest) -> io::Result<Vec<u8>> {
    move |digest| bytes.get(digest).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
}
