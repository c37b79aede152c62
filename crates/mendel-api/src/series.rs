//! Series on the wire: their summaries, their points as columns, and buckets for charts.

use mendel_model::{RunId, SeriesKey, SeriesPoint, SeriesSummary, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Address, Client, ClientError, float};

/// Most stretches of a series in one answer.
pub const BUCKETS_MAX: usize = 100_000;

/// A value and the step it was seen at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    /// The value.
    #[serde(with = "float::one")]
    pub value: f64,
    /// Its step.
    pub step: i64,
}

/// What is known of a series without reading its points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesInfo {
    /// The chart's title.
    pub metric: String,
    /// The line within the chart.
    pub variant: String,
    /// Number of points.
    pub count: u64,
    /// The value at the highest step.
    pub last: Extreme,
    /// When that was reported.
    pub last_time: Timestamp,
    /// Smallest value.
    pub min: Option<Extreme>,
    /// Largest value.
    pub max: Option<Extreme>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
}

impl SeriesInfo {
    /// Which series it is about.
    pub fn key(&self) -> SeriesKey {
        SeriesKey { metric: self.metric.clone(), variant: self.variant.clone() }
    }
}

impl From<SeriesSummary> for SeriesInfo {
    fn from(summary: SeriesSummary) -> Self {
        let extreme = |(value, step)| Extreme { value, step };
        Self {
            metric: summary.key.metric,
            variant: summary.key.variant,
            count: summary.count,
            last: Extreme { value: summary.last.value, step: summary.last.step },
            last_time: summary.last.time,
            min: summary.min.map(extreme),
            max: summary.max.map(extreme),
            mean: (summary.finite > 0).then(|| summary.sum / summary.finite as f64).filter(|mean| mean.is_finite()),
        }
    }
}

/// Points of one series as columns of equal length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeriesData {
    /// Iterations.
    pub steps: Vec<i64>,
    /// When each was reported.
    pub times: Vec<Timestamp>,
    /// The values.
    #[serde(with = "float::many")]
    pub values: Vec<f64>,
}

impl FromIterator<SeriesPoint> for SeriesData {
    fn from_iter<I: IntoIterator<Item = SeriesPoint>>(points: I) -> Self {
        let mut data = Self::default();
        for point in points {
            data.steps.push(point.step);
            data.times.push(point.time);
            data.values.push(point.value);
        }
        data
    }
}

/// A stretch of a series, for a chart: nothing that stands out is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// First point.
    pub first: Extreme,
    /// Last point.
    pub last: Extreme,
    /// Smallest value, unless all are NaN.
    pub min: Option<Extreme>,
    /// Largest value, unless all are NaN.
    pub max: Option<Extreme>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// Number of points.
    pub count: u64,
}

impl Client {
    /// What is known of each series of a run.
    pub async fn series(&self, id: RunId) -> Result<Vec<SeriesInfo>, ClientError> {
        self.get(Address::of(&[&"runs", &id, &"series"])).await
    }

    /// Points of one series: all of them when `max` is zero; else, where there are as many, the
    /// means of at most `max` windows of equal width.
    pub async fn points(&self, id: RunId, metric: &str, variant: &str, max: usize) -> Result<SeriesData, ClientError> {
        let address = Address::of(&[&"runs", &id, &"points"]).ask("metric", metric).ask("variant", variant);
        self.get(address.ask_if("max", (max > 0).then_some(max))).await
    }

    /// At most `buckets` stretches of one series, extremes kept.
    pub async fn sampled(
        &self,
        id: RunId,
        metric: &str,
        variant: &str,
        buckets: usize,
    ) -> Result<Vec<Bucket>, ClientError> {
        let address = Address::of(&[&"runs", &id, &"buckets"]).ask("metric", metric).ask("variant", variant);
        self.get(address.ask("buckets", buckets)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_what_is_not_finite() {
        let point = |step, value| SeriesPoint { step, time: Timestamp(5), value };
        let data: SeriesData = [point(1, 0.1), point(2, f64::INFINITY)].into_iter().collect();
        let text = serde_json::to_string(&data).expect("written");
        assert_eq!(text, r#"{"steps":[1,2],"times":[5,5],"values":[0.1,"Infinity"]}"#);
        assert_eq!(serde_json::from_str::<SeriesData>(&text).expect("read"), data);
    }
}
