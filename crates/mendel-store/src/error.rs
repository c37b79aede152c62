//! Why the store refused or failed, told so that a caller can choose a status or exit code
//! by matching. Full and read-only disks are told apart from other failures, whether the
//! database or the blob folder met them.

use std::{io, path::PathBuf};

use mendel_model::{BadRecord, Digest, RunId, WrongStatus};

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store was written by a later version; nothing was touched.
    #[error("the store has format {found}, this program knows formats up to {known}")]
    Newer {
        /// Format of the store.
        found: i64,
        /// Highest format this program knows.
        known: i64,
    },
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// Its id or name.
        id: String,
    },
    /// A thing of that name is there already.
    #[error("there is a {what} `{name}` already")]
    Exists {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The run's status does not allow the move.
    #[error(transparent)]
    WrongStatus(#[from] WrongStatus),
    /// The run is published: only tags and comment change.
    #[error("run `{0}` is published and does not change")]
    Published(RunId),
    /// The writer belongs to an attempt that is over.
    #[error("attempt {given} is over, the run is at attempt {current}")]
    StaleAttempt {
        /// Attempt of the writer.
        given: u32,
        /// Attempt of the run.
        current: u32,
    },
    /// Records before these have not arrived.
    #[error("the batch begins with record {given}, but record {expected} is the next")]
    SequenceGap {
        /// Sequence of the next record.
        expected: u64,
        /// Sequence that was sent.
        given: u64,
    },
    /// The batch cannot be read; nothing of it was kept.
    #[error("the batch cannot be read")]
    BadRecords(#[from] BadRecord),
    /// L04: the run has all the series it may have; the rest of the batch was kept.
    #[error("the run has {limit} series; {refused} more were refused and the rest of the batch kept")]
    TooManySeries {
        /// Highest sequence that is done with.
        acknowledged: u64,
        /// Number of series a run may have.
        limit: usize,
        /// Number of series refused.
        refused: usize,
    },
    /// Some records of the batch were refused; the rest was kept.
    #[error("the batch was kept except for: {}", why.join("; "))]
    PartlyRefused {
        /// Highest sequence that is done with.
        acknowledged: u64,
        /// One sentence a refused record.
        why: Vec<String>,
    },
    /// A limit is passed.
    #[error("{what} of {value} is more than {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The number that passed it.
        value: usize,
    },
    /// L06: a name that cannot be one.
    #[error("`{name}` cannot be a {what}: {why}")]
    BadName {
        /// What it should name.
        what: &'static str,
        /// The name, shortened.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A run would be its own ancestor.
    #[error("run `{0}` would be its own ancestor")]
    Cycle(RunId),
    /// A filter or sort key that is well formed but means nothing.
    #[error("{0}")]
    BadFilter(String),
    /// Stored bytes do not fit their digest; they were put aside and not served.
    #[error("blob `{0}` is damaged and was put into quarantine")]
    Damaged(Digest),
    /// There are no bytes of that digest.
    #[error("there is no blob `{0}`")]
    BlobMissing(Digest),
    /// The bytes sent are not those of the digest.
    #[error("the bytes have digest `{found}`, not `{expected}`")]
    WrongDigest {
        /// The digest they were sent as.
        expected: Digest,
        /// The digest they have.
        found: Digest,
    },
    /// A chunk that does not follow what is there.
    #[error("the chunk begins at byte {given}, but {expected} bytes are there")]
    WrongOffset {
        /// Bytes that are there.
        expected: u64,
        /// Offset of the chunk.
        given: u64,
    },
    /// The database or its folder cannot be written.
    #[error("the store cannot be written: {0}")]
    ReadOnly(String),
    /// The disk is full.
    #[error("the disk of the store is full: {0}")]
    Full(String),
    /// Another process held the store for too long.
    #[error("the store is in use by another process: {0}")]
    Busy(String),
    /// Stored data that cannot be what was written.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// This kind of store cannot do it.
    #[error("{what} is not possible with a PostgreSQL store; {hint}")]
    Unsupported {
        /// What was asked.
        what: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// The database failed otherwise.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// The file system failed otherwise.
    #[error("cannot use `{}`", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// How it failed.
        source: io::Error,
    },
}

/// What the store's functions return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
