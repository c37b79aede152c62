//! Reasons as sentences a person can act on.

use mendel_model::{Reason, ReasonKind};

use super::text::safe;

/// The reason in one line.
pub fn sentence(reason: &Reason) -> String {
    let subject = safe(&reason.subject);
    let change = change(reason);
    let place = match (&reason.file, reason.line) {
        (Some(file), Some(line)) => format!(" ({}:{line})", safe(file)),
        (Some(file), None) if *file != reason.subject => format!(" ({})", safe(file)),
        _ => String::new(),
    };
    match reason.kind {
        ReasonKind::Never => "nothing like it was computed before".to_owned(),
        ReasonKind::Code | ReasonKind::Input if subject == "." => {
            "a file of the project changed, and every one counts".to_owned()
        }
        ReasonKind::Code | ReasonKind::Input if reason.after.is_none() && reason.before.is_some() => {
            format!("{} `{subject}` is gone", noun(reason.kind))
        }
        ReasonKind::Code | ReasonKind::Input if reason.before.is_none() && reason.after.is_some() => {
            format!("{} `{subject}` is new", noun(reason.kind))
        }
        ReasonKind::Code => format!("code `{subject}` changed{change}{place}"),
        ReasonKind::Pipeline => match (&reason.before, &reason.after) {
            (None, Some(_)) => format!("stage `{subject}` was added{place}"),
            (Some(_), None) => format!("stage `{subject}` was removed{place}"),
            _ => format!("stage `{subject}` changed{place}"),
        },
        ReasonKind::Specification => format!("specification `{subject}` changed{change}{place}"),
        ReasonKind::Parameter => format!("parameter `{subject}` changed{change}{place}"),
        ReasonKind::Input => format!("file `{subject}` changed{change}{place}"),
        ReasonKind::Variable => format!("variable `{subject}` changed"),
        ReasonKind::Environment => format!("environment changed: {subject}{change}"),
        ReasonKind::Forced => format!("it was {subject}"),
        ReasonKind::Incomplete => format!("the earlier one does not count: {subject}"),
        ReasonKind::Unknown => subject.into_owned(),
    }
}

fn noun(kind: ReasonKind) -> &'static str {
    if kind == ReasonKind::Code { "code" } else { "file" }
}

/// `: old → new`, with what is too long to read left out.
fn change(reason: &Reason) -> String {
    let short = |text: &Option<String>| match text {
        Some(text) if text.chars().count() <= 60 => Some(safe(text).into_owned()),
        Some(_) => None,
        None => Some("absent".to_owned()),
    };
    match (&reason.before, &reason.after) {
        (None, None) => String::new(),
        (before, after) => match (short(before), short(after)) {
            (Some(before), Some(after)) => format!(": {before} → {after}"),
            _ => String::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_told_with_both_values() {
        let mut reason = Reason::new(ReasonKind::Parameter, "lr");
        (reason.before, reason.after) = (Some("0.1".into()), Some("0.2".into()));
        assert_eq!(sentence(&reason), "parameter `lr` changed: 0.1 → 0.2");
        reason.before = None;
        assert_eq!(sentence(&reason), "parameter `lr` changed: absent → 0.2");
    }

    #[test]
    fn code_is_told_with_its_place() {
        let mut reason = Reason::new(ReasonKind::Code, "util.py");
        (reason.file, reason.line) = (Some("util.py".into()), Some(7));
        assert_eq!(sentence(&reason), "code `util.py` changed (util.py:7)");
        reason.line = None;
        assert_eq!(sentence(&reason), "code `util.py` changed");
    }
}
