//! Environments, the supervisor, and the launching of user code.

mod clock;
pub mod environment;
mod error_text;
pub mod job;
pub mod judge;
pub mod monitor;
mod recover;
mod roots;
mod sender;
pub mod supervisor;
pub mod worker;

pub use recover::{Recovered, recover};
pub use sender::ClientSender;
