//! Environments, the supervisor, and the launching of user code.

pub mod environment;
