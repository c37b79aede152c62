//! Notes, one endpoint a file.

pub(crate) mod find;
pub(crate) mod put;
pub(crate) mod show;
