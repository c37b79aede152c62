//! Series, one endpoint a file.

pub(crate) mod buckets;
pub(crate) mod list;
pub(crate) mod points;
