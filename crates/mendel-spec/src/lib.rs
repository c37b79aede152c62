//! Task files of every dialect, read into the model with errors that point.
//!
//! Which kind of task a folder is, which parameters it has, what a value given for one
//! means and which runs a grid makes are decided here. Every reader reports all faults
//! at once, each with its place and a way out.
#![expect(clippy::result_large_err, reason = "a problem is made once and ends the reading")]

mod assignment;
pub mod code;
mod entry;
mod folder;
mod grid;
mod kind;
mod nearest;
mod notebook;
mod param;
mod problem;
mod project_file;
mod python_source;
mod reader;
mod resolve;
mod resources;
mod schema;
mod shape;
mod source;
mod task_file;
mod tree;
mod values_file;
mod yaml;

pub use assignment::{Assignment, split_values};
pub use grid::{Axis, Grid, GridRequest, Member, members};
pub use kind::{Decision, Kind, typed_reference};
pub use nearest::nearest;
pub use notebook::Notebook;
pub use param::{ListOf, ParamDecl, ParamSchema, ParamType, SecretKind};
pub use problem::{Place, Problem, Problems, Severity};
pub use project_file::{ProjectFile, SnapshotSettings};
pub use python_source::{
    Action, Argument, Convert, Count, KnownParser, Refusal, interpret, parser_of, plain_words, words_for,
};
pub use resolve::resolve;
pub use schema::{project_file_schema, task_file_schema};
pub use task_file::{ReadOptions, Resources, Sweep, TaskFile, read_folder, read_folder_with, read_texts};
pub use tree::{
    DottedPath, PipelineSpec, Scope, ScopeFault, Tree, TreeOptions, TreeTask, enumerated, fill_scope, read_tree,
    spec_digest,
};
pub use values_file::{GivenValue, ValuesFile};
pub use yaml::{Content, Dialect, Document, Node, Scalar};
