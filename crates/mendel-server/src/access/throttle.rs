//! L18: wrong tries make the next one wait, by key and address, and by address alone.
//!
//! A key is counted together with the address it was tried from, so that nobody can lock
//! its owner out from elsewhere.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// L18: wrong tries before the first wait.
const FREE_TRIES: u32 = 5;
/// L18: the longest wait.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// L18: wrong tries of one address within a minute.
const PER_MINUTE: u32 = 30;
const MINUTE: Duration = Duration::from_secs(60);
/// Pairs that are remembered at most.
const ENTRIES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<Tries>);

#[derive(Debug, Default)]
struct Tries {
    keys: HashMap<(u64, Option<IpAddr>), (u32, Instant)>,
    addresses: HashMap<Option<IpAddr>, (u32, Instant)>,
}

impl Throttle {
    /// Whether a try may be made now; else how long to wait.
    pub(super) fn admit(&self, key: &str, from: Option<IpAddr>) -> Result<(), Duration> {
        self.admit_at(key, from, Instant::now())
    }

    fn admit_at(&self, key: &str, from: Option<IpAddr>, now: Instant) -> Result<(), Duration> {
        let tries = self.lock();
        let of_key = tries.keys.get(&(digest(key), from)).map(|(count, last)| *last + wait(*count));
        let of_address = tries.addresses.get(&from).filter(|(count, _)| *count >= PER_MINUTE);
        let until = of_key.max(of_address.map(|(_, since)| *since + MINUTE));
        match until.map(|until| until.saturating_duration_since(now)) {
            Some(left) if !left.is_zero() => Err(left),
            Some(_) | None => Ok(()),
        }
    }

    /// Notes a wrong try.
    pub(super) fn failed(&self, key: &str, from: Option<IpAddr>) {
        self.failed_at(key, from, Instant::now());
    }

    fn failed_at(&self, key: &str, from: Option<IpAddr>, now: Instant) {
        let mut tries = self.lock();
        if tries.keys.len() >= ENTRIES_MAX {
            tries.keys.retain(|_, (_, last)| *last + LONGEST > now);
        }
        if tries.addresses.len() >= ENTRIES_MAX {
            tries.addresses.retain(|_, (_, since)| *since + MINUTE > now);
        }
        let of_key = tries.keys.entry((digest(key), from)).or_insert((0, now));
        *of_key = (of_key.0.saturating_add(1), now);
        let of_address = tries.addresses.entry(from).or_insert((0, now));
        if of_address.1 + MINUTE <= now {
            *of_address = (0, now);
        }
        of_address.0 += 1;
    }

    /// Forgets the wrong tries of a key.
    pub(super) fn succeeded(&self, key: &str, from: Option<IpAddr>) {
        self.lock().keys.remove(&(digest(key), from));
    }

    fn lock(&self) -> MutexGuard<'_, Tries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(key: &str) -> u64 {
    u64::from_be_bytes(blake3::hash(key.as_bytes()).as_bytes()[..8].try_into().expect("eight bytes"))
}

/// How long to wait after so many wrong tries: nothing, then a second, doubled each time.
fn wait(count: u32) -> Duration {
    match count.checked_sub(FREE_TRIES) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(20)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s08_the_sixth_wrong_try_waits_and_each_further_one_twice_as_long() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..FREE_TRIES {
            assert_eq!(throttle.admit_at("K", None, now), Ok(()));
            throttle.failed_at("K", None, now);
        }
        assert_eq!(throttle.admit_at("K", None, now), Err(Duration::from_secs(1)));
        throttle.failed_at("K", None, now);
        assert_eq!(throttle.admit_at("K", None, now), Err(Duration::from_secs(2)));
        assert_eq!(throttle.admit_at("OTHER", None, now), Ok(()));
        assert_eq!(throttle.admit_at("K", None, now + LONGEST), Ok(()));
        throttle.succeeded("K", None);
        assert_eq!(throttle.admit_at("K", None, now), Ok(()));
    }

    #[test]
    fn s08_an_address_has_thirty_wrong_tries_a_minute_whatever_it_tries() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let from = Some(IpAddr::from([10, 0, 0, 1]));
        for number in 0..PER_MINUTE {
            throttle.failed_at(&number.to_string(), from, now);
        }
        assert_eq!(throttle.admit_at("fresh", from, now), Err(MINUTE));
        assert_eq!(throttle.admit_at("fresh", None, now), Ok(()), "another address");
        assert_eq!(throttle.admit_at("fresh", from, now + MINUTE), Ok(()));
    }

    #[test]
    fn the_longest_wait_is_a_quarter_of_an_hour() {
        assert_eq!(wait(4), Duration::ZERO);
        assert_eq!(wait(1000), LONGEST);
    }
}
