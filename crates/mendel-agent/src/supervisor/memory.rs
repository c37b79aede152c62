//! Whether the system killed something of ours because memory ran out.

use std::fs;

use nix::sys::resource::{UsageWho, getrusage};

use super::outcome::MemoryFacts;

/// A look at the counters of the system.
#[derive(Debug, Clone, Copy)]
pub(super) struct MemoryWatch {
    kills: u64,
}

impl MemoryWatch {
    /// Looks now, before a process starts.
    pub(super) fn begin() -> Self {
        Self { kills: kills() }
    }

    /// What happened since; ask when the process was waited for.
    pub(super) fn end(self) -> MemoryFacts {
        let peak = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
        MemoryFacts { killed: kills() > self.kills, peak_kb: u64::try_from(peak).unwrap_or(0) }
    }
}

/// Processes killed for memory, in our control group where it says so, else on the machine.
fn kills() -> u64 {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let events = fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.events"));
    let counted = events.ok().and_then(|text| field(&text, "oom_kill"));
    counted.or_else(|| field(&fs::read_to_string("/proc/vmstat").ok()?, "oom_kill")).unwrap_or(0)
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_name() {
        assert_eq!(field("low 0\noom 2\noom_kill 3\n", "oom_kill"), Some(3));
        assert_eq!(field("", "oom_kill"), None);
    }
}
