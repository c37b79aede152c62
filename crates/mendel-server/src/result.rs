//! Results, one endpoint a file.

pub(crate) mod all_of_run;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod marks;
pub(crate) mod of_run;
pub(crate) mod put;
