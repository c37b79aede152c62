//! Reasons in words: which line of a file changed, which package, which value.

use std::path::Path;

use mendel_api::Client;
use mendel_engine::Plan;
use mendel_model::{Digest, Reason, ReasonKind};
use mendel_snapshot::{found_modules, listed_names, lookup_parts};

use crate::{context::Context, render};

/// Beyond this many bytes a file is not compared line by line.
const COMPARED_BYTES: u64 = 4 << 20;

/// Adds to every reason about a file the first line that differs.
pub async fn add_lines(context: &Context, root: &Path, plan: &mut Plan) {
    for reason in plan.steps.iter_mut().flat_map(|step| &mut step.reasons) {
        add_line(&context.client, root, reason).await;
    }
}

/// Adds to a reason about a file the first line that differs, or the name that came or went.
pub async fn add_line(client: &Client, root: &Path, reason: &mut Reason) {
    if !matches!(reason.kind, ReasonKind::Code | ReasonKind::Input) || reason.line.is_some() {
        return;
    }
    let Some(before) = reason.before.as_deref().and_then(|digest| digest.parse::<Digest>().ok()) else { return };
    let path = root.join(&reason.subject);
    if reason.file.is_none() || path.is_dir() {
        name_one(client, root, &before, reason).await;
        return;
    }
    let small = std::fs::metadata(&path).is_ok_and(|facts| facts.is_file() && facts.len() <= COMPARED_BYTES);
    // Bytes that were never stored, or are not there any more, have no line to show.
    let (Ok(now), Ok(then)) = (if small { std::fs::read(&path) } else { return }, client.blob(&before).await) else {
        return;
    };
    reason.line = first_difference(&then, &now);
}

/// Of names that were listed or looked for, tells the first that came or went.
async fn name_one(client: &Client, root: &Path, before: &Digest, reason: &mut Reason) {
    let is_lookup = reason.file.is_none();
    let (folder, names) = match is_lookup {
        true => lookup_parts(&reason.subject),
        false => (reason.subject.as_str(), Default::default()),
    };
    let place = root.join(folder);
    let now = match is_lookup {
        true => found_modules(&place, &names).ok(),
        false => listed_names(&place).ok().flatten(),
    };
    let then = match *before == Digest::of(b"") {
        true => Some(Vec::new()),
        false => client.blob(before).await.ok().map(|text| text.to_vec()),
    };
    let (Some(now), Some(then)) = (now, then.and_then(|text| String::from_utf8(text).ok())) else { return };
    let then: Vec<&str> = then.lines().collect();
    let came = now.iter().map(String::as_str).find(|name| !then.contains(name));
    let went = then.iter().copied().find(|name| !now.iter().any(|there| there == name));
    let Some(name) = came.or(went) else { return };
    let subject = if matches!(folder, "" | ".") { name.to_owned() } else { format!("{folder}/{name}") };
    (reason.before, reason.after) =
        if came.is_some() { (None, reason.after.take()) } else { (reason.before.take(), None) };
    reason.file = Some(subject.clone());
    reason.subject = subject;
}

/// The first line, from 1, in which two texts differ.
fn first_difference(one: &[u8], other: &[u8]) -> Option<u32> {
    let (one, other) = (std::str::from_utf8(one).ok()?, std::str::from_utf8(other).ok()?);
    let mut lines = (one.split('\n'), other.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (lines.0.next(), lines.1.next()) {
            (None, None) => return None,
            (one, other) if one != other => return Some(number),
            _ => {}
        }
    }
}

/// Several reasons in one line.
pub fn sentences(reasons: &[Reason]) -> String {
    let shown = reasons.iter().take(4).map(render::reason::sentence).collect::<Vec<_>>().join(", ");
    match reasons.len().saturating_sub(4) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_told() {
        assert_eq!(first_difference(b"a\nb\nc", b"a\nB\nc"), Some(2));
        assert_eq!(first_difference(b"a\n", b"a\nb\n"), Some(2));
        assert_eq!(first_difference(b"a", b"a"), None);
        assert_eq!(first_difference(&[0xff], b"a"), None);
    }
}
