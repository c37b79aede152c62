//! L17: each user's fair share of requests, asked for only while the server is busy.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use mendel_model::{UserId, limits};

/// Requests in progress above which the server is busy.
const BUSY: usize = 128;
const ENTRIES_MAX: usize = 10_000;

/// What each user has left: a bucket that fills with time.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<HashMap<UserId, (f64, Instant)>>);

impl Shares {
    /// Takes one request from the share of `user`; else how long to wait. While there is room
    /// nobody waits, but what they take is counted.
    pub(super) fn take(&self, user: UserId, in_progress: usize, now: Instant) -> Result<(), Duration> {
        let (rate, burst) = (limits::REQUESTS_PER_SECOND as f64, limits::REQUESTS_BURST as f64);
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= ENTRIES_MAX {
            shares.retain(|_, (_, last)| now.duration_since(*last) < Duration::from_secs(60));
        }
        let (left, last) = shares.entry(user).or_insert((burst, now));
        *left = (*left + now.duration_since(*last).as_secs_f64() * rate).min(burst);
        *last = now;
        if *left >= 1.0 {
            *left -= 1.0;
            return Ok(());
        }
        match in_progress > BUSY {
            true => Err(Duration::from_secs_f64((1.0 - *left) / rate)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p18_a_noisy_user_waits_only_while_the_server_is_busy_and_others_do_not() {
        let (shares, now) = (Shares::default(), Instant::now());
        let (noisy, other) = (UserId::new(1, [0; 10]), UserId::new(2, [0; 10]));
        for _ in 0..limits::REQUESTS_BURST {
            assert!(shares.take(noisy, BUSY + 1, now).is_ok());
        }
        assert!(shares.take(noisy, BUSY + 1, now).is_err());
        assert!(shares.take(noisy, 1, now).is_ok(), "there is room");
        assert!(shares.take(other, BUSY + 1, now).is_ok());
        assert!(shares.take(noisy, BUSY + 1, now + Duration::from_secs(1)).is_ok(), "the share fills again");
    }
}
