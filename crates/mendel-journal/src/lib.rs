//! The files a writer keeps, and their delivery to a sender it is handed.
//!
//! Decided here: where a workspace lies and what it holds, how a journal looks on disk,
//! what survives a crash, and in which order records reach a server. Who answers is not
//! known here.

mod batch;
mod blob;
mod delivery;
mod leftover;
mod lock;
mod owner;
mod position;
mod scan;
mod segment;
mod sender;
mod server_lock;
mod stand_in;
mod workspace;
mod writer;

pub use blob::{StageError, digest_of_file, stage_bytes, stage_file};
pub use delivery::{DeliverError, Delivered, Delivery, Refusal, Step, deliver};
pub use leftover::{Journal, journals, journals_of, leftover};
pub use lock::forget_locks_after_fork;
pub use owner::{Liveness, is_alive, liveness, owner_of, this_process};
pub use position::Position;
pub use scan::Damage;
pub use segment::{BadSegment, Header};
pub use sender::{SendError, Sender};
pub use server_lock::{Claim, RunningServer, ServerLock};
pub use stand_in::ServerKey;
pub use workspace::{Surroundings, Workspace, WorkspaceError, new_id};
pub use writer::{Unsynced, Writer, WriterError};
