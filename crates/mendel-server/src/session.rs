//! Sessions of browsers, one endpoint a file.

pub(crate) mod create;
pub(crate) mod end;
