//! Parameters: what a task file declares, and what a value of each type may be.
//!
//! A value is kept in the form the script receives: the option's text for an `enum`,
//! `{from, to, step}` for a `range`, a float for a `float`, the name of a secret.

mod bound;
mod declare;
mod fault;
mod infer;
mod kind;
mod literal;
mod option;
mod schema;
mod text;
mod value;

pub(crate) use bound::check_bounds;
pub(crate) use declare::not_sweepable;
pub(crate) use fault::Fault;
pub use kind::{ListOf, ParamType, SecretKind};
pub use schema::{ParamDecl, ParamSchema};
pub(crate) use text::from_text;
pub(crate) use value::{from_node, is_empty_list};

#[cfg(test)]
mod tests;
