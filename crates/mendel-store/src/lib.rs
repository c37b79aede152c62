//! SQL and migrations, series chunks, blobs.
//!
//! One [`Store`] over SQLite or PostgreSQL with one set of statements, and a folder of
//! content-addressed [`Blobs`] beside it. A function that returns has committed.

mod access;
mod artifact;
mod batch;
mod blob;
mod console;
mod database;
mod error;
mod event;
mod file;
mod migration;
mod model;
mod note;
mod project;
mod query;
mod queue;
mod record;
mod registry;
mod request;
mod result;
mod run;
mod series;
mod store;
mod upkeep;
mod worker;

pub use access::{Audit, AuditEntry, NewAudit, StoredKey, UserChange};
pub use blob::Blobs;
pub use error::{Result, StoreError};
pub use query::{
    Bucket, ConsolePage, Damage, EventQuery, FileRecord, Found, Garbage, MetricSummary, ProjectRecord, QueueRecord,
    Report, RunPage, RunQuery, RunScan, Sealed, WorkerRecord,
};
pub use request::Seen;
pub use store::Store;
