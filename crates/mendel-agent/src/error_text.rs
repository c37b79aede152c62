//! An error with all its causes in one line, for records that keep only a text.

use std::error::Error;

/// `error: cause: cause of the cause`.
pub(crate) fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
