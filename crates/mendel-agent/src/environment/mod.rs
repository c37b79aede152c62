//! The environment of user code: which one, what is in it, and how it is made.
//!
//! The files of a folder, or `--env`, decide who provides interpreter and packages, and
//! the reason is always told. An environment is made once for the same inputs, is used
//! only when it is complete, and its packages are read without starting Python.

mod conda;
mod detect;
mod error;
mod interpreter;
mod machine;
mod packages;
mod place;
mod prepare;
mod process;
mod requirement;
mod venv;

#[cfg(test)]
mod tests;

pub use detect::{Detected, EnvironmentChoice, detect};
pub use error::EnvironmentError;
pub use interpreter::{Interpreter, interpreter};
pub use machine::Machine;
pub use packages::{Installed, installed};
pub use place::Place;
pub use prepare::{Prepared, Request, ensure_available, known_lock, known_sites, prepare};
