//! The supervisor: holds the processes of a batch of jobs and closes their runs.
//!
//! It lives in a session of its own, so that a closed terminal or a killed command does
//! not take it along. Decided here: how children are started, heard, stopped and judged.

mod close;
mod console;
mod event_sink;
mod fork_server;
mod forks;
mod hold;
mod input;
mod launch;
mod memory;
mod message;
mod outcome;
mod prepare;
mod process;
mod pump;
mod recorder;
mod reports;
mod serve;
mod settle;
mod watcher;

pub(crate) use close::finish;
pub use close::{TAINTED, WHOLE};
pub use input::{Input, InputError};
pub use message::{Command, Ended, Event};
pub use reports::{PROGRESS, progress_of};
pub use serve::run;
pub use watcher::{WatchError, Watcher, start};
