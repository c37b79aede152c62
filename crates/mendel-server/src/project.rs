//! Projects, one endpoint a file.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod members;
pub(crate) mod show;
