//! Who a process is, and whether it still lives: host, boot id, process id and start.
//!
//! The four together are shared by no later process, so a reused process id is never
//! taken for the owner of a run.

use std::fs;

use mendel_model::Owner;

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// The very process runs.
    Alive,
    /// It is gone.
    Dead,
    /// It ran on another host; from here nobody can tell.
    Unknown,
}

/// The facts of this process.
pub fn this_process() -> Owner {
    let pid = std::process::id();
    owner_of(pid).unwrap_or_else(|| Owner { host: host(), boot: boot(), pid, start: 0 })
}

/// The facts of the process `pid` of this host, if it lives.
pub fn owner_of(pid: u32) -> Option<Owner> {
    start_of(pid).map(|start| Owner { host: host(), boot: boot(), pid, start })
}

/// What is known of `owner` on this host.
pub fn liveness(owner: &Owner) -> Liveness {
    if owner.host != host() {
        return Liveness::Unknown;
    }
    match owner.boot == boot() && start_of(owner.pid) == Some(owner.start) {
        true => Liveness::Alive,
        false => Liveness::Dead,
    }
}

/// Whether `owner` may still live; only a certain death counts as one.
pub fn is_alive(owner: &Owner) -> bool {
    liveness(owner) != Liveness::Dead
}

fn host() -> String {
    kernel_fact("hostname")
}

fn boot() -> String {
    kernel_fact("random/boot_id")
}

fn kernel_fact(name: &str) -> String {
    fs::read_to_string(format!("/proc/sys/kernel/{name}")).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Clock ticks from boot to the start of `pid`; none for a process that ended, reaped or not.
fn start_of(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    started(&text)
}

/// The command in parentheses may hold anything, so the fields are counted from its end.
fn started(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn this_process_lives() {
        let own = this_process();
        assert_eq!(own.pid, std::process::id());
        assert_eq!(liveness(&own), Liveness::Alive);
    }

    #[test]
    fn a_process_that_ended_is_dead_before_and_after_it_is_reaped() {
        let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat starts");
        let owner = owner_of(child.id()).expect("it waits for input");
        assert!(is_alive(&owner));
        drop(child.stdin.take());
        child.wait().expect("it ends");
        assert_eq!(liveness(&owner), Liveness::Dead);
    }

    #[test]
    fn a_reused_process_id_and_another_boot_are_not_the_owner() {
        let own = this_process();
        assert!(!is_alive(&Owner { start: own.start + 1, ..own.clone() }));
        assert!(!is_alive(&Owner { boot: "earlier".into(), ..own.clone() }));
        assert_eq!(liveness(&Owner { host: "elsewhere".into(), ..own }), Liveness::Unknown);
    }

    #[test]
    fn a_command_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        assert_eq!(started(stat), Some(4242));
        assert_eq!(started("7 (x) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20"), None);
    }
}
