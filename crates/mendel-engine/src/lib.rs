//! Plans and schedules: state and event in, actions out.
//!
//! What is reused and what is computed, and why, is decided here, for every kind of task:
//! a script is a plan of one step. Nothing here reads a file, a clock or a store; the
//! caller brings the candidates and the present digests.

pub mod pipeline;
mod plan;
mod schedule;

pub use plan::{Action, Candidate, Plan, PlannedStep, Relative, StepRequest, change, plan};
pub use schedule::{Ended, Schedule};
