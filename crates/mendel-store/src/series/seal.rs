//! Sealing: tails become chunks with roll-ups, a bounded number of points a transaction.

use std::collections::BTreeMap;

use mendel_model::{RunId, SeriesPoint, Status};

use super::{
    bucket::{self, LARGE},
    chunk::{self, FULL, LEAST},
    tail,
};
use crate::{
    Bucket, Result, Sealed, Store, console,
    database::{Session, sql},
    run::number,
};

/// A run that goes on is sealed once it has this many tails.
const TAILS_WORTH_IT: i64 = 64;
/// Tails read by one transaction.
const TAILS: i64 = 256;
/// A transaction takes no further tail once it has this many points.
const POINTS: usize = 200_000;

/// Points of one attempt, in the order of their reporting.
type Stretch = (i64, Vec<SeriesPoint>);

impl Store {
    /// Merges tails into chunks; of one run whole, or of all runs where it pays.
    pub async fn seal(&self, id: Option<RunId>) -> Result<Sealed> {
        let mut sealed = Sealed::default();
        for run in self.runs_to_seal(id).await? {
            sealed.runs += 1;
            loop {
                let mut session = self.database.write().await?;
                let part = seal_run(&mut session, run).await?;
                session.commit().await?;
                sealed.points += part.points;
                sealed.chunks += part.chunks;
                if part.points == 0 {
                    break;
                }
            }
        }
        Ok(sealed)
    }

    async fn runs_to_seal(&self, id: Option<RunId>) -> Result<Vec<i64>> {
        let mut session = self.database.read().await?;
        if let Some(id) = id {
            return Ok(number(&mut session, id).await?.into_iter().collect());
        }
        let ended: Vec<_> = Status::ALL.into_iter().filter(|status| status.is_terminal()).map(Status::name).collect();
        let text = format!(
            "SELECT t.run FROM tails t JOIN runs r ON r.number = t.run GROUP BY t.run, r.status \
             HAVING count(*) >= $1 OR r.status IN ('{}') ORDER BY t.run",
            ended.join("','")
        );
        session.all(sql(text).bind(TAILS_WORTH_IT)).await?.iter().map(|row| row.int(0)).collect()
    }
}

/// Seals the oldest tails of a run; no points means that there were none.
pub(crate) async fn seal_run(session: &mut Session, run: i64) -> Result<Sealed> {
    let mut sealed = Sealed { runs: 1, ..Sealed::default() };
    // Appends hold the same row, so no tail comes before those that are read here.
    let lock = format!("SELECT number FROM runs WHERE number = $1{}", session.dialect().lock());
    if session.first(sql(lock).bind(run)).await?.is_none() {
        return Ok(sealed);
    }
    console::merge(session, run).await?;
    let text = "SELECT id, attempt, body FROM tails WHERE run = $1 ORDER BY id LIMIT $2";
    let mut by_series: BTreeMap<i64, Vec<Stretch>> = BTreeMap::new();
    let (mut last, mut points) = (None, 0);
    for row in session.all(sql(text).bind(run).bind(TAILS)).await? {
        if points >= POINTS {
            break;
        }
        let attempt = row.int(1)?;
        for (series, section) in tail::decode(&row.bytes(2)?, None)? {
            points += section.len();
            append(by_series.entry(series).or_default(), attempt, section);
        }
        last = Some(row.int(0)?);
    }
    let Some(last) = last else {
        return Ok(sealed);
    };
    for (series, stretches) in by_series {
        sealed.chunks += seal_series(session, series, stretches).await?;
    }
    session.execute(sql("DELETE FROM tails WHERE run = $1 AND id <= $2").bind(run).bind(last)).await?;
    sealed.points = points as u64;
    Ok(sealed)
}

fn append(stretches: &mut Vec<Stretch>, attempt: i64, points: Vec<SeriesPoint>) {
    match stretches.last_mut() {
        Some((own, before)) if *own == attempt => before.extend(points),
        _ => stretches.push((attempt, points)),
    }
}

async fn seal_series(session: &mut Session, series: i64, mut stretches: Vec<Stretch>) -> Result<usize> {
    let text = "SELECT position, attempt, points, body FROM chunks WHERE series = $1 ORDER BY position DESC LIMIT 1";
    let mut position = 0;
    if let Some(row) = session.first(sql(text).bind(series)).await? {
        position = row.int(0)? + 1;
        let open = row.count(2)? < LEAST as u64;
        if let Some((attempt, points)) =
            stretches.first_mut().filter(|(attempt, _)| open && row.int(1).is_ok_and(|own| own == *attempt))
        {
            let mut whole = chunk::decode(&row.bytes(3)?)?;
            whole.append(points);
            stretches[0] = (*attempt, whole);
            position -= 1;
        }
    }
    let mut written = 0;
    for (attempt, points) in &stretches {
        for part in points.chunks(FULL) {
            write_chunk(session, (series, position), *attempt, part).await?;
            position += 1;
            written += 1;
        }
    }
    if position * FULL as i64 >= LARGE as i64 {
        write_spans(session, series, position).await?;
    }
    Ok(written)
}

async fn write_chunk(
    session: &mut Session,
    (series, position): (i64, i64),
    attempt: i64,
    points: &[SeriesPoint],
) -> Result<()> {
    let mut rollup = Vec::new();
    let rolled = bucket::roll_up(points);
    rolled.iter().for_each(|bucket| bucket.write(&mut rollup));
    let mut summary = Vec::new();
    bucket::gather(&rolled, 1).iter().for_each(|bucket| bucket.write(&mut summary));
    let insert = sql("INSERT INTO chunks (series, position, attempt, points, summary, rollup, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (series, position) DO UPDATE SET points = excluded.points, \
         summary = excluded.summary, rollup = excluded.rollup, body = excluded.body")
    .bind(series)
    .bind(position)
    .bind(attempt)
    .bind(points.len() as i64)
    .bind(summary)
    .bind(rollup)
    .bind(chunk::encode(points)?);
    session.execute(insert).await.map(drop)
}

/// Writes the roll-ups over several chunks that have become due. A last chunk that may
/// still be opened again takes no part.
async fn write_spans(session: &mut Session, series: i64, chunks: i64) -> Result<()> {
    let text = "SELECT next_chunk FROM spans WHERE series = $1 ORDER BY first_chunk DESC LIMIT 1";
    let mut first = match session.first(sql(text).bind(series)).await? {
        Some(row) => row.int(0)?,
        None => 0,
    };
    let text = "SELECT position, points, summary FROM chunks WHERE series = $1 AND position >= $2 ORDER BY position";
    let mut open: Option<Bucket> = None;
    for row in session.all(sql(text).bind(series).bind(first)).await? {
        let position = row.int(0)?;
        if position + 1 == chunks && row.count(1)? < LEAST as u64 {
            break;
        }
        for summary in Bucket::read_all(&row.bytes(2)?)? {
            match &mut open {
                Some(bucket) => bucket.join(&summary),
                None => open = Some(summary),
            }
        }
        if let Some(bucket) = open.take_if(|bucket| bucket.count >= LARGE) {
            let mut summary = Vec::new();
            bucket.write(&mut summary);
            let text = "INSERT INTO spans (series, first_chunk, next_chunk, summary) VALUES ($1, $2, $3, $4)";
            session.execute(sql(text).bind(series).bind(first).bind(position + 1).bind(summary)).await?;
            first = position + 1;
        }
    }
    Ok(())
}
