//! Environments, the supervisor, and the launching of user code.

pub mod environment;
pub mod job;
mod recover;
pub mod supervisor;

pub use recover::{Recovered, recover};
