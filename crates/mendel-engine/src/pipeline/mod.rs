//! Pipelines of stages: their order, what diverges from a record, what must run again.
//!
//! Everything here is a function of declarations, records and values that the caller brings.

mod absent;
mod cause;
mod diff;
mod diverge;
mod needed;
mod order;
mod pending;
mod stage;

pub use absent::{AbsentNeed, absent_needs, is_enabled, stored_fields};
pub use cause::Cause;
pub use diverge::{Divergence, Pickup, first_diverging, pick_up};
pub use needed::{Unobtainable, stages_needed};
pub use order::{OrderFault, OrderProblem, Waiting, order_stages};
pub use pending::{Completed, Pending, Standing, Wanted, pending};
pub use stage::{CurrentStage, RecordedStage, StageDecl};
