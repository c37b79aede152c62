//! The schedule: which jobs start now, given how many may run at once and what ended.

use std::collections::VecDeque;

/// How a job ended, as far as the others care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It did what it should.
    Well,
    /// It failed.
    Badly,
}

/// Jobs in line, and how many run. Jobs are named by their place in the request.
#[derive(Debug, Clone)]
pub struct Schedule {
    waiting: VecDeque<usize>,
    running: usize,
    slots: usize,
    fail_fast: bool,
}

impl Schedule {
    /// A line of `jobs` jobs, of which `slots` (at least one) run at once. With
    /// `fail_fast`, nothing new starts after a failure.
    pub fn new(jobs: usize, slots: usize, fail_fast: bool) -> Self {
        Self { waiting: (0..jobs).collect(), running: 0, slots: slots.max(1), fail_fast }
    }

    /// Takes the jobs that start now, in order.
    pub fn start(&mut self) -> Vec<usize> {
        let room = self.slots.saturating_sub(self.running).min(self.waiting.len());
        self.running += room;
        self.waiting.drain(..room).collect()
    }

    /// Hears that a running job ended; returns the jobs that will never start.
    pub fn ended(&mut self, how: Ended) -> Vec<usize> {
        self.running = self.running.saturating_sub(1);
        match (how, self.fail_fast) {
            (Ended::Badly, true) => self.give_up(),
            (Ended::Well | Ended::Badly, _) => Vec::new(),
        }
    }

    /// Empties the line; returns the jobs that will never start.
    pub fn give_up(&mut self) -> Vec<usize> {
        self.waiting.drain(..).collect()
    }

    /// Whether nothing runs and nothing waits.
    pub fn is_done(&self) -> bool {
        self.running == 0 && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ct_40_as_many_run_as_there_are_slots_and_in_order() {
        let mut schedule = Schedule::new(5, 2, false);
        assert_eq!(schedule.start(), [0, 1]);
        assert_eq!(schedule.start(), [] as [usize; 0]);
        schedule.ended(Ended::Well);
        assert_eq!(schedule.start(), [2]);
    }

    #[test]
    fn one_failure_stops_the_others_only_when_asked() {
        let mut patient = Schedule::new(3, 1, false);
        patient.start();
        assert!(patient.ended(Ended::Badly).is_empty());
        assert_eq!(patient.start(), [1]);
        let mut hasty = Schedule::new(3, 1, true);
        hasty.start();
        assert_eq!(hasty.ended(Ended::Badly), [1, 2]);
        assert!(hasty.is_done());
    }

    proptest! {
        #[test]
        fn every_job_starts_once_and_never_too_many_at_a_time(jobs in 0..40usize, slots in 0..6usize) {
            let mut schedule = Schedule::new(jobs, slots, false);
            let (mut started, mut running) = (Vec::new(), 0);
            while !schedule.is_done() {
                let new = schedule.start();
                running += new.len();
                prop_assert!(running <= slots.max(1));
                started.extend(new);
                schedule.ended(Ended::Well);
                running -= 1;
            }
            prop_assert_eq!(started, (0..jobs).collect::<Vec<_>>());
        }
    }
}
