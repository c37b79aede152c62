//! Series: scalar points of one metric of one run.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Names a series within a run: a metric (title) and a variant (series).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// The chart's title, such as `loss`.
    pub metric: String,
    /// The line within the chart, such as `train`; may be empty.
    pub variant: String,
}

impl SeriesKey {
    /// `metric/variant`, or the metric alone.
    pub fn path(&self) -> String {
        match self.variant.as_str() {
            "" => self.metric.clone(),
            variant => format!("{}/{variant}", self.metric),
        }
    }
}

/// One point as read back; `value` may be NaN or infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// Iteration.
    pub step: i64,
    /// When it was reported.
    pub time: Timestamp,
    /// The value.
    pub value: f64,
}

/// What is known of a series without reading its points. NaN takes no part in `min`,
/// `max` and `sum`; they are absent while no other value was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesSummary {
    /// Which series.
    pub key: SeriesKey,
    /// Number of points.
    pub count: u64,
    /// The point with the highest step, the latest of equal ones.
    pub last: SeriesPoint,
    /// Smallest value and its step.
    pub min: Option<(f64, i64)>,
    /// Largest value and its step.
    pub max: Option<(f64, i64)>,
    /// Sum of the finite values.
    pub sum: f64,
    /// How many values took part in `sum`.
    pub finite: u64,
}
