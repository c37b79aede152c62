//! Staged blobs: bytes that wait in a journal folder until a server has them.
//!
//! A staged blob is a file named by its digest, whole and on stable storage before any
//! record may name it.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use mendel_model::Digest;

use crate::new_id;

const CHUNK: usize = 256 << 10;

/// Why bytes could not be staged.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The given file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy cannot be written.
    #[error("cannot keep a copy in `{}`", folder.display())]
    Write {
        /// The folder of staged blobs.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Where a journal keeps its staged blobs.
pub(crate) fn folder(journal: &Path) -> PathBuf {
    journal.join("blobs")
}

/// Stages `bytes` in the journal folder `journal`; returns their digest.
pub fn stage_bytes(journal: &Path, bytes: &[u8]) -> Result<Digest, StageError> {
    let digest = Digest::of(bytes);
    let folder = folder(journal);
    let path = folder.join(digest.to_string());
    if path.is_file() {
        return Ok(digest);
    }
    write(&folder, |partial| partial.write_all(bytes).map(|()| path.clone()))
        .map_err(|source| StageError::Write { folder, source })?;
    Ok(digest)
}

/// Stages a copy of the file at `path`; returns digest and size.
pub fn stage_file(journal: &Path, path: &Path) -> Result<(Digest, u64), StageError> {
    let folder = folder(journal);
    let unreadable = |source| StageError::Read { path: path.to_owned(), source };
    let mut source = File::open(path).map_err(unreadable)?;
    let mut staged = (Digest::from_bytes([0; 32]), 0);
    let mut read_error = None;
    let copied = write(&folder, |partial| {
        let mut hasher = blake3::Hasher::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    read_error = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            };
            hasher.update(&chunk[..count]);
            partial.write_all(&chunk[..count])?;
            staged.1 += count as u64;
        }
        staged.0 = Digest::from_bytes(*hasher.finalize().as_bytes());
        Ok(folder.join(staged.0.to_string()))
    });
    match (read_error, copied) {
        (Some(error), _) => Err(unreadable(error)),
        (None, Err(source)) => Err(StageError::Write { folder, source }),
        (None, Ok(())) => Ok(staged),
    }
}

/// The digest and size of the file at `path`, read in pieces.
pub fn digest_of_file(path: &Path) -> io::Result<(Digest, u64)> {
    let mut hasher = blake3::Hasher::new();
    let size = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((Digest::from_bytes(*hasher.finalize().as_bytes()), size))
}

/// Fills a partial file, makes it durable, and gives it the name that `fill` returns.
fn write(folder: &Path, fill: impl FnOnce(&mut File) -> io::Result<PathBuf>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let partial = folder.join(format!(".{}", new_id().as_simple()));
    let mut file = File::create_new(&partial)?;
    let renamed =
        fill(&mut file).and_then(|name| file.sync_all().map(|()| name)).and_then(|name| fs::rename(&partial, name));
    match renamed {
        Ok(()) => File::open(folder)?.sync_all(),
        Err(error) => {
            fs::remove_file(&partial)?;
            Err(error)
        }
    }
}

/// The staged blobs of a journal. A folder that is not there holds none.
pub(crate) fn staged(journal: &Path) -> io::Result<Vec<Digest>> {
    let entries = match fs::read_dir(folder(journal)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut digests = Vec::new();
    for entry in entries {
        digests.extend(entry?.file_name().to_str().and_then(|name| name.parse::<Digest>().ok()));
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_file_are_staged_under_one_digest() {
        let journal = tempfile::tempdir().expect("a folder");
        let file = journal.path().join("model.bin");
        fs::write(&file, b"weights").expect("written");
        let digest = stage_bytes(journal.path(), b"weights").expect("staged");
        assert_eq!(stage_file(journal.path(), &file).expect("staged"), (digest, 7));
        assert_eq!(digest_of_file(&file).expect("read"), (digest, 7));
        assert_eq!(staged(journal.path()).expect("listed"), [digest]);
        let kept = folder(journal.path()).join(digest.to_string());
        assert_eq!(fs::read(kept).expect("kept"), b"weights");
    }

    #[test]
    fn a_missing_file_leaves_nothing_behind() {
        let journal = tempfile::tempdir().expect("a folder");
        let missing = stage_file(journal.path(), &journal.path().join("none"));
        assert!(matches!(missing, Err(StageError::Read { .. })));
        let folder = stage_file(journal.path(), journal.path());
        assert!(matches!(folder, Err(StageError::Read { .. })));
        assert!(fs::read_dir(super::folder(journal.path())).expect("made").next().is_none());
    }
}
