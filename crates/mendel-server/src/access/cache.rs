//! What is believed of callers for a short while. What they showed is kept as a digest only.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Principal;

/// Callers that are remembered at most.
const ENTRIES_MAX: usize = 4096;

/// What a caller showed, digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digested([u8; 32]);

impl Digested {
    pub(super) fn of(shown: &str) -> Self {
        Self(*blake3::hash(shown.as_bytes()).as_bytes())
    }
}

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Digested, (Arc<Principal>, Instant)>>);

impl Cache {
    pub(super) fn get(&self, shown: &Digested) -> Option<Arc<Principal>> {
        let entries = self.lock();
        let (principal, until) = entries.get(shown)?;
        (*until > Instant::now()).then(|| Arc::clone(principal))
    }

    pub(super) fn put(&self, shown: Digested, principal: &Arc<Principal>, life: Duration) {
        let now = Instant::now();
        let mut entries = self.lock();
        if entries.len() >= ENTRIES_MAX {
            entries.retain(|_, (_, until)| *until > now);
        }
        if entries.len() < ENTRIES_MAX {
            entries.insert(shown, (Arc::clone(principal), now + life));
        }
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digested, (Arc<Principal>, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
