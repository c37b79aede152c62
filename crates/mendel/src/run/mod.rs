//! From a request to finished runs: one path for every kind of task.
//!
//! `target` says what the words name, `prepare` makes it a task with cells, `decide` asks
//! the engine what has to be computed, `freeze` stores the code as it is, `launch` creates the
//! runs and watches the supervisor, `reuse` puts stored outputs back, `summary` says what happened.

pub mod claim;
pub mod data;
pub mod decide;
pub mod explain;
pub mod freeze;
pub mod index;
pub mod launch;
pub mod live;
pub mod options;
pub mod outputs;
pub mod package;
pub mod prepare;
pub mod replay;
pub mod reuse;
pub mod script;
pub mod shelf;
pub mod staged;
pub mod summary;
pub mod target;
pub mod watch;
