//! The files a writer keeps, and their delivery to a sender it is handed.
//!
//! Decided here: where a workspace lies and what it holds, how a journal looks on disk,
//! what survives a crash, and in which order records reach a server. Who answers is not
//! known here.

mod owner;
mod sender;
mod workspace;

pub use owner::{Liveness, is_alive, liveness, owner_of, this_process};
pub use sender::{SendError, Sender};
pub use workspace::{Surroundings, Workspace, WorkspaceError, new_id};
