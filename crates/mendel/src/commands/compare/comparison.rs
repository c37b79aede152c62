//! What several runs have in common and what not, and which is best at what.

use std::collections::{BTreeMap, BTreeSet};

use mendel_api::SeriesInfo;
use mendel_model::DependencyKind;
use serde_json::{Map, Value, json};

use super::super::show::load::{self, RunView};
use crate::{
    exit::Failure,
    render::{document, text::safe},
};

/// Whether small or large is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Direction {
    /// Small is best.
    Min,
    /// Large is best.
    Max,
}

const SMALL: [&str; 13] =
    ["loss", "error", "err", "mse", "mae", "rmse", "perplexity", "nll", "wer", "cer", "fid", "inertia", "latency"];
const LARGE: [&str; 13] =
    ["acc", "accuracy", "score", "f1", "auc", "precision", "recall", "iou", "dice", "r2", "bleu", "map", "reward"];

impl Direction {
    /// What the words of a metric's name say.
    pub fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphanumeric()).rev();
        words.find_map(|word| match word {
            _ if SMALL.contains(&word) => Some(Self::Min),
            _ if LARGE.contains(&word) => Some(Self::Max),
            _ => None,
        })
    }

    fn is_better(self, one: f64, other: f64) -> bool {
        match self {
            Self::Min => one < other,
            Self::Max => one > other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// The best run of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// Its place among the runs.
    pub row: usize,
    /// What best means.
    pub direction: Direction,
    /// Its last value.
    pub value: f64,
}

/// Runs side by side. Each list has one place for each run.
pub struct Comparison {
    /// The runs.
    pub views: Vec<RunView>,
    /// Parameters that are not the same in all.
    pub params: BTreeMap<String, Vec<Option<Value>>>,
    /// The names of all parameters.
    pub all_params: BTreeSet<String>,
    /// Packages that are not the same in all.
    pub environment: BTreeMap<String, Vec<Option<Value>>>,
    /// Files read that are not the same in all, by digest.
    pub inputs: BTreeMap<String, Vec<Option<Value>>>,
    /// Every metric.
    pub metrics: BTreeMap<String, Vec<Option<SeriesInfo>>>,
    /// Who is best at what, where the name tells what best means.
    pub best: BTreeMap<String, Best>,
    direction: Option<Direction>,
}

impl Comparison {
    /// Compares `views`; `direction` says what best means where it is given.
    pub fn of(views: Vec<RunView>, machine: bool, direction: Option<Direction>) -> Self {
        let params: Vec<BTreeMap<String, Value>> = views.iter().map(params).collect();
        let environments: Vec<_> = views.iter().map(packages).collect();
        let inputs: Vec<_> = views.iter().map(inputs).collect();
        let wanted = |info: &&SeriesInfo| machine || !document::is_machine(&info.metric);
        let metrics: Vec<BTreeMap<String, SeriesInfo>> = views
            .iter()
            .map(|view| view.series.iter().filter(wanted).map(|info| (info.key().path(), info.clone())).collect())
            .collect();
        let metrics = side_by_side(&metrics);
        let all_params = params.iter().flat_map(|params| params.keys().cloned()).collect();
        let mut comparison = Self {
            params: differing(side_by_side(&params)),
            all_params,
            environment: differing(side_by_side(&environments)),
            inputs: differing(side_by_side(&inputs)),
            metrics,
            best: BTreeMap::new(),
            views,
            direction,
        };
        comparison.find_best();
        comparison
    }

    fn find_best(&mut self) {
        let direction_of = |name: &str| self.direction.or_else(|| Direction::of_name(name));
        let found = self.metrics.iter().filter_map(|(name, found)| {
            let direction = direction_of(name)?;
            let lasts = found.iter().enumerate().filter_map(|(row, info)| Some((row, info.as_ref()?.last.value)));
            let lasts: Vec<(usize, f64)> = lasts.filter(|(_, value)| !value.is_nan()).collect();
            let better =
                |best: (usize, f64), next: (usize, f64)| if direction.is_better(next.1, best.1) { next } else { best };
            let best = lasts.iter().copied().reduce(better)?;
            // The only one of its kind, or one of equals, is not best.
            let told = lasts.iter().any(|(_, value)| *value != best.1);
            told.then(|| (name.clone(), Best { row: best.0, direction, value: best.1 }))
        });
        self.best = found.collect();
    }

    /// Puts the best of `metric` first, runs without it last.
    pub fn sort(&mut self, metric: &str) -> Result<(), Failure> {
        let (name, asked) = match metric.strip_prefix('-') {
            Some(name) => (name, Some(Direction::Max)),
            None => (metric, None),
        };
        let Some(found) = self.metrics.get(name) else {
            let known: Vec<&str> = self.metrics.keys().map(String::as_str).collect();
            let hint = match mendel_spec::nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{}`?", safe(near)),
                None if known.is_empty() => "they reported no metrics".to_owned(),
                None => format!("there are {}", safe(&known.join(", "))),
            };
            return Err(Failure::input_hint(format!("no run has the metric `{}`", safe(name)), hint));
        };
        let direction = asked.or(self.direction).or_else(|| Direction::of_name(name)).unwrap_or(Direction::Min);
        let key = |row: usize| match found[row].as_ref().map(|info| info.last.value) {
            Some(value) if !value.is_nan() => (false, if direction == Direction::Max { -value } else { value }),
            _ => (true, 0.0),
        };
        let mut order: Vec<usize> = (0..self.views.len()).collect();
        order.sort_by(|one, other| key(*one).0.cmp(&key(*other).0).then(key(*one).1.total_cmp(&key(*other).1)));
        self.reorder(&order);
        Ok(())
    }

    fn reorder(&mut self, order: &[usize]) {
        let mut views: Vec<Option<RunView>> = self.views.drain(..).map(Some).collect();
        self.views = order.iter().filter_map(|row| views[*row].take()).collect();
        for values in self.params.values_mut().chain(self.environment.values_mut()).chain(self.inputs.values_mut()) {
            *values = order.iter().map(|row| values[*row].clone()).collect();
        }
        for found in self.metrics.values_mut() {
            *found = order.iter().map(|row| found[*row].clone()).collect();
        }
        self.find_best();
    }

    /// The document of the contract, with a place for each run in every list.
    pub fn document(&self) -> Value {
        let metrics: Map<String, Value> = self
            .metrics
            .iter()
            .map(|(name, found)| (name.clone(), found.iter().map(|info| info.as_ref().map(load::summary)).collect()))
            .collect();
        json!({
            "runs": self.views.iter().map(|view| document::run(&view.run)).collect::<Vec<_>>(),
            "code": self.views.iter().map(|view| view.run.facts.code).collect::<Vec<_>>(),
            "params": self.params,
            "environment": self.environment,
            "inputs": self.inputs,
            "metrics": metrics,
            "best": self.best_document(),
        })
    }

    /// The best run of each metric, by its id.
    pub fn best_document(&self) -> Value {
        let told = self.best.iter().map(|(name, best)| {
            let value = crate::render::value::json(best.value);
            let run = self.views[best.row].run.facts.id;
            (name.clone(), json!({"run": run, "value": value, "direction": best.direction.name()}))
        });
        Value::Object(told.collect())
    }
}

fn params(view: &RunView) -> BTreeMap<String, Value> {
    document::params(&view.run.facts.params).into_iter().collect()
}

fn packages(view: &RunView) -> BTreeMap<String, Value> {
    let lock = view.run.facts.environment.iter();
    let packages = lock.clone().flat_map(|lock| &lock.packages);
    let packages = packages.map(|package| (package.name.clone(), Value::from(package.version.as_str())));
    let python = lock.filter(|lock| !lock.python.is_empty());
    packages.chain(python.map(|lock| ("python".to_owned(), Value::from(lock.python.as_str())))).collect()
}

fn inputs(view: &RunView) -> BTreeMap<String, Value> {
    let found = view.result.iter().flat_map(|result| &result.dependencies);
    let found = found.filter(|found| found.kind == DependencyKind::Input);
    found.map(|found| (found.subject.clone(), document::value(&found.digest))).collect()
}

fn side_by_side<T: Clone>(runs: &[BTreeMap<String, T>]) -> BTreeMap<String, Vec<Option<T>>> {
    let names: BTreeSet<&String> = runs.iter().flat_map(BTreeMap::keys).collect();
    names.into_iter().map(|name| (name.clone(), runs.iter().map(|run| run.get(name).cloned()).collect())).collect()
}

fn differing(mut rows: BTreeMap<String, Vec<Option<Value>>>) -> BTreeMap<String, Vec<Option<Value>>> {
    rows.retain(|_, values| values.windows(2).any(|pair| pair[0] != pair[1]));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whether_small_or_large_is_best() {
        assert_eq!(Direction::of_name("loss/train"), Some(Direction::Min));
        assert_eq!(Direction::of_name("val_acc"), Some(Direction::Max));
        assert_eq!(Direction::of_name("loss/accuracy"), Some(Direction::Max));
        assert_eq!(Direction::of_name("epoch"), None);
        assert_eq!(Direction::of_name("gloss"), None);
    }

    #[test]
    fn what_all_share_is_not_listed() {
        let run = |lr: f64| BTreeMap::from([("lr".to_owned(), json!(lr)), ("seed".to_owned(), json!(1))]);
        let rows = differing(side_by_side(&[run(0.1), run(0.2)]));
        assert_eq!(rows, BTreeMap::from([("lr".to_owned(), vec![Some(json!(0.1)), Some(json!(0.2))])]));
        assert!(differing(side_by_side(&[run(0.1)])).is_empty());
    }

    #[test]
    fn a_run_without_a_value_differs_from_one_with() {
        let with = BTreeMap::from([("lr".to_owned(), json!(null))]);
        let rows = differing(side_by_side(&[with, BTreeMap::new()]));
        assert_eq!(rows["lr"], [Some(Value::Null), None]);
    }
}
