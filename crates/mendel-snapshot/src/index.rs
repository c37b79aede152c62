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
const RECORD: usize = 16 + 4 * 8 + 32;
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

/// Digests remembered by path and stat, kept in one file.
#[derive(Debug, Default)]
pub struct StatIndex {
    file: Option<PathBuf>,
    entries: HashMap<[u8; 16], (FileStat, Digest)>,
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
    pub fn get(&self, path: &Path, stat: &FileStat) -> Option<Digest> {
        let (known, digest) = self.entries.get(&key(path))?;
        (known == stat).then_some(*digest)
    }

    /// Remembers the digest of `path`, read at `read_at` nanoseconds since the epoch.
    pub fn put(&mut self, path: &Path, stat: FileStat, digest: Digest, read_at: i64) {
        let quiet = stat.ctime_ns.max(stat.mtime_ns) < read_at.saturating_sub(QUIET_NANOSECONDS);
        if quiet {
            self.entries.insert(key(path), (stat, digest));
            self.changed = true;
        } else if self.entries.remove(&key(path)).is_some() {
            self.changed = true;
        }
    }

    /// Replaces the file in one step, if anything changed.
    pub fn save(&mut self) -> io::Result<()> {
        let Some(file) = self.file.as_deref().filter(|_| self.changed) else { return Ok(()) };
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let temporary = file.with_extension(format!("{}-{}.tmp", std::process::id(), now_ns()));
        let written = fs::File::create(&temporary).and_then(|mut out| out.write_all(&self.encode()));
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, file)) {
            // The temporary file is of no use to anyone; the error that matters is the first.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        self.changed = false;
        Ok(())
    }

    /// Forgets every file for which `keep` is false; its argument is a path given to `put`.
    pub(crate) fn retain_keys(&mut self, keep: &std::collections::HashSet<[u8; 16]>) {
        let before = self.entries.len();
        self.entries.retain(|key, _| keep.contains(key));
        self.changed |= self.entries.len() != before;
    }

    /// Number of remembered files.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAGIC.len() + self.entries.len() * RECORD + 32);
        bytes.extend_from_slice(MAGIC);
        for (key, (stat, digest)) in &self.entries {
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(&stat.size.to_le_bytes());
            bytes.extend_from_slice(&stat.mtime_ns.to_le_bytes());
            bytes.extend_from_slice(&stat.ctime_ns.to_le_bytes());
            bytes.extend_from_slice(&stat.inode.to_le_bytes());
            bytes.extend_from_slice(digest.as_bytes());
        }
        let check = Digest::of(&bytes);
        bytes.extend_from_slice(check.as_bytes());
        bytes
    }
}

/// Nanoseconds since the epoch by the clock of this machine.
pub(crate) fn now_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_nanos());
    i64::try_from(now).unwrap_or(i64::MAX)
}

pub(crate) fn key(path: &Path) -> [u8; 16] {
    let hash = Digest::of(path.as_os_str().as_encoded_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.as_bytes()[..16]);
    key
}

fn decode(bytes: &[u8]) -> Option<HashMap<[u8; 16], (FileStat, Digest)>> {
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

fn decode_record(record: &[u8; RECORD]) -> Option<([u8; 16], (FileStat, Digest))> {
    let (key, rest) = record.split_first_chunk::<16>()?;
    let (size, rest) = rest.split_first_chunk::<8>()?;
    let (mtime, rest) = rest.split_first_chunk::<8>()?;
    let (ctime, rest) = rest.split_first_chunk::<8>()?;
    let (inode, rest) = rest.split_first_chunk::<8>()?;
    let digest = Digest::from_bytes(rest.try_into().ok()?);
    let stat = FileStat {
        size: u64::from_le_bytes(*size),
        mtime_ns: i64::from_le_bytes(*mtime),
        ctime_ns: i64::from_le_bytes(*ctime),
        inode: u64::from_le_bytes(*inode),
    };
    Some((*key, (stat, digest)))
}
