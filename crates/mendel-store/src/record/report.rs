//! Reports that no journal carries: a caller that counts no records and holds no attempt.

use mendel_model::{RunId, SeriesKey, SeriesPoint, Timestamp, limits};

use super::gathered::kept_name;
use crate::{
    Report, Result, Store, StoreError,
    console::{self, Console},
    database::{Session, sql},
    event,
    run::absent,
    series::{Tally, encode_tail, upsert},
};

impl Store {
    /// Keeps what is reported of several runs, all of it or nothing.
    ///
    /// Runs are written in one order, so that two processes cannot hold one each and wait.
    pub async fn report(&self, mut reports: Vec<(RunId, Report)>, now: Timestamp) -> Result<()> {
        reports.sort_by_key(|(id, _)| *id);
        let mut session = self.database.write().await?;
        for (id, report) in reports {
            apply(&mut session, id, report, now).await?;
        }
        session.commit().await
    }
}

async fn apply(session: &mut Session, id: RunId, report: Report, now: Timestamp) -> Result<()> {
    let text = format!(
        "SELECT number, attempt, series_count, console_lines, console_bytes, last_iteration FROM runs \
         WHERE id = $1{}",
        session.dialect().lock()
    );
    let row = session.first(sql(text).bind(id)).await?.ok_or_else(|| absent(id))?;
    let (run, attempt, series) = (row.int(0)?, row.int(1)?, row.int(2)?);
    let console = Console { lines: row.int(3)?, bytes: row.int(4)? };
    let last = report.iteration.map_or(row.int(5)?, |told| told.max(row.int(5).unwrap_or(0)));
    let new = points(session, run, attempt, series, &report).await?;
    let lines: Vec<_> = report.console.iter().map(|one| console::line(one.stream, one.time, &one.text)).collect();
    let console = console::append(session, run, console, &lines).await?;
    event::replace(session, run, &report.events).await?;
    let update = sql("UPDATE runs SET updated = CASE WHEN updated > $1 THEN updated ELSE $1 END, \
         last_iteration = $2, series_count = $3, console_lines = $4, console_bytes = $5 WHERE number = $6")
    .bind(now)
    .bind(last)
    .bind(series + new)
    .bind(console.lines)
    .bind(console.bytes)
    .bind(run);
    session.execute(update).await.map(drop)
}

/// Writes points and their summaries; tells how many series are new.
async fn points(session: &mut Session, run: i64, attempt: i64, known: i64, report: &Report) -> Result<i64> {
    let named =
        |key: &SeriesKey| SeriesKey { metric: kept_name(key.metric.clone()), variant: kept_name(key.variant.clone()) };
    let series: Vec<(SeriesKey, &Vec<SeriesPoint>)> =
        report.points.iter().map(|(key, points)| (named(key), points)).collect();
    let tallies: Vec<_> = series.iter().filter_map(|(key, points)| Some((key, Tally::of(points)?))).collect();
    if tallies.is_empty() {
        return Ok(0);
    }
    let upserted = upsert(session, run, &tallies).await?;
    let (limit, value) = (limits::SERIES_PER_RUN, (known + upserted.new) as usize);
    if value > limit {
        return Err(StoreError::TooLarge { what: "the number of series of a run", limit, value });
    }
    let sections: Vec<(i64, &[SeriesPoint])> =
        series.iter().filter_map(|(key, points)| Some((*upserted.numbers.get(key)?, points.as_slice()))).collect();
    let insert = sql("INSERT INTO tails (run, attempt, points, body) VALUES ($1, $2, $3, $4)")
        .bind(run)
        .bind(attempt)
        .bind(sections.iter().map(|(_, points)| points.len() as i64).sum::<i64>())
        .bind(encode_tail(&sections));
    session.execute(insert).await?;
    for (key, label) in &report.labels {
        if let Some(number) = upserted.numbers.get(&named(key)) {
            session.execute(sql("UPDATE series SET label = $1 WHERE id = $2").bind(label).bind(*number)).await?;
        }
    }
    Ok(upserted.new)
}
