//! Why a task is pending, cause by cause, in words a person can act on.

use std::fmt;

use mendel_model::{Digest, Origin, Reason, ReasonKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CurrentStage, RecordedStage};

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// One cause, and the stage it lies in.
///
/// For code the subject says what changed (`pkg/seg.py: process, helper blur`) and the
/// digests stand before and after; a stage that came has no before, one that went no after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Id of the stage; none for what concerns the whole task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What changed.
    #[serde(flatten)]
    pub reason: Reason,
}

impl Cause {
    /// That nothing was ever completed.
    pub(super) fn incomplete() -> Self {
        Self { stage: None, reason: Reason::new(ReasonKind::Never, "no completion on record") }
    }

    /// That a stage came; its class stands after.
    pub(super) fn added(stage: &CurrentStage) -> Self {
        let reason = Reason { after: Some(stage.class.clone()), ..Reason::new(ReasonKind::Code, &*stage.class) };
        Self { stage: Some(stage.id.clone()), reason }
    }

    /// That a stage went; its class stands before.
    pub(super) fn removed(stage: &RecordedStage) -> Self {
        let reason = Reason { before: Some(stage.class.clone()), ..Reason::new(ReasonKind::Code, &*stage.class) };
        Self { stage: Some(stage.id.clone()), reason }
    }

    /// That the code of a stage is another, or that it cannot be known whether it is.
    pub(super) fn code(stage: &CurrentStage, before: Option<&Digest>) -> Self {
        let reason = match (before, &stage.code) {
            (Some(before), Some(after)) => Reason {
                before: Some(before.to_string()),
                after: Some(after.to_string()),
                ..Reason::new(ReasonKind::Code, &*stage.class)
            },
            _ => Reason::new(ReasonKind::Unknown, format!("the code of `{}` is not known", stage.class)),
        };
        Self { stage: Some(stage.id.clone()), reason }
    }

    /// That a value is another; `origin` supplied the present one.
    pub(super) fn value(
        stage: Option<&str>,
        path: &str,
        change: (Option<&Value>, Option<&Value>),
        origin: Option<Origin>,
    ) -> Self {
        let text = |value: Option<&Value>| value.map(Value::to_string);
        let mut reason = Reason::new(ReasonKind::Parameter, path);
        (reason.before, reason.after) = (text(change.0), text(change.1));
        (reason.file, reason.line) = match origin {
            Some(Origin::File { at } | Origin::Default { at: Some(at) }) => match at.rsplit_once(':') {
                Some((file, line)) => (Some(file.to_owned()), line.parse().ok()),
                None => (Some(at), None),
            },
            Some(other) => (Some(other.to_string()), None),
            None => (None, None),
        };
        Self { stage: stage.map(str::to_owned), reason }
    }
}

fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// `segmentation: sigma 1 -> 2 (tree/x/task.yml:4)`, `segmentation: code changed (pkg/seg.py: process)`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stage) = &self.stage {
            write!(f, "{stage}: ")?;
        }
        let Reason { kind, subject, before, after, file, line } = &self.reason;
        let change = (before.as_deref(), after.as_deref());
        match (kind, change) {
            (ReasonKind::Code, (None, Some(_))) => write!(f, "stage added (`{subject}`)")?,
            (ReasonKind::Code, (Some(_), None)) => write!(f, "stage removed (`{subject}`)")?,
            (ReasonKind::Code, _) => write!(f, "code changed ({subject})")?,
            (ReasonKind::Parameter, (None, Some(after))) => write!(f, "{subject} added: {}", shown(after))?,
            (ReasonKind::Parameter, (Some(before), None)) => write!(f, "{subject} removed, was {}", shown(before))?,
            (_, (Some(before), Some(after))) => write!(f, "{subject} {} -> {}", shown(before), shown(after))?,
            _ => f.write_str(subject)?,
        }
        match (file, line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})"),
            (Some(file), None) => write!(f, " ({file})"),
            (None, _) => Ok(()),
        }
    }
}
