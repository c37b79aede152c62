//! What a run needs: cores, accelerators, memory, time.

use serde::Serialize;

use crate::{Node, Problem, Scalar, reader::Reader, shape};

/// What a run of the task needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Resources {
    /// Processor cores.
    pub cpu: Option<f64>,
    /// Accelerators.
    pub gpu: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Seconds.
    pub time: Option<u64>,
}

const SECONDS: [(&str, f64); 4] = [("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
const BYTES: [(&str, f64); 9] = [
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("K", 1024.0),
    ("M", 1_048_576.0),
    ("G", 1_073_741_824.0),
    ("T", 1_099_511_627_776.0),
    ("B", 1.0),
];

impl Reader<'_> {
    pub(crate) fn resources(&mut self, node: &Node) -> Resources {
        let pairs = self.pairs("resources", node);
        self.unknown(pairs, &shape::RESOURCES_KEYS, "`resources`");
        Resources {
            cpu: node.get("cpu").and_then(|node| self.number("cpu", node)),
            gpu: node.get("gpu").and_then(|node| self.count("gpu", node)),
            memory: node.get("memory").and_then(|node| self.measure("memory", node, &BYTES, "`512M` or `16G`")),
            time: node.get("time").and_then(|node| self.measure("time", node, &SECONDS, "`90s`, `10m` or `2h`")),
        }
    }

    /// A number with a unit, as the number of the smallest unit.
    fn measure(&mut self, key: &str, node: &Node, units: &[(&str, f64)], example: &str) -> Option<u64> {
        let found = match node.scalar(self.dialect) {
            Some(Scalar::Null) => return None,
            Some(Scalar::Int(number)) => u64::try_from(number).ok(),
            Some(Scalar::Str(text)) => units.iter().find_map(|(unit, factor)| {
                let number: f64 = text.trim().strip_suffix(unit)?.trim_end().parse().ok()?;
                let total = number * factor;
                (0.0..1e18).contains(&total).then_some(total.round() as u64)
            }),
            _ => None,
        };
        if found.is_none() {
            let message = format!("`{key}` expects a number with a unit, got {}", node.shown(self.dialect));
            self.push(node, Problem::error("bad_value", message).key(key).hint(format!("write {example}")));
        }
        found
    }
}
