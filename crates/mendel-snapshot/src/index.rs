//! The stat index: digests of files remembered by what `stat` says of them.
//!
//! A digest is trusted only while size, times and inode are the same, and only when the
//! file had been quiet for two seconds when it was read: a later write within the clock's
//! grain would otherwise go unseen.

use std::{
    collections::HashMap,
    fs, io,
    io::Write as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use mendel_model::Digest;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"mdlidx1\n";
const RECORD: usize = 16 + 4 * 8 + 32 + 4;
const KEEP_DAYS: u32 = 60;
const QUIET_NANOSECONDS: i64 = 2_000_000_000;

/// What `stat` says of a file: equal facts, equal bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    /// Number of bytes.
    pub size: u64,
    /// Time of the last write, in nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// Time of the last change of bytes or attributes, in nanoseconds since the epoch.
    pub ctime_ns: i64,
    /// Number of the file in its file system.
    pub inode: u64,
}

impl FileStat {
    /// The facts in `metadata`.
    pub fn of(metadata: &fs::Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            size: metadata.size(),
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Remembered {
    stat: FileStat,
    digest: Digest,
    /// The day it was last asked for, counted from the epoch.
    day: u32,
}

/// Digests remembered by path and stat, kept in one file.
#[derive(Debug, Default)]
pub struct StatIndex {
    file: Option<PathBuf>,
    entries: HashMap<[u8; 16], Remembered>,
    changed: bool,
}

impl StatIndex {
    /// An index that remembers nothing beyond this process.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// The index kept in `file`; a missing or damaged one is empty, since it only saves time.
    pub fn open(file: &Path) -> Self {
        let entries = fs::read(file).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Self { file: Some(file.to_owned()), entries, changed: false }
    }

    /// The index of the tree at `root`, one file for each root below `folder`.
    pub fn for_root(folder: &Path, root: &Path) -> Self {
        let name = Digest::of(root.as_os_str().as_encoded_bytes()).to_string();
        Self::open(&folder.join(&name[..32]))
    }

    /// The digest of `path` if it still has `stat`.
    pub fn get(&mut self, path: &Path, stat: &FileStat) -> Option<Digest> {
        let known = self.entries.get_mut(&key(path)).filter(|known| known.stat == *stat)?;
        let today = today();
        self.changed |= known.day != today;
        known.day = today;
        Some(known.digest)
    }

    /// Remembers the digest of `path`, read at `read_at` nanoseconds since the epoch.
    ///
    /// One that changed less than two seconds before that is forgotten instead.
    pub fn put(&mut self, path: &Path, stat: FileStat, digest: Digest, read_at: i64) {
        let quiet = stat.ctime_ns.max(stat.mtime_ns) < read_at.saturating_sub(QUIET_NANOSECONDS);
        if quiet {
            self.entries.insert(key(path), Remembered { stat, digest, day: today() });
            self.changed = true;
        } else if self.entries.remove(&key(path)).is_some() {
            self.changed = true;
        }
    }

    /// Replaces the file in one step, if anything changed.
    pub fn save(&mut self) -> io::Result<()> {
        let Some(file) = self.file.as_deref().filter(|_| self.changed) else { return Ok(()) };
        let oldest = today().saturating_sub(KEEP_DAYS);
        self.entries.retain(|_, known| known.day >= oldest);
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let temporary = file.with_extension(format!("{}-{}.tmp", std::process::id(), now_ns()));
        let written = fs::File::create(&temporary).and_then(|mut out| out.write_all(&encode(&self.entries)));
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, file)) {
            // The temporary file is of no use to anyone; the error that matters is the first.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        self.changed = false;
        Ok(())
    }

    /// Number of remembered files.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Nanoseconds since the epoch by the clock of this machine.
pub(crate) fn now_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_nanos());
    i64::try_from(now).unwrap_or(i64::MAX)
}

fn today() -> u32 {
    u32::try_from(now_ns() / 86_400_000_000_000).unwrap_or(0)
}

fn key(path: &Path) -> [u8; 16] {
    let mut key = [0; 16];
    key.copy_from_slice(&Digest::of(path.as_os_str().as_encoded_bytes()).as_bytes()[..16]);
    key
}

fn encode(entries: &HashMap<[u8; 16], Remembered>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MAGIC.len() + entries.len() * RECORD + 32);
    bytes.extend_from_slice(MAGIC);
    for (key, Remembered { stat, digest, day }) in entries {
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&stat.size.to_le_bytes());
        bytes.extend_from_slice(&stat.mtime_ns.to_le_bytes());
        bytes.extend_from_slice(&stat.ctime_ns.to_le_bytes());
        bytes.extend_from_slice(&stat.inode.to_le_bytes());
        bytes.extend_from_slice(&day.to_le_bytes());
        bytes.extend_from_slice(digest.as_bytes());
    }
    let check = Digest::of(&bytes);
    bytes.extend_from_slice(check.as_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<HashMap<[u8; 16], Remembered>> {
    let (content, check) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Digest::of(content).as_bytes() != check {
        return None;
    }
    let (records, rest) = content.strip_prefix(MAGIC)?.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return None;
    }
    records.iter().map(decode_record).collect()
}

fn decode_record(record: &[u8; RECORD]) -> Option<([u8; 16], Remembered)> {
    let (key, rest) = record.split_first_chunk::<16>()?;
    let (size, rest) = rest.split_first_chunk::<8>()?;
    let (mtime, rest) = rest.split_first_chunk::<8>()?;
    let (ctime, rest) = rest.split_first_chunk::<8>()?;
    let (inode, rest) = rest.split_first_chunk::<8>()?;
    let (day, rest) = rest.split_first_chunk::<4>()?;
    let stat = FileStat {
        size: u64::from_le_bytes(*size),
        mtime_ns: i64::from_le_bytes(*mtime),
        ctime_ns: i64::from_le_bytes(*ctime),
        inode: u64::from_le_bytes(*inode),
    };
    let digest = Digest::from_bytes(rest.try_into().ok()?);
    Some((*key, Remembered { stat, digest, day: u32::from_le_bytes(*day) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: FileStat = FileStat { size: 3, mtime_ns: 1_000, ctime_ns: 2_000, inode: 7 };
    const LATER: i64 = 2_000 + QUIET_NANOSECONDS + 1;

    #[test]
    fn an_index_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index/root");
        let mut index = StatIndex::open(&file);
        index.put(Path::new("/a"), STAT, Digest::of(b"a"), LATER);
        index.save().unwrap();

        let mut index = StatIndex::open(&file);
        assert_eq!(index.get(Path::new("/a"), &STAT), Some(Digest::of(b"a")));
        assert_eq!(index.get(Path::new("/b"), &STAT), None);
        assert_eq!(fs::read_dir(folder.path().join("index")).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn any_other_fact_makes_a_digest_unknown() {
        let mut index = StatIndex::in_memory();
        index.put(Path::new("/a"), STAT, Digest::of(b"a"), LATER);
        let others = [
            FileStat { size: 4, ..STAT },
            FileStat { mtime_ns: 1_001, ..STAT },
            FileStat { ctime_ns: 2_001, ..STAT },
            FileStat { inode: 8, ..STAT },
        ];
        for other in others {
            assert_eq!(index.get(Path::new("/a"), &other), None, "{other:?}");
        }
    }

    #[test]
    fn a_file_that_changed_just_before_it_was_read_is_not_trusted() {
        let mut index = StatIndex::in_memory();
        index.put(Path::new("/a"), STAT, Digest::of(b"a"), LATER);
        index.put(Path::new("/a"), STAT, Digest::of(b"b"), LATER - 1);
        assert_eq!(index.get(Path::new("/a"), &STAT), None);

        let from_the_future = FileStat { ctime_ns: LATER * 2, ..STAT };
        index.put(Path::new("/a"), from_the_future, Digest::of(b"a"), LATER);
        assert!(index.is_empty());
    }

    #[test]
    fn a_damaged_or_foreign_file_is_an_empty_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index");
        let mut index = StatIndex::open(&file);
        index.put(Path::new("/a"), STAT, Digest::of(b"a"), LATER);
        index.save().unwrap();
        let whole = fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        flipped[20] ^= 1;
        for bytes in [&whole[..whole.len() - 1], &flipped, b"", b"something else entirely, long enough to hold a check"]
        {
            fs::write(&file, bytes).unwrap();
            assert!(StatIndex::open(&file).is_empty());
        }
    }
}
