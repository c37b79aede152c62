//! `GET /api/v1/runs/{run}/stream`: server-sent events.
//!
//! A stream tells what is, not what happened: its events are the run as it stands, the series
//! that have new points, and the lines of the console that are new. So it may begin at any
//! event, is as good on any of several servers, and a slow reader misses nothing that stays.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, StatusCode};
use mendel_api as api;
use mendel_model::{RunId, SeriesKey};
use serde_json::json;

use crate::{App, access::Caller, problem::Problem, request::Named, streams::Ticket};

const LOOK: Duration = Duration::from_millis(250);
const LINES: usize = 500;

/// Follow a run
///
/// Events `status`, `series` and `console`; `Last-Event-ID` goes on after that event. The stream
/// ends after the run has ended and all was told.
pub(crate) async fn follow_run(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<RunId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let ticket = app.streams.enter(caller.0.user.id).ok_or_else(|| {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", "as many streams are open as one user may have")
            .retry_after(Duration::from_secs(5))
    })?;
    let place = headers.get("last-event-id").and_then(|id| Place::read(id.to_str().ok()?)).unwrap_or_default();
    let follower =
        Follower { app, id, place, told: HashMap::new(), waiting: Vec::new(), ended: false, _ticket: ticket };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// How far a reader has come: the last status, how many points, and the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    changed: i64,
    points: u64,
    line: u64,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let place = Self {
            changed: parts.next()?.parse().ok()?,
            points: parts.next()?.parse().ok()?,
            line: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }

    fn text(self) -> String {
        format!("{}-{}-{}", self.changed, self.points, self.line)
    }
}

struct Follower {
    app: App,
    id: RunId,
    place: Place,
    told: HashMap<SeriesKey, u64>,
    waiting: Vec<Event>,
    ended: bool,
    _ticket: Ticket,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            match self.look().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(LOOK).await,
                // The reader asks again from where it was.
                Err(_) => return None,
            }
        }
    }

    /// Gathers what is new; whether there was anything.
    async fn look(&mut self) -> Result<bool, Problem> {
        let Some(run) = self.app.store.run(self.id).await? else {
            self.ended = true;
            self.waiting.push(Event::default().event("deleted").data("{}"));
            return Ok(true);
        };
        let mut events = Vec::new();
        let console = self.app.store.console(self.id, self.place.line, LINES).await?;
        let series = self.app.store.series(self.id).await?;
        let points = series.iter().map(|summary| summary.count).sum();
        if points != self.place.points {
            let changed: Vec<_> = series
                .into_iter()
                .filter(|summary| self.told.insert(summary.key.clone(), summary.count) != Some(summary.count))
                .map(api::SeriesInfo::from)
                .collect();
            self.place.points = points;
            events.push(self.event("series", &json!({ "series": changed })));
        }
        let lines = console.lines.len();
        if lines > 0 {
            self.place.line = console.next;
            events.push(self.event("console", &json!({ "lines": console.lines, "next": console.next })));
        }
        let terminal = run.status.is_terminal();
        let changed = run.status_changed.0;
        if changed != self.place.changed && (!terminal || lines < LINES) {
            self.place.changed = changed;
            events.push(self.event("status", &json!({
                "id": run.facts.id, "status": run.status, "reason": run.status_reason, "message": run.status_message,
                "attempt": run.attempt, "last_iteration": run.last_iteration,
            })));
        }
        self.ended = terminal && events.is_empty();
        let new = !events.is_empty() || self.ended;
        events.reverse();
        self.waiting = events;
        Ok(new)
    }

    fn event(&self, name: &str, told: &serde_json::Value) -> Event {
        Event::default().id(self.place.text()).event(name).data(told.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_event() {
        let place = Place { changed: -5, points: 7, line: 9 };
        // A time before 1970 is no time of a server, and reads as no place.
        assert_eq!(Place::read(&place.text()), None);
        let place = Place { changed: 5, ..place };
        assert_eq!(Place::read(&place.text()), Some(place));
        for bad in ["", "1", "1-2", "1-2-3-4", "a-b-c"] {
            assert_eq!(Place::read(bad), None);
        }
    }
}
