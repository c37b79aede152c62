//! Parameters: what a task file declares, and what a value of each type may be.

mod kind;
mod schema;

pub use kind::{ListOf, ParamType, SecretKind};
pub use schema::{ParamDecl, ParamSchema};
