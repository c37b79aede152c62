//! Summaries of series: kept up to date by one statement a batch, whoever writes.

use std::collections::{HashMap, HashSet};

use mendel_model::{RunId, SeriesKey, SeriesPoint, SeriesSummary, Timestamp};

use crate::{
    Result, Store,
    database::{Row, Session, Value, sql, value_rows},
    run::number,
};

/// Series written by one statement.
const ROWS: usize = 50;

const COLUMNS: &str = "metric, variant, points, last_step, last_time, last_bits, min_value, min_step, max_value, \
    max_step, total, finite";

/// What the points of one series in one batch add to its summary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tally {
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
        let mut tally = Self { last: *points.first()?, min: None, max: None, sum: 0.0, finite: 0, count: 0 };
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
             min_value, min_step, max_value, max_step, total, finite) VALUES {} \
             ON CONFLICT (run, metric, variant) DO UPDATE SET points = series.points + excluded.points, \
             {}, {}, {}, {}, {}, {}, {}, {}, \
             total = series.total + excluded.total, finite = series.finite + excluded.finite \
             RETURNING id, metric, variant, points",
            value_rows(rows.len(), 14),
            later("last_time"),
            later("last_bits"),
            later("last_value"),
            later("last_step"),
            beyond("min_step", "min_value", "<"),
            beyond("min_value", "min_value", "<"),
            beyond("max_step", "max_value", ">"),
            beyond("max_value", "max_value", ">"),
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
