//! Trees of tasks: which folders are tasks, what each inherits, and what it means whole.
//!
//! Nothing here needs Python: a tree is listed, shown and judged from its files alone.
//! Each file is read once, however many tasks inherit from it.

mod base;
mod build;
mod check;
mod input_ids;
mod keys;
mod level;
mod merge;
mod origin;
mod overlay;
mod scope;
mod select;
mod task;
mod walk;

pub use build::{enumerated, read_tree};
pub use scope::{ScopeFault, fill_scope};
pub use task::{DottedPath, PipelineSpec, Scope, Tree, TreeOptions, TreeTask, spec_digest};

#[cfg(test)]
mod tests;
