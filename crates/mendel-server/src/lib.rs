//! The HTTP interface over the store.
//!
//! One endpoint is one file, named by its noun and its verb, and reads load, decide, save,
//! tell. What a refusal of the store means in HTTP is decided in `problem`, who listens
//! where in `socket`, and how long in `companion`.

mod app;
mod artifact;
mod batch;
mod blob;
mod companion;
mod connections;
mod console;
mod event;
mod hello;
mod note;
mod problem;
mod project;
mod record;
mod request;
mod result;
mod router;
mod run;
mod seal;
mod series;
mod socket;
mod transport;
mod upkeep;

pub use app::{App, Clock};
pub use companion::{CompanionError, Ended, companion, companion_until};
pub use router::router;
pub use seal::{seal_in_background, seal_touched};
pub use socket::serve_socket;
pub use transport::RouterTransport;
