//! Notes, one endpoint a file.

pub(crate) mod put;
pub(crate) mod show;
