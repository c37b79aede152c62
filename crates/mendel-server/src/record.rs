//! Records, one endpoint a file.

pub(crate) mod append;
