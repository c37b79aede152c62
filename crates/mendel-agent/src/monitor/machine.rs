//! The load of the whole machine, or of the control group that confines us.

use std::{collections::HashSet, time::Instant};

use mendel_model::SeriesKey;
use sysinfo::{DiskRefreshKind, Disks, Networks, System};

use super::{MACHINE, key};

const GIB: f64 = (1u64 << 30) as f64;
const MIB: f64 = (1u64 << 20) as f64;

/// Samples what has changed since the last time; parts that the system does not tell are
/// left out.
pub(super) struct MachineSampler {
    system: Option<System>,
    disks: Option<Disks>,
    networks: Option<Networks>,
    last: Instant,
}

impl MachineSampler {
    pub(super) fn new() -> Self {
        let io = DiskRefreshKind::nothing().with_io_usage();
        Self {
            system: System::new().ok(),
            disks: Disks::new_with_refreshed_list_specifics(io).ok(),
            networks: Networks::new_with_refreshed_list().ok(),
            last: Instant::now(),
        }
    }

    /// Forgets what happened before now.
    pub(super) fn begin(&mut self) {
        self.refresh();
    }

    pub(super) fn sample(&mut self) -> Vec<(SeriesKey, f64)> {
        let seconds = self.last.elapsed().as_secs_f64().max(0.001);
        self.refresh();
        let mut values = Vec::new();
        let mut add = |name: &str, value: f64| values.push((key(MACHINE, name), value));
        if let Some(system) = &self.system {
            let (used, free) = memory(system);
            add("cpu_usage", f64::from(system.global_cpu_usage()));
            add("memory_used_gb", used as f64 / GIB);
            add("memory_free_gb", free as f64 / GIB);
        }
        let rate = |bytes: u64| bytes as f64 / MIB / seconds;
        if let Some(disks) = &self.disks {
            let mut counted = HashSet::new();
            // A device that is mounted twice is still one device.
            let usages = disks.iter().filter(|disk| counted.insert(disk.name())).map(|disk| disk.usage());
            let (read, written) =
                usages.fold((0, 0), |(read, written), usage| (read + usage.read_bytes, written + usage.written_bytes));
            add("io_read_mbs", rate(read));
            add("io_write_mbs", rate(written));
        }
        if let Some(networks) = &self.networks {
            let outside = networks.iter().filter(|(name, _)| *name != "lo").map(|(_, network)| network);
            let (received, sent) = outside.fold((0, 0), |(received, sent), network| {
                (received + network.received(), sent + network.transmitted())
            });
            add("network_rx_mbs", rate(received));
            add("network_tx_mbs", rate(sent));
        }
        values
    }

    fn refresh(&mut self) {
        if let Some(system) = &mut self.system {
            system.refresh_cpu_usage();
            system.refresh_memory();
        }
        if let Some(disks) = &mut self.disks {
            disks.refresh_specifics(false, DiskRefreshKind::nothing().with_io_usage());
        }
        if let Some(networks) = &mut self.networks {
            networks.refresh(false);
        }
        self.last = Instant::now();
    }
}

/// Bytes used and free: of the control group that confines us, else of the machine.
fn memory(system: &System) -> (u64, u64) {
    match system.cgroup_limits() {
        Some(limits) if limits.total_memory < system.total_memory() => {
            (limits.total_memory.saturating_sub(limits.free_memory), limits.free_memory)
        }
        Some(_) | None => (system.used_memory(), system.available_memory()),
    }
}
