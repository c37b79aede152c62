//! The audit trail, one endpoint a file.

pub(crate) mod list;
