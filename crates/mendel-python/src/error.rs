//! The exceptions of the module, and the one place where an error becomes one.

use mendel_api::ClientError;
use mendel_journal::{DeliverError, SendError};
use pyo3::{
    create_exception,
    exceptions::{PyException, PyOSError, PyValueError},
    prelude::*,
};

use crate::{companion::ReachError, link::LinkError, reporting::describe};

create_exception!(mendel._native, MendelError, PyException, "Anything Mendel could not do.");
create_exception!(mendel._native, Unreachable, MendelError, "No server or companion answers.");
create_exception!(mendel._native, Refused, MendelError, "The server understood and refused.");

/// What a client's call could not do.
pub(crate) fn from_client(error: ClientError) -> PyErr {
    match error {
        ClientError::Refused { status, code, message, hint, .. } => {
            refused(status, &code, &message, hint.as_deref().unwrap_or_default())
        }
        ClientError::Unreachable { .. } => Unreachable::new_err(describe(&error)),
        ClientError::File { .. } => PyOSError::new_err(describe(&error)),
        ClientError::Unreadable { .. } | ClientError::Damaged { .. } => MendelError::new_err(describe(&error)),
    }
}

pub(crate) fn from_reach(error: &ReachError) -> PyErr {
    match error {
        ReachError::Workspace(_) | ReachError::WrongStore { .. } => MendelError::new_err(describe(error)),
        ReachError::Link(LinkError::Address(_)) => PyValueError::new_err(describe(error)),
        ReachError::Link(LinkError::Runtime(_))
        | ReachError::NoBinary
        | ReachError::Start { .. }
        | ReachError::Unreachable { .. }
        | ReachError::Silent { .. } => Unreachable::new_err(describe(error)),
    }
}

pub(crate) fn from_deliver(error: &DeliverError) -> PyErr {
    match error {
        DeliverError::Send(SendError::Refused { status, code, message }) => refused(*status, code, message, ""),
        DeliverError::Send(SendError::Later { .. }) => Unreachable::new_err(describe(error)),
        DeliverError::Journal { .. } | DeliverError::NotAJournal { .. } => PyOSError::new_err(describe(error)),
    }
}

/// A document or address that the caller got wrong.
pub(crate) fn bad(error: impl std::error::Error) -> PyErr {
    PyValueError::new_err(describe(&error))
}

/// A file or folder that cannot be used.
pub(crate) fn unusable(error: impl std::error::Error) -> PyErr {
    PyOSError::new_err(describe(&error))
}

fn refused(status: u16, code: &str, message: &str, hint: &str) -> PyErr {
    Python::attach(|py| {
        let error = Refused::new_err(message.to_owned());
        let value = error.value(py);
        let set = value
            .setattr("status", status)
            .and_then(|()| value.setattr("code", code))
            .and_then(|()| value.setattr("message", message))
            .and_then(|()| value.setattr("hint", hint));
        match set {
            Ok(()) => error,
            Err(other) => other,
        }
    })
}
