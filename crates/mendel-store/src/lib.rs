//! SQL and migrations, series chunks, blobs.
//!
//! One [`Store`] over SQLite or PostgreSQL with one set of statements, and a folder of
//! content-addressed [`Blobs`] beside it. A function that returns has committed.

mod blob;
mod error;
mod query;
mod skeleton;

pub use blob::Blobs;
pub use error::{Result, StoreError};
pub use query::{Bucket, ConsolePage, Damage, EventQuery, Found, Garbage, RunPage, RunQuery, Sealed};
pub use skeleton::Store;
