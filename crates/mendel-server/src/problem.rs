//! What a refusal is in HTTP: a status, a stable code, a message and a way out.
//!
//! The only place that maps errors to statuses. Paths, statements and other inner matters
//! never leave: they go to the report of the [`App`](crate::App).

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use mendel_api as api;
use mendel_model::{Fault, RunId, Status};
use mendel_store::StoreError;

use crate::App;

/// A refusal on its way to the caller.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    told: Box<api::Problem>,
    defect: Option<Defect>,
    retry_after: Option<Duration>,
}

/// What only the report may see; travels beside the answer.
#[derive(Debug, Clone)]
struct Defect(Arc<StoreError>);

/// What a refusal tells, beside its written form, for whoever adds to it.
#[derive(Debug, Clone)]
struct Told(Box<api::Problem>);

/// Adds the number of its request to a refusal.
pub(crate) fn numbered(mut response: Response, number: &str) -> Response {
    let Some(Told(mut told)) = response.extensions_mut().remove::<Told>() else { return response };
    told.request_id = Some(number.to_owned());
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let body = serde_json::to_vec(&api::ProblemBody { error: *told }).expect("refusals have plain fields");
    Response::from_parts(head, body.into())
}

impl Problem {
    /// A refusal with `status`.
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let told = api::Problem { code: code.into(), message: message.into(), ..api::Problem::default() };
        Self { status, told: Box::new(told), defect: None, retry_after: None }
    }

    /// There is no such thing.
    pub(crate) fn no(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} `{id}`"))
    }

    /// A reference that several runs share.
    pub(crate) fn ambiguous(reference: impl std::fmt::Display, candidates: &[RunId]) -> Self {
        let ids: Vec<_> = candidates.iter().map(|id| format!("`{id}`")).collect();
        let message = format!("`{reference}` is the beginning of several runs: {}", ids.join(", "));
        Self::new(StatusCode::CONFLICT, "ambiguous", message).hint("give more digits of the id")
    }

    /// Something well formed that means nothing.
    pub(crate) fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// Something that does not fit what is there.
    pub(crate) fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// Something known that the caller may not do.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// Something larger than it may be.
    pub(crate) fn too_large(code: &str, what: &str, limit: usize) -> Self {
        let message = format!("{what} is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, message)
    }

    /// Refuses when there are faults, and tells all of them.
    pub(crate) fn when_faulty(faults: Vec<Fault>) -> Result<(), Self> {
        let Some(first) = faults.first() else { return Ok(()) };
        let code = match faults.iter().all(|fault| fault.code == first.code) {
            true => first.code.clone(),
            false => "invalid".to_owned(),
        };
        let message: Vec<_> = faults.iter().map(|fault| format!("`{}` {}", fault.field, fault.message)).collect();
        let mut problem = Self::invalid(&code, message.join("; ")).field(&first.field);
        problem.told.faults = faults;
        Err(problem)
    }

    /// The same with a way out.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.told.hint = Some(hint.into());
        self
    }

    /// The same about a field.
    #[must_use]
    pub(crate) fn field(mut self, field: &str) -> Self {
        self.told.field = Some(field.to_owned());
        self
    }

    /// The same, to be tried again after a while.
    #[must_use]
    pub(crate) fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    fn current(mut self, status: Status) -> Self {
        self.told.current = Some(status);
        self
    }

    fn expected(mut self, expected: u64) -> Self {
        self.told.expected = Some(expected);
        self
    }

    fn acknowledged(mut self, acknowledged: u64) -> Self {
        self.told.acknowledged = Some(acknowledged);
        self
    }

    fn because(mut self, defect: StoreError) -> Self {
        self.defect = Some(Defect(Arc::new(defect)));
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let said = error.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, said.clone());
        let invalid = |code| Self::invalid(code, said.clone());
        match error {
            StoreError::NotFound { .. } | StoreError::BlobMissing(_) => {
                Self::new(StatusCode::NOT_FOUND, "not_found", said)
            }
            StoreError::Exists { .. } => conflict("exists").hint("choose another name"),
            StoreError::WrongStatus(wrong) => conflict("wrong_status").current(wrong.status),
            StoreError::Published(_) => conflict("wrong_status").current(Status::Published),
            StoreError::StaleAttempt { .. } => conflict("stale_attempt").hint("another attempt has taken over"),
            StoreError::SequenceGap { expected, .. } => conflict("sequence_gap").expected(expected),
            StoreError::WrongOffset { expected, .. } => conflict("wrong_offset").expected(expected),
            StoreError::BadRecords(_) => Self::new(StatusCode::BAD_REQUEST, "bad_records", said),
            StoreError::TooManySeries { acknowledged, .. } => invalid("too_many_series").acknowledged(acknowledged),
            StoreError::PartlyRefused { acknowledged, .. } => invalid("partly_refused").acknowledged(acknowledged),
            StoreError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", said),
            StoreError::BadName { .. } => invalid("bad_name"),
            StoreError::Cycle(_) => invalid("cycle").field("parent"),
            StoreError::BadFilter(_) => invalid("bad_filter").field("filter"),
            StoreError::WrongDigest { .. } => invalid("wrong_digest").hint("send the bytes again from the beginning"),
            StoreError::Unsupported { hint, .. } => invalid("unsupported").hint(hint),
            StoreError::Damaged(_) => damaged(said),
            StoreError::Corrupt(_) => damaged("stored content is damaged").because(error),
            StoreError::ReadOnly(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "read_only", "the store cannot be written")
                    .hint("see whether its disk is mounted read-only and who owns its folder")
                    .because(error)
            }
            StoreError::Full(_) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "insufficient_storage", "the disk of the store is full")
                    .hint("free some space; nothing needs to be started again")
                    .because(error)
            }
            StoreError::Busy(_) => {
                let message = "another process holds the store";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("try again").because(error)
            }
            StoreError::Newer { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "newer_store", said)
                .hint("update mendel to the version that wrote it"),
            StoreError::Database(_) | StoreError::File { .. } => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the store failed").because(error)
            }
        }
    }
}

fn damaged(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FAILED_DEPENDENCY, "content_damaged", message)
        .hint("`mendel doctor` finds what else is damaged")
}

impl From<api::BadPair> for Problem {
    fn from(bad: api::BadPair) -> Self {
        Self::invalid("bad_query", bad.to_string()).field(&bad.key)
    }
}

impl From<mendel_model::BadFilter> for Problem {
    fn from(bad: mendel_model::BadFilter) -> Self {
        Self::invalid("bad_filter", bad.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let told = Told(self.told.clone());
        let mut response = (self.status, Json(api::ProblemBody { error: *self.told })).into_response();
        response.extensions_mut().insert(told);
        let busy = self.status == StatusCode::SERVICE_UNAVAILABLE;
        if let Some(after) = self.retry_after.or(busy.then_some(Duration::from_secs(1))) {
            // A whole second is the smallest wait that the header can name.
            let seconds = after.as_secs_f64().ceil().max(1.0) as u64;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(defect) = self.defect {
            response.extensions_mut().insert(defect);
        }
        response
    }
}

/// Hands the defect behind an answer to the report.
pub(crate) async fn report_defects(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(Defect(defect)) = response.extensions_mut().remove() {
        app.report(&*defect);
    }
    response
}

#[cfg(test)]
mod tests {
    use mendel_model::{Digest, Move, WrongStatus};

    use super::*;

    fn told(error: StoreError) -> (u16, api::Problem) {
        let problem = Problem::from(error);
        (problem.status.as_u16(), *problem.told)
    }

    #[test]
    fn conflicts_say_what_would_have_fitted() {
        let (status, problem) = told(StoreError::SequenceGap { expected: 4, given: 9 });
        assert_eq!((status, problem.code.as_str(), problem.expected), (409, "sequence_gap", Some(4)));
        let wrong = WrongStatus { status: Status::Completed, attempted: Move::Stop };
        let (status, problem) = told(StoreError::WrongStatus(wrong));
        assert_eq!((status, problem.code.as_str(), problem.current), (409, "wrong_status", Some(Status::Completed)));
        let (status, problem) = told(StoreError::StaleAttempt { given: 1, current: 2 });
        assert_eq!((status, problem.code.as_str()), (409, "stale_attempt"));
    }

    #[test]
    fn a_full_or_read_only_disk_is_not_a_defect() {
        assert_eq!(told(StoreError::Full("/secret/db".into())).0, 507);
        assert_eq!(told(StoreError::ReadOnly("/secret/db".into())).0, 503);
        assert_eq!(told(StoreError::Damaged(Digest::of(b""))).0, 424);
    }

    #[test]
    fn no_path_leaves_the_server() {
        let source = std::io::Error::other("no");
        let file = StoreError::File { path: "/secret/blobs".into(), source };
        for error in [file, StoreError::Full("/secret/db".into()), StoreError::Corrupt("/secret/db".into())] {
            let (_, problem) = told(error);
            let text = serde_json::to_string(&problem).expect("written");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn faults_are_told_all_at_once_under_their_common_code() {
        let fault = |field: &str, code: &str| Fault { field: field.into(), code: code.into(), message: "is".into() };
        assert!(Problem::when_faulty(vec![]).is_ok());
        let names = Problem::when_faulty(vec![fault("a", "bad_name"), fault("b", "bad_name")]).expect_err("faulty");
        assert_eq!((names.told.code.as_str(), names.told.faults.len()), ("bad_name", 2));
        let mixed = Problem::when_faulty(vec![fault("a", "bad_name"), fault("b", "too_large")]).expect_err("faulty");
        assert_eq!(mixed.told.code, "invalid");
    }
}
