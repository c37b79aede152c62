//! Runs, one endpoint a file.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod stream;
pub(crate) mod update;
