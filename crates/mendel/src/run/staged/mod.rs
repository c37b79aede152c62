//! Staged pipelines over trees of tasks: from the files to runs, and to words about them.

pub mod answer;
pub mod code;
mod describe;
pub mod foreign;
pub mod forest;
mod job;
pub mod launch;
mod pipeline;
mod present;
mod prints;
pub mod reason;
pub mod record;
pub mod replay;
pub mod request;
pub mod scope_files;
pub mod standing;
pub mod steps;

pub use forest::{Forest, StagedTask, is_tree};
