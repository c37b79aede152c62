//! Digests of files, and proof that the bytes stood still while they were read.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use mendel_model::Digest;

use crate::{FileStat, SnapshotError, StatIndex, index::now_ns};

const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);
const BUFFER_BYTES: usize = 256 << 10;

/// A digest, and the facts that held while it was computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashed {
    pub(crate) digest: Digest,
    pub(crate) stat: FileStat,
    pub(crate) read_at: i64,
}

/// The digest and stat of the file at `path`, from `index` where it remembers them.
pub fn hash_file(path: &Path, index: &mut StatIndex) -> Result<(Digest, FileStat), SnapshotError> {
    let metadata = path.metadata().map_err(|source| SnapshotError::read(path, source))?;
    let stat = FileStat::of(&metadata);
    if let Some(digest) = index.get(path, &stat) {
        return Ok((digest, stat));
    }
    let hashed = hash_still(path, &mut Vec::new())?;
    index.put(path, hashed.stat, hashed.digest, hashed.read_at);
    Ok((hashed.digest, hashed.stat))
}

/// The bytes of `path`, if they have `digest`.
pub fn read_verified(path: &Path, digest: &Digest) -> Result<Vec<u8>, SnapshotError> {
    let mut bytes = Vec::new();
    let read = open(path).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(|source| SnapshotError::read(path, source))?;
    if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(SnapshotError::Changed { path: path.to_owned() }) }
}

/// The digests of `paths`, in their order, by a few threads.
pub(crate) fn hash_all(paths: &[PathBuf]) -> Vec<Result<Hashed, SnapshotError>> {
    by_threads(paths, Vec::new, |path, buffer| hash_still(path, buffer))
}

/// What `work` makes of each of `things`, in their order, by a few threads that each have
/// something `own`.
pub(crate) fn by_threads<T: Sync, Own, R: Send>(
    things: &[T],
    own: impl Fn() -> Own + Sync,
    work: impl Fn(&T, &mut Own) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(2, |number| number.get().min(8)).min(things.len());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(things.len()));
    let work = || {
        let mut own = own();
        let mut done = Vec::new();
        while let Some((number, thing)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            things.get(number).map(|thing| (number, thing))
        } {
            done.push((number, work(thing, &mut own)));
        }
        results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut done);
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Reads `path` until its stat is the same before and after; editors that write by
/// removing and making anew are waited for too.
fn hash_still(path: &Path, buffer: &mut Vec<u8>) -> Result<Hashed, SnapshotError> {
    let mut attempt = 1;
    loop {
        let error = match hash_once(path, buffer) {
            Ok(Some(hashed)) => return Ok(hashed),
            Ok(None) => SnapshotError::Changed { path: path.to_owned() },
            Err(source) if source.kind() == io::ErrorKind::NotFound => SnapshotError::read(path, source),
            Err(source) => return Err(SnapshotError::read(path, source)),
        };
        if attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        thread::sleep(PAUSE);
    }
}

/// One reading; none if the file changed meanwhile.
fn hash_once(path: &Path, buffer: &mut Vec<u8>) -> io::Result<Option<Hashed>> {
    let read_at = now_ns();
    let mut file = open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let stat = FileStat::of(&metadata);
    buffer.resize(BUFFER_BYTES, 0);
    let mut hasher = blake3::Hasher::new();
    let mut size = 0;
    loop {
        match file.read(buffer) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let still = size == stat.size && FileStat::of(&file.metadata()?) == stat;
    Ok(still.then(|| Hashed { digest: Digest::from_bytes(*hasher.finalize().as_bytes()), stat, read_at }))
}

/// Opens a file without waiting for a writer, should it have become a pipe.
fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits()).open(path)
}
