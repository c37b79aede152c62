//! The way of events to the watcher: in order, and never a reason to wait for anything but
//! console lines, which wait when the watcher is slow, as they would for a terminal.

use std::sync::Arc;

use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    sync::{
        Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::JoinHandle,
};

use super::Event;

const LINES_AHEAD: usize = 1024;

/// Where events go.
#[derive(Debug, Clone)]
pub(super) struct EventSink {
    events: UnboundedSender<Event>,
    room: Arc<Semaphore>,
}

impl EventSink {
    /// A sink that writes to `pipe`, and the task that does it, which ends with the last sink.
    pub(super) fn new(pipe: impl AsyncWrite + Send + Unpin + 'static) -> (Self, JoinHandle<()>) {
        let (events, received) = unbounded_channel();
        let room = Arc::new(Semaphore::new(LINES_AHEAD));
        let writing = tokio::spawn(write(received, pipe, Arc::clone(&room)));
        (Self { events, room }, writing)
    }

    /// Sends `event`; nobody listening is no error.
    pub(super) fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Sends a console line, once there is room for it.
    pub(super) async fn send_line(&self, line: Event) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
            self.send(line);
        }
    }

    /// Sends a line that is not finished, unless the watcher is behind anyway.
    pub(super) fn send_unfinished(&self, line: Event) {
        if let Ok(permit) = self.room.try_acquire() {
            permit.forget();
            self.send(line);
        }
    }
}

async fn write(mut events: UnboundedReceiver<Event>, mut pipe: impl AsyncWrite + Unpin, room: Arc<Semaphore>) {
    let (mut bytes, mut heard) = (Vec::new(), true);
    while let Some(first) = events.recv().await {
        let mut next = Some(first);
        let mut lines = 0;
        bytes.clear();
        while let Some(event) = next {
            lines += usize::from(matches!(event, Event::Line { .. }));
            serde_json::to_writer(&mut bytes, &event).expect("events have text keys");
            bytes.push(b'\n');
            next = if bytes.len() < 64 << 10 { events.try_recv().ok() } else { None };
        }
        // A watcher that is gone is noticed where commands are read; the work goes on.
        heard = heard && pipe.write_all(&bytes).await.is_ok() && pipe.flush().await.is_ok();
        room.add_permits(lines);
    }
}
