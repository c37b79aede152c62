//! Upkeep, one endpoint a file.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod garbage;
pub(crate) mod repair;
pub(crate) mod seal;
