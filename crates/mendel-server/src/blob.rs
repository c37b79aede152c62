//! Blobs, one endpoint a file.

pub(crate) mod adopt;
pub(crate) mod get;
pub(crate) mod missing;
pub(crate) mod put;
pub(crate) mod put_many;
pub(crate) mod upload;
