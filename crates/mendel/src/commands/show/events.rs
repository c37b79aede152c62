//! The event log of a run: what became of its inputs and stages, in order.

use mendel_api::{Client, EventQuery};
use mendel_model::{EventKind, RunId};
use serde_json::{Value, json};

use crate::{
    exit::Failure,
    printer::Printer,
    render::{text::safe, time},
};

/// Shows the log.
pub async fn show(client: &Client, id: RunId, printer: &Printer) -> Result<(), Failure> {
    let query = EventQuery { kind: Some(EventKind::Stage), ..EventQuery::default() };
    let mut events = Vec::new();
    for entry in client.events(id, &query).await? {
        match entry.body {
            Value::Array(reports) => events.extend(reports),
            other => events.push(other),
        }
    }
    let lines: String = events.iter().map(line).collect();
    printer.answer(&json!({"id": id, "events": events}), |text| text.push_str(&lines));
    Ok(())
}

fn line(event: &Value) -> String {
    let mut text = event["time"].as_i64().map(|at| time::moment(mendel_model::Timestamp(at))).unwrap_or_default();
    text.push_str(&format!("  {}", event["event"].as_str().unwrap_or_default()));
    for name in ["input", "stage", "why", "seconds", "error", "text"] {
        match &event[name] {
            Value::Null => {}
            Value::String(word) => text.push_str(&format!("  {}", safe(word))),
            other => text.push_str(&format!("  {other}")),
        }
    }
    text.push('\n');
    text
}
