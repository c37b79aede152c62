//! People, their keys, the roles they have in projects, and the trail of what they changed.
//!
//! Kept here, judged elsewhere: a store knows no secret in the clear and decides no right.

mod audit;
mod key;
mod member;
mod secret;
mod user;

pub use audit::{Audit, AuditEntry, NewAudit};
pub use key::StoredKey;
pub use user::UserChange;
