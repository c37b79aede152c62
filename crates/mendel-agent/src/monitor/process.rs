//! Processor time and memory of a process group.

use std::{fs, time::Instant};

use mendel_model::SeriesKey;

use super::{MACHINE, key};

const GIB: f64 = (1u64 << 30) as f64;

/// Samples one process group.
pub(super) struct GroupSampler {
    group: u32,
    ticks: u64,
    last: Instant,
}

/// What counts of one process.
#[derive(Debug, PartialEq, Eq)]
struct Share {
    group: u32,
    ticks: u64,
    pages: u64,
}

impl GroupSampler {
    pub(super) fn new(group: u32) -> Self {
        Self { group, ticks: 0, last: Instant::now() }
    }

    pub(super) fn sample(&mut self) -> Vec<(SeriesKey, f64)> {
        let seconds = self.last.elapsed().as_secs_f64().max(0.001);
        self.last = Instant::now();
        let (mut ticks, mut pages) = (0, 0);
        for share in shares().filter(|share| share.group == self.group) {
            ticks += share.ticks;
            pages += share.pages;
        }
        // Processes that ended take their time with them.
        let spent = ticks.saturating_sub(self.ticks) as f64 / system_number(nix::unistd::SysconfVar::CLK_TCK, 100.0);
        self.ticks = ticks;
        let memory = pages as f64 * system_number(nix::unistd::SysconfVar::PAGE_SIZE, 4096.0) / GIB;
        vec![(key(MACHINE, "process_cpu_usage"), 100.0 * spent / seconds), (key(MACHINE, "process_memory_gb"), memory)]
    }
}

fn system_number(name: nix::unistd::SysconfVar, usual: f64) -> f64 {
    nix::unistd::sysconf(name).ok().flatten().map_or(usual, |number| number as f64)
}

fn shares() -> impl Iterator<Item = Share> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let processes =
        entries.filter(|entry| entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit));
    processes.filter_map(|entry| share(&fs::read_to_string(entry.path().join("stat")).ok()?))
}

/// The command in parentheses may hold anything, so the fields are counted from its end.
fn share(stat: &str) -> Option<Share> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let group = u32::try_from(number(2)?).ok()?;
    Some(Share { group, ticks: number(11)? + number(12)?, pages: number(21)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_process_is_read_behind_its_name() {
        let stat = "7 (a) b) S 1 42 42 0 -1 4 1 2 3 4 50 7 0 0 20 0 1 0 900 1000 33 9";
        assert_eq!(share(stat), Some(Share { group: 42, ticks: 57, pages: 33 }));
        assert_eq!(share("7 (torn"), None);
    }
}
