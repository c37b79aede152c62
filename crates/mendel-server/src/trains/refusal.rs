//! Why a call of the Trains API is refused: a status, a subcode, and the facts of it.

use std::sync::Arc;

use mendel_store::StoreError;
use serde_json::Value;

use super::Object;

/// A refusal on its way to the caller.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status, which is the `result_code` too.
    pub(crate) code: u16,
    /// Which kind of refusal within the status.
    pub(crate) subcode: u16,
    /// What is wrong.
    pub(crate) message: String,
    /// The facts of it.
    pub(crate) data: Object,
    /// What only the report of the server may see.
    pub(crate) defect: Option<Arc<StoreError>>,
}

impl Refusal {
    /// A refusal of the status 400.
    pub(crate) fn bad(subcode: u16, message: impl Into<String>) -> Self {
        Self::new(400, subcode, message)
    }

    /// A refusal of any status.
    pub(crate) fn new(code: u16, subcode: u16, message: impl Into<String>) -> Self {
        Self { code, subcode, message: message.into(), data: Object::new(), defect: None }
    }

    /// The request does not fit its type.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::bad(12, format!("Validation error ({})", message.into()))
    }

    /// Fields that must be given are not.
    pub(crate) fn missing(fields: &[&str]) -> Self {
        Self::bad(11, format!("Missing required fields: {}", fields.join(", "))).with("fields", fields.to_vec())
    }

    /// There is no such task.
    pub(crate) fn no_task(id: &str) -> Self {
        Self::bad(101, format!("Invalid task id: id={id}")).with("id", id)
    }

    /// There is no such model.
    pub(crate) fn no_model(id: &str) -> Self {
        Self::bad(201, format!("Invalid model id: id={id}")).with("id", id)
    }

    /// There is no such project.
    pub(crate) fn no_project(id: &str) -> Self {
        Self::bad(401, format!("Invalid project id: id={id}")).with("id", id)
    }

    /// There is no such queue.
    pub(crate) fn no_queue(id: &str) -> Self {
        Self::bad(701, format!("Invalid queue id: id={id}")).with("id", id)
    }

    /// The caller may not do it.
    pub(crate) fn role() -> Self {
        Self::new(403, 20, "Forbidden for this role")
    }

    /// The same with a fact.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let said = error.to_string();
        match &error {
            StoreError::NotFound { what: "queue", id } => Self::no_queue(id),
            StoreError::NotFound { what: "run", id } => Self::no_task(id),
            StoreError::NotFound { .. } | StoreError::BlobMissing(_) => Self::bad(10, said),
            StoreError::Exists { name, .. } => {
                Self::bad(801, format!("Value combination already exists ({said})")).with("name", name.as_str())
            }
            StoreError::WrongStatus(wrong) => {
                Self::bad(110, format!("Invalid task status ({said})")).with("current_status", wrong.status.name())
            }
            StoreError::Published(_) => Self::bad(113, said),
            StoreError::StaleAttempt { .. } => Self::bad(121, said),
            StoreError::BadName { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Cycle(_)
            | StoreError::BadFilter(_)
            | StoreError::BadRecords(_)
            | StoreError::SequenceGap { .. }
            | StoreError::WrongOffset { .. }
            | StoreError::WrongDigest { .. }
            | StoreError::TooManySeries { .. }
            | StoreError::PartlyRefused { .. } => Self::invalid(said),
            StoreError::Full(_) => Self::new(500, 4, "The disk of the server is full").because(error),
            StoreError::Busy(_) => Self::new(500, 102, "The database is not available").because(error),
            StoreError::Damaged(_) | StoreError::Corrupt(_) => {
                Self::new(500, 100, "Stored data is damaged").because(error)
            }
            StoreError::Newer { .. }
            | StoreError::ReadOnly(_)
            | StoreError::Unsupported { .. }
            | StoreError::Database(_)
            | StoreError::File { .. } => Self::new(500, 0, "General server error").because(error),
        }
    }
}

impl Refusal {
    /// The same, caused by what only the report may see.
    fn because(mut self, error: StoreError) -> Self {
        self.defect = Some(Arc::new(error));
        self
    }
}
