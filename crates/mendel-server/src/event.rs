//! Events, one endpoint a file.

pub(crate) mod list;
