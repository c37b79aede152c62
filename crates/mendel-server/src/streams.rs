//! L20: how many streams of events one user has open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mendel_model::{UserId, limits};

/// Counts open streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<UserId, usize>>>);

/// One open stream; closed when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    streams: Streams,
    user: UserId,
}

impl Streams {
    /// Opens one; none when the user has as many as they may.
    pub(crate) fn enter(&self, user: UserId) -> Option<Ticket> {
        let mut open = self.lock();
        let own = open.entry(user).or_default();
        if *own >= limits::STREAMS_PER_USER {
            return None;
        }
        *own += 1;
        Some(Ticket { streams: self.clone(), user })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        match open.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(open.remove(&self.user)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_stream_makes_room() {
        let (streams, user) = (Streams::default(), UserId::new(1, [0; 10]));
        let mut open: Vec<_> = (0..limits::STREAMS_PER_USER).filter_map(|_| streams.enter(user)).collect();
        assert_eq!(open.len(), limits::STREAMS_PER_USER);
        assert!(streams.enter(user).is_none());
        assert!(streams.enter(UserId::new(2, [0; 10])).is_some());
        open.pop();
        assert!(streams.enter(user).is_some());
    }
}
