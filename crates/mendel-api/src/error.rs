//! What can go wrong between asking and knowing.
//!
//! A refusal carries a stable code and a way out; a transport failure says nothing about
//! whether the request had its effect.

use std::{io, path::PathBuf};

use http::StatusCode;
use mendel_model::{Digest, Fault, Status};
use serde::{Deserialize, Serialize};

/// Body of every refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemBody {
    /// What is wrong.
    pub error: Problem,
}

/// What is wrong, for programs by `code` and for people by `message` and `hint`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Problem {
    /// A stable word.
    pub code: String,
    /// A fragment that names what is wrong.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The field it is about, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where the run stands, for `wrong_status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Status>,
    /// What would have fitted: the next record for `sequence_gap`, the next byte for
    /// `wrong_offset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// Up to which sequence the writer is done, where only a part of a batch was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<u64>,
    /// Every fault of what was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// The number of the request, which the server's log knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Why a call gave no answer of the wanted kind.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused it.
    #[error("{message}")]
    Refused {
        /// Status of the answer.
        status: u16,
        /// A stable word.
        code: String,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
        /// Everything else the refusal says.
        problem: Box<Problem>,
    },
    /// Nobody answered; the request may or may not have had its effect.
    #[error("the workspace's server cannot be reached")]
    Unreachable {
        /// What the transport says.
        #[source]
        source: TransportError,
    },
    /// The answer is not understood.
    #[error("the answer to `{address}` is not understood: {why}")]
    Unreadable {
        /// Path of the request.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// A local file that is to be sent or received.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The bytes received are not the ones asked for.
    #[error("the bytes received for `{digest}` are damaged")]
    Damaged {
        /// Their address.
        digest: Digest,
    },
}

impl ClientError {
    /// The stable word of a refusal; none for anything else.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Unreachable { .. } | Self::Unreadable { .. } | Self::File { .. } | Self::Damaged { .. } => None,
        }
    }

    /// What the server refused; none for anything else.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            Self::Unreachable { .. } | Self::Unreadable { .. } | Self::File { .. } | Self::Damaged { .. } => None,
        }
    }

    /// What to do about it, when known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { hint, .. } => hint.as_deref(),
            Self::Unreachable { .. } | Self::Unreadable { .. } | Self::File { .. } | Self::Damaged { .. } => None,
        }
    }

    /// Whether asking again later can help without changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 503 | 507),
            Self::Unreadable { .. } | Self::File { .. } | Self::Damaged { .. } => false,
        }
    }

    /// The refusal that `status` and `body` spell.
    pub(crate) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let problem = match serde_json::from_slice::<ProblemBody>(body) {
            Ok(body) => body.error,
            // Not an answer of ours: a proxy, or a server of another kind.
            Err(_) => Problem {
                code: "unexpected".into(),
                message: format!("the server answered with status {status}"),
                ..Problem::default()
            },
        };
        Self::Refused {
            status: status.as_u16(),
            code: problem.code.clone(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            problem: Box::new(problem),
        }
    }
}

impl From<TransportError> for ClientError {
    fn from(source: TransportError) -> Self {
        Self::Unreachable { source }
    }
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody listens.
    #[error("nobody answers at `{place}`")]
    Connect {
        /// Where it should listen.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// The connection ended before the answer was whole.
    #[error("the connection to `{place}` ended too early")]
    Broken {
        /// Where it should listen.
        place: String,
        /// What the protocol says.
        source: hyper::Error,
    },
    /// The request itself cannot be sent.
    #[error("the request cannot be sent")]
    BadRequest(#[from] http::Error),
    /// A transport handed in by the caller failed.
    #[error("the server in this process failed")]
    Inside(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_code_hint_and_status() {
        let body =
            br#"{"error":{"code":"stale_attempt","message":"attempt 1 is over","hint":"stop","current":"failed"}}"#;
        let error = ClientError::refused(StatusCode::CONFLICT, body);
        assert_eq!(error.code(), Some("stale_attempt"));
        assert_eq!(error.hint(), Some("stop"));
        let ClientError::Refused { status, problem, .. } = error else { panic!("refused") };
        assert_eq!((status, problem.current), (409, Some(Status::Failed)));
    }

    #[test]
    fn an_answer_of_somebody_else_is_a_refusal_too() {
        let error = ClientError::refused(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(error.code(), Some("unexpected"));
    }
}
