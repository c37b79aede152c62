//! Repeats: runs that mean the same, and how far their metrics lie apart.

use std::collections::{BTreeMap, HashMap};

use mendel_model::Identity;
use serde_json::{Value, json};

use super::comparison::Comparison;
use crate::render::{
    text::safe,
    value::{json as real, number},
};

/// Runs of one identity.
#[derive(Debug, PartialEq)]
pub struct Repeats {
    /// What they mean.
    pub identity: Identity,
    /// Their places among the runs.
    pub rows: Vec<usize>,
    /// How the last values of each metric are spread.
    pub metrics: BTreeMap<String, Spread>,
}

/// How several values of one metric are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// How many values there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, as of a sample.
    pub deviation: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// That of `values`; none where fewer than two say anything.
    fn of(values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let fold = |start: f64, best: fn(f64, f64) -> f64| values.iter().copied().fold(start, best);
        Some(Self {
            count,
            mean,
            deviation: (squares / (count - 1) as f64).sqrt(),
            min: fold(f64::INFINITY, f64::min),
            max: fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

/// The runs of `comparison` that repeat each other, in the order they stand there.
pub fn repeats(comparison: &Comparison) -> Vec<Repeats> {
    let mut groups: Vec<Repeats> = Vec::new();
    let mut known: HashMap<Identity, usize> = HashMap::new();
    for (row, view) in comparison.views.iter().enumerate() {
        let Some(identity) = view.run.facts.identity else { continue };
        let place = *known.entry(identity).or_insert_with(|| {
            groups.push(Repeats { identity, rows: Vec::new(), metrics: BTreeMap::new() });
            groups.len() - 1
        });
        groups[place].rows.push(row);
    }
    groups.retain(|group| group.rows.len() > 1);
    for group in &mut groups {
        let spread = comparison.metrics.iter().filter_map(|(name, found)| {
            let lasts = group.rows.iter().filter_map(|row| found[*row].as_ref().map(|info| info.last.value));
            Spread::of(&lasts.collect::<Vec<_>>()).map(|spread| (name.clone(), spread))
        });
        group.metrics = spread.collect();
    }
    groups
}

impl Repeats {
    /// The document of the contract.
    pub fn document(&self, comparison: &Comparison) -> Value {
        let runs: Vec<_> = self.rows.iter().map(|row| comparison.views[*row].run.facts.id).collect();
        let metrics: BTreeMap<_, _> = self.metrics.iter().map(|(name, spread)| (name, spread.document())).collect();
        json!({"identity": self.identity, "runs": runs, "metrics": metrics})
    }

    /// The same for a person.
    pub fn text(&self, comparison: &Comparison) -> String {
        let numbers = self.rows.iter().map(|row| format!("@{}", comparison.views[*row].run.number));
        let mut text = format!("repeats: {}\n", numbers.collect::<Vec<_>>().join(" "));
        for (name, Spread { mean, deviation, min, max, .. }) in &self.metrics {
            let [mean, deviation, min, max] = [mean, deviation, min, max].map(|value| number(*value));
            text.push_str(&format!("  {}  {mean} ± {deviation}  ({min} … {max})\n", safe(name)));
        }
        text
    }
}

impl Spread {
    fn document(self) -> Value {
        let Self { count, mean, deviation, min, max } = self;
        json!({
            "count": count,
            "mean": real(mean),
            "deviation": real(deviation),
            "min": real(min),
            "max": real(max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_a_sample_and_one_value_has_none() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]);
        assert_eq!(spread, Some(Spread { count: 3, mean: 2.0, deviation: 1.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of(&[1.0]), None);
    }
}
