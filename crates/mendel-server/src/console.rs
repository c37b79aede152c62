//! The console, one endpoint a file.

pub(crate) mod read;
