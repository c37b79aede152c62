//! The console of a task as log events.

use mendel_model::{ConsoleLine, ConsoleStream, Run};
use serde_json::{Value, json};

use super::{scalars::bad_scroll, target::target};
use crate::trains::{
    Answer,
    call::Call,
    envelope::Told,
    level::Level,
    refusal::Refusal,
    time::iso,
    value::{flag_or, int, text, told},
};

/// Lines of a page where nobody says how many.
const LINES: i64 = 500;
/// Lines of a page, at most.
const MOST: i64 = 10_000;

/// `events.get_task_log`
pub(super) async fn get(call: &Call) -> Answer {
    let Some(run) = target(call).await? else {
        return Ok(told(json!({"events": [], "returned": 0, "total": 0})));
    };
    let size = int(&call.data, "batch_size").unwrap_or(LINES).clamp(1, MOST) as usize;
    if call.level < Level(2, 9) {
        return scrolled(call, &run, size).await;
    }
    let lines = sorted(call, &run).await?;
    let total = lines.len();
    let earlier = flag_or(&call.data, "navigate_earlier", true);
    let from = int(&call.data, "from_timestamp");
    let mut page = page(lines, earlier, from, size);
    let descending = match text(&call.data, "order") {
        Some(order) => order == "desc",
        None => earlier,
    };
    if descending {
        page.reverse();
    }
    let events: Vec<Value> = page.iter().map(|line| event(&run, line)).collect();
    Ok(told(json!({"returned": events.len(), "total": total, "events": events})))
}

/// All lines by their time; lines of one moment in the order they came.
async fn sorted(call: &Call, run: &Run) -> Result<Vec<ConsoleLine>, Refusal> {
    let mut lines = call.app.store.console(run.facts.id, 0, 0).await?.lines;
    lines.sort_by_key(|line| line.time);
    Ok(lines)
}

/// The lines of a page, oldest first: `size` of them from a moment on, and all that share
/// the last moment.
fn page(mut lines: Vec<ConsoleLine>, earlier: bool, from: Option<i64>, size: usize) -> Vec<ConsoleLine> {
    if let Some(from) = from {
        lines.retain(|line| if earlier { line.time.0 < from } else { line.time.0 > from });
    }
    if lines.len() <= size {
        return lines;
    }
    if earlier {
        let mut start = lines.len() - size;
        let edge = lines[start].time;
        while start > 0 && lines[start - 1].time == edge {
            start -= 1;
        }
        lines.split_off(start)
    } else {
        let edge = lines[size - 1].time;
        let end = lines[size..].iter().take_while(|line| line.time == edge).count() + size;
        lines.truncate(end);
        lines
    }
}

/// The form of earlier levels: pages from one end, onward by a scroll.
async fn scrolled(call: &Call, run: &Run, size: usize) -> Answer {
    let scroll = text(&call.data, "scroll_id").map(str::to_owned);
    let start = match &scroll {
        Some(id) => call.app.scrolls.get(id).ok_or_else(|| bad_scroll(id))?.as_u64().unwrap_or(0) as usize,
        None => 0,
    };
    let mut lines = sorted(call, run).await?;
    let total = lines.len();
    let tail = text(&call.data, "from") != Some("head");
    let page: Vec<ConsoleLine> = if tail {
        let end = lines.len().saturating_sub(start);
        lines.truncate(end);
        lines.split_off(end.saturating_sub(size))
    } else {
        lines.into_iter().skip(start).take(size).collect()
    };
    let mut events: Vec<Value> = page.iter().map(|line| event(run, line)).collect();
    if text(&call.data, "order") == Some("desc") {
        events.reverse();
    }
    let scroll = call.app.scrolls.put(scroll.as_deref(), (start + events.len()).into());
    Ok(told(json!({"returned": events.len(), "total": total, "scroll_id": scroll, "events": events})))
}

/// A console line as an event.
pub(super) fn event(run: &Run, line: &ConsoleLine) -> Value {
    json!({
        "type": "log", "task": run.facts.id, "timestamp": line.time.0, "msg": line.text, "worker": "",
        "level": if line.stream == ConsoleStream::Err { "error" } else { "info" }, "metric": "", "variant": "",
    })
}

/// `events.download_task_log`
pub(in crate::trains) async fn download(call: &Call) -> Result<Told, Refusal> {
    let Some(run) = target(call).await? else { return Err(Refusal::no_task("")) };
    let lines = sorted(call, &run).await?;
    let json = text(&call.data, "line_type") == Some("json");
    let form = text(&call.data, "line_format").unwrap_or("{asctime} {worker} {level} {msg}");
    let mut body = String::new();
    for line in &lines {
        if json {
            body.push_str(&event(&run, line).to_string());
        } else {
            let level = if line.stream == ConsoleStream::Err { "error" } else { "info" };
            let filled = [
                ("{asctime}", iso(line.time)),
                ("{timestamp}", iso(line.time)),
                ("{worker}", String::new()),
                ("{level}", level.to_owned()),
                ("{msg}", line.text.trim_end_matches('\n').to_owned()),
            ];
            let text = filled.iter().fold(form.to_owned(), |text, (word, value)| text.replace(word, value));
            body.push_str(text.trim_start());
        }
        body.push('\n');
    }
    let media = if json { "application/json" } else { "text/plain; charset=utf-8" };
    Ok(Told::File { name: format!("task_{}.log", run.facts.id), media, body })
}

#[cfg(test)]
mod tests {
    use mendel_model::Timestamp;

    use super::*;

    fn pages(earlier: bool, from: Option<i64>, size: usize) -> Vec<String> {
        let line = |(at, time): (usize, i64)| ConsoleLine {
            stream: ConsoleStream::Out,
            time: Timestamp(time),
            text: at.to_string(),
        };
        let lines = [1, 2, 2, 2, 5].into_iter().enumerate().map(line).collect();
        page(lines, earlier, from, size).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn tr_66_lines_of_one_moment_stay_together() {
        assert_eq!(pages(true, None, 2), ["1", "2", "3", "4"]);
        assert_eq!(pages(true, Some(2), 2), ["0"]);
        assert_eq!(pages(false, None, 2), ["0", "1", "2", "3"]);
        assert_eq!(pages(false, Some(2), 2), ["4"]);
    }
}
