//! Summaries of series: kept up to date by one statement a batch, whoever writes.

use std::collections::{HashMap, HashSet};

use mendel_model::{RunId, SeriesKey, SeriesPoint, SeriesSummary, Timestamp};

use crate::{
    MetricSummary, Result, Store,
    database::{Row, Session, Value, placeholders, sql, value_rows},
    run::{LIST, number},
};

/// Series written by one statement.
const ROWS: usize = 50;

const COLUMNS: &str = "metric, variant, points, last_step, last_time, last_bits, min_value, min_step, max_value, \
    max_step, total, finite";

/// What the points of one series in one batch add to its summary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tally {
    first: SeriesPoint,
    last: SeriesPoint,
    min: Option<(f64, i64)>,
    max: Option<(f64, i64)>,
    sum: f64,
    finite: i64,
    count: i64,
}

impl Tally {
    /// Of all `points`, if there are any.
    pub(crate) fn of(points: &[SeriesPoint]) -> Option<Self> {
        let first = *points.first()?;
        let mut tally = Self { first, last: first, min: None, max: None, sum: 0.0, finite: 0, count: 0 };
        for point in points {
            tally.add(point);
        }
        Some(tally)
    }

    fn add(&mut self, point: &SeriesPoint) {
        let SeriesPoint { step, value, .. } = *point;
        self.count += 1;
        if step >= self.last.step {
            self.last = *point;
        }
        if value.is_finite() {
            self.sum += value;
            self.finite += 1;
        }
        if !value.is_nan() {
            if self.min.is_none_or(|(min, _)| value < min) {
                self.min = Some((value, step));
            }
            if self.max.is_none_or(|(max, _)| value > max) {
                self.max = Some((value, step));
            }
        }
    }

    fn row(&self, run: i64, key: &SeriesKey) -> Vec<Value> {
        let value = |extreme: Option<(f64, i64)>| Value::from(extreme.map(|(value, _)| value));
        let step = |extreme: Option<(f64, i64)>| Value::from(extreme.map(|(_, step)| step));
        vec![
            run.into(),
            (&key.metric).into(),
            (&key.variant).into(),
            self.count.into(),
            self.last.step.into(),
            self.last.time.into(),
            self.last.value.to_bits().cast_signed().into(),
            Some(self.last.value).into(),
            value(self.min),
            step(self.min),
            value(self.max),
            step(self.max),
            self.sum.into(),
            self.finite.into(),
            Some(self.first.value).into(),
            self.first.step.into(),
            self.last.value.to_bits().cast_signed().into(),
        ]
    }
}

/// The number of each series in the database, and how many of them are new.
#[derive(Debug, Default)]
pub(crate) struct Upserted {
    /// Number by name.
    pub(crate) numbers: HashMap<SeriesKey, i64>,
    /// Series that the run did not have.
    pub(crate) new: i64,
}

/// Adds the tallies to the summaries.
pub(crate) async fn upsert(session: &mut Session, run: i64, tallies: &[(&SeriesKey, Tally)]) -> Result<Upserted> {
    let mut upserted = Upserted::default();
    for part in tallies.chunks(ROWS) {
        let rows: Vec<_> = part.iter().map(|(key, tally)| tally.row(run, key)).collect();
        let text = format!(
            "INSERT INTO series (run, metric, variant, points, last_step, last_time, last_bits, last_value, \
             min_value, min_step, max_value, max_step, total, finite, first_value, first_step, recent_bits) VALUES {} \
             ON CONFLICT (run, metric, variant) DO UPDATE SET points = series.points + excluded.points, \
             {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, recent_bits = excluded.recent_bits, \
             total = series.total + excluded.total, finite = series.finite + excluded.finite \
             RETURNING id, metric, variant, points",
            value_rows(rows.len(), 17),
            later("last_time"),
            later("last_bits"),
            later("last_value"),
            later("last_step"),
            beyond("min_step", "min_value", "<"),
            beyond("min_value", "min_value", "<"),
            beyond("max_step", "max_value", ">"),
            beyond("max_value", "max_value", ">"),
            earliest("first_value"),
            earliest("first_step"),
        );
        for row in session.all(sql(text).bind_all(rows.into_iter().flatten())).await? {
            let key = SeriesKey { metric: row.text(1)?, variant: row.text(2)? };
            let added = part.iter().find(|(own, _)| **own == key).map_or(0, |(_, tally)| tally.count);
            upserted.new += i64::from(row.int(3)? == added);
            upserted.numbers.insert(key, row.int(0)?);
        }
    }
    Ok(upserted)
}

/// Takes the new value of a column if its step is not before the old one.
fn later(column: &str) -> String {
    format!(
        "{column} = CASE WHEN excluded.last_step >= series.last_step THEN excluded.{column} ELSE series.{column} END"
    )
}

/// Keeps a column of the first point that ever came.
fn earliest(column: &str) -> String {
    format!("{column} = CASE WHEN series.first_step IS NULL THEN excluded.{column} ELSE series.{column} END")
}

/// Takes the new value of a column if it belongs to a new extreme.
fn beyond(column: &str, extreme: &str, than: &str) -> String {
    format!(
        "{column} = CASE WHEN series.{extreme} IS NULL OR excluded.{extreme} {than} series.{extreme} \
         THEN excluded.{column} ELSE series.{column} END"
    )
}

/// All series that a run has.
pub(crate) async fn existing(session: &mut Session, run: i64) -> Result<HashSet<SeriesKey>> {
    let rows = session.all(sql("SELECT metric, variant FROM series WHERE run = $1").bind(run)).await?;
    rows.iter().map(|row| Ok(SeriesKey { metric: row.text(0)?, variant: row.text(1)? })).collect()
}

impl Store {
    /// Summaries of all series of a run, by name.
    pub async fn series(&self, id: RunId) -> Result<Vec<SeriesSummary>> {
        let mut session = self.database.read().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(Vec::new());
        };
        let text = format!("SELECT {COLUMNS} FROM series WHERE run = $1 ORDER BY metric, variant");
        session.all(sql(text).bind(run)).await?.iter().map(summary).collect()
    }
}

impl Store {
    /// Summaries of the series of several runs, by name.
    pub async fn metric_summaries(&self, runs: &[i64]) -> Result<HashMap<i64, Vec<MetricSummary>>> {
        let mut session = self.database.read().await?;
        let mut found: HashMap<i64, Vec<MetricSummary>> = HashMap::new();
        for part in runs.chunks(LIST) {
            let text = format!(
                "SELECT metric, variant, points, last_bits, min_value, min_step, max_value, max_step, total, finite, \
                 first_value, first_step, recent_bits, label, run FROM series WHERE run IN ({}) ORDER BY metric, variant",
                placeholders(1, part.len())
            );
            for row in session.all(sql(text).bind_all(part.iter().map(|run| Value::from(*run)))).await? {
                found.entry(row.int(14)?).or_default().push(metric_summary(&row)?);
            }
        }
        Ok(found)
    }
}

fn metric_summary(row: &Row) -> Result<MetricSummary> {
    let extreme = |at| -> Result<_> { Ok(row.real_or_null(at)?.zip(row.int_or_null(at + 1)?)) };
    let finite = row.count(9)?;
    // Rows of an earlier format do not know it.
    let recent = row.int_or_null(12)?.map_or_else(|| row.int(3), Ok)?;
    Ok(MetricSummary {
        key: SeriesKey { metric: row.text(0)?, variant: row.text(1)? },
        count: row.count(2)?,
        recent: f64::from_bits(recent.cast_unsigned()),
        min: extreme(4)?,
        max: extreme(6)?,
        first: extreme(10)?,
        mean: (finite > 0).then_some(row.real(8)? / finite as f64),
        label: row.text(13)?,
    })
}

fn summary(row: &Row) -> Result<SeriesSummary> {
    let extreme = |at| -> Result<_> { Ok(row.real_or_null(at)?.zip(row.int_or_null(at + 1)?)) };
    Ok(SeriesSummary {
        key: SeriesKey { metric: row.text(0)?, variant: row.text(1)? },
        count: row.count(2)?,
        last: SeriesPoint {
            step: row.int(3)?,
            time: Timestamp(row.int(4)?),
            value: f64::from_bits(row.int(5)?.cast_unsigned()),
        },
        min: extreme(6)?,
        max: extreme(8)?,
        sum: row.real(10)?,
        finite: row.count(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_point_is_the_latest_of_the_highest_step() {
        let point = |step, value| SeriesPoint { step, time: Timestamp(0), value };
        let tally = Tally::of(&[point(5, 1.0), point(9, 2.0), point(9, f64::NAN), point(3, -4.0)]).expect("points");
        assert!(tally.last.step == 9 && tally.last.value.is_nan());
        assert_eq!((tally.min, tally.max), (Some((-4.0, 3)), Some((2.0, 9))));
        assert_eq!((tally.sum, tally.finite, tally.count), (-1.0, 3, 4));
    }
}
