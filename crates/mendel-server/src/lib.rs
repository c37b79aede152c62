//! The HTTP interface over the store.
//!
//! One endpoint is one file, named by its noun and its verb, and reads load, decide, save,
//! tell. What a refusal of the store means in HTTP is decided in `problem`, who listens
//! where in `socket` and `serve`, how long in `companion`, and who asks in `access`.

mod access;
mod app;
mod artifact;
mod audit;
mod batch;
mod blob;
mod companion;
mod connections;
mod console;
mod event;
mod forward;
mod hello;
mod json_limits;
mod key;
mod note;
mod openapi;
mod problem;
mod project;
mod record;
mod request;
mod result;
mod router;
mod run;
mod seal;
mod series;
mod serve;
mod session;
mod set_up;
mod socket;
mod streams;
mod trains;
mod transport;
mod upkeep;
mod user;

pub use access::{
    API_LEVEL, Access, AccessError, COMPANY, COMPANY_NAME, COOKIE, Claims, KEY_LIFE, KeyPair, Principal, SERVER_LEVEL,
    Via, random,
};
pub use app::{App, Clock};
pub use companion::{CompanionError, Ended, companion, companion_until};
pub use forward::forward_to;
pub use router::router;
pub use seal::{seal_in_background, seal_touched};
pub use serve::{BadCertificate, Certificate, Server, ServerSettings, server_router};
pub use set_up::open_set_up;
pub use socket::serve_socket;
pub use transport::RouterTransport;
