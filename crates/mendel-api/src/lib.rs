//! Wire types, and the client over a router in process, a Unix socket or TCP.
//!
//! Decided here: the addresses of the native interface, the shapes that travel, and how
//! a refusal reads. Nouns travel in the model's own shape where the two coincide. The
//! crate keeps no global state and runs on any tokio runtime, so it is usable from
//! processes that fork: the caller makes a new [`Client`] afterwards.

mod access;
mod address;
mod artifact;
mod batch;
mod blob;
mod blob_pack;
mod client;
mod console;
mod error;
mod event;
mod float;
mod note;
mod project;
mod record;
mod result;
mod run;
mod series;
mod server;
mod tls;
mod transport;
mod upkeep;

pub use access::{
    AuditLine, AuditPage, CreatedKey, ListedKey, NewKey, NewUser, Session, SetMember, SetUp, SignIn, UserUpdate,
};
pub use address::{Address, BadPair, Pairs};
pub use artifact::RunModel;
pub use blob::{CHUNK_BYTES, MissingBlobs, UploadState};
pub use blob_pack::{
    AdoptedBlobs, BlobPack, OfferedBlob, OfferedBlobs, PACK_BYTES, PACK_LENGTH, StoredBlobs, unpack_blobs,
};
pub use client::{Client, Hello};
pub use console::{ConsolePage, ConsoleQuery};
pub use error::{ClientError, Problem, ProblemBody, TransportError};
pub use event::EventQuery;
pub use note::{FindNotes, FoundNotes};
pub use record::{Appended, RecordsQuery};
pub use result::{FindResults, FoundResults, Marks, PutResults};
pub use run::{CreateRuns, DEFAULT_PAGE, RunPage, RunQuery};
pub use series::{BUCKETS_MAX, Bucket, Extreme, SeriesData, SeriesInfo};
pub use server::{BadAddress, Credentials, ServerAddress};
pub use transport::{BoxFuture, HttpTransport, Transport, Unrepeatable};
pub use upkeep::{BackupInto, Damage, Garbage, Sealed};
