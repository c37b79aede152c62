//! What the records of a batch report, put together so that each table is written once.

use std::collections::{BTreeMap, HashMap};

use mendel_model::{Artifact, ConsoleLine, Event, ModelRecord, Point, Record, SeriesKey, SeriesPoint, limits};

use crate::console;

/// Metrics that a machine reports of itself; they never tell how far a run is.
const MONITOR: &str = ":monitor:";

/// Reports of one batch.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Series declared in this batch.
    pub(super) declared: HashMap<u32, SeriesKey>,
    /// Points by the writer's number of their series.
    pub(super) points: BTreeMap<u32, Vec<SeriesPoint>>,
    /// Console lines.
    pub(super) console: Vec<ConsoleLine>,
    /// Events.
    pub(super) events: Vec<Event>,
    /// Artifacts.
    pub(super) artifacts: Vec<Artifact>,
    /// Models.
    pub(super) models: Vec<ModelRecord>,
}

impl Gathered {
    /// Adds a report; records that do something instead are none.
    pub(super) fn add(&mut self, record: &Record) {
        match record {
            Record::Series { id, key: SeriesKey { metric, variant } } => {
                let key = SeriesKey { metric: kept_name(metric.clone()), variant: kept_name(variant.clone()) };
                self.declared.insert(*id, key);
            }
            Record::Points(points) => self.add_points(points),
            Record::Console { stream, time, text } => self.console.push(console::line(*stream, *time, text)),
            Record::Event(event) => {
                let (metric, variant) = (kept_name(event.metric.clone()), kept_name(event.variant.clone()));
                self.events.push(Event { metric, variant, ..event.clone() });
            }
            Record::Artifact(artifact) => {
                self.artifacts.push(Artifact { name: kept_name(artifact.name.clone()), ..artifact.clone() });
            }
            Record::Model(model) => {
                self.models.push(ModelRecord { id: kept_name(model.id.clone()), ..(**model).clone() });
            }
            Record::Create(_) | Record::Move(_) | Record::Update(_) => {}
        }
    }

    fn add_points(&mut self, points: &[Point]) {
        for part in points.chunk_by(|one, next| one.series == next.series) {
            let Some(first) = part.first() else { continue };
            let own = self.points.entry(first.series).or_default();
            own.extend(part.iter().map(|&Point { step, time, value, .. }| SeriesPoint { step, time, value }));
        }
    }

    /// Points by series; the numbers of those that nobody declared apart.
    pub(super) fn by_series<'a>(
        &'a self,
        known: &'a HashMap<u32, SeriesKey>,
    ) -> (BTreeMap<&'a SeriesKey, Vec<SeriesPoint>>, Vec<u32>) {
        let (mut series, mut unknown) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for (id, points) in &self.points {
            match self.declared.get(id).or_else(|| known.get(id)) {
                Some(key) => series.entry(key).or_default().extend_from_slice(points),
                None => unknown.push(*id),
            }
        }
        (series, unknown)
    }

    /// The highest iteration that events tell.
    pub(super) fn highest_event(&self) -> Option<i64> {
        let told = self.events.iter().filter(|event| !is_monitor(&event.metric));
        told.map(|event| event.step).max()
    }
}

/// Whether a machine reports this metric of itself.
pub(super) fn is_monitor(metric: &str) -> bool {
    metric.starts_with(MONITOR)
}

/// L06: a name as it is kept: cut where it is too long, free of control characters. A
/// writer that is far away is not refused for a name.
pub(super) fn kept_name(name: String) -> String {
    if name.len() <= limits::NAME_CHARS && !name.contains(char::is_control) {
        return name;
    }
    let plain = name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c });
    plain.take(limits::NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use mendel_model::Timestamp;

    use super::*;

    #[test]
    fn points_of_one_series_under_two_numbers_come_together() {
        let key = SeriesKey { metric: "loss".into(), variant: String::new() };
        let point = |series| Point { series, step: 1, time: Timestamp(0), value: 0.5 };
        let mut gathered = Gathered::default();
        gathered.declared.extend([(1, key.clone()), (2, key.clone())]);
        gathered.add_points(&[point(1), point(2), point(1), point(9)]);
        let known = HashMap::new();
        let (series, unknown) = gathered.by_series(&known);
        assert_eq!((series[&key].len(), unknown), (3, vec![9]));
    }

    #[test]
    fn long_names_are_cut_and_control_characters_replaced() {
        assert_eq!(kept_name("x".repeat(300)).len(), 256);
        assert_eq!(kept_name("a\nb".into()), "a\u{fffd}b");
        assert_eq!(kept_name("loss".into()), "loss");
    }
}
