//! What is read of typed tasks: their saved configurations.

pub mod saved;
