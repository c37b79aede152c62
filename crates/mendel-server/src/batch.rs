//! Batches, one endpoint a file.

pub(crate) mod of_run;
pub(crate) mod show;
