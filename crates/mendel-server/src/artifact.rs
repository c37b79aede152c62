//! Artifacts and models, one endpoint a file.

pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod models;
