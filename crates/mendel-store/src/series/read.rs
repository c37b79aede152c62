//! Reading series: all points, or stretches drawn from the coarsest roll-ups that do.

use std::collections::{BTreeMap, HashMap};

use mendel_model::{RunId, SeriesKey, SeriesPoint};

use super::{
    bucket::{self, LARGE, SMALL},
    chunk, tail,
};
use crate::{
    Bucket, Result, Store,
    database::{Session, placeholders, sql},
    run::LIST,
};

/// A series as the database knows it.
struct Found {
    run: i64,
    series: i64,
    points: u64,
}

impl Store {
    /// Points of a series in the order of their reporting, the first `limit`; 0 is no limit.
    pub async fn points(&self, id: RunId, key: &SeriesKey, limit: usize) -> Result<Vec<SeriesPoint>> {
        let mut session = self.database.read().await?;
        let Some(found) = find(&mut session, id, key).await? else {
            return Ok(Vec::new());
        };
        let limit = if limit == 0 { usize::MAX } else { limit };
        let mut points = all(&mut session, &found, limit).await?;
        points.truncate(limit);
        Ok(points)
    }

    /// All points of the series that `wanted` names, in the order of their reporting.
    pub async fn all_points(
        &self,
        id: RunId,
        wanted: impl Fn(&SeriesKey) -> bool,
    ) -> Result<BTreeMap<SeriesKey, Vec<SeriesPoint>>> {
        let mut session = self.database.read().await?;
        let text =
            "SELECT s.id, s.metric, s.variant, s.run FROM runs r JOIN series s ON s.run = r.number WHERE r.id = $1";
        let (mut keys, mut run) = (HashMap::new(), None);
        for row in session.all(sql(text).bind(id)).await? {
            let key = SeriesKey { metric: row.text(1)?, variant: row.text(2)? };
            run = Some(row.int(3)?);
            if wanted(&key) {
                keys.insert(row.int(0)?, key);
            }
        }
        let mut points: HashMap<i64, Vec<SeriesPoint>> = HashMap::new();
        let ids: Vec<i64> = keys.keys().copied().collect();
        for part in ids.chunks(LIST) {
            let text = format!(
                "SELECT series, body FROM chunks WHERE series IN ({}) ORDER BY series, position",
                placeholders(1, part.len())
            );
            for row in session.all(sql(text).bind_all(part.iter().map(|id| (*id).into()))).await? {
                points.entry(row.int(0)?).or_default().extend(chunk::decode(&row.bytes(1)?)?);
            }
        }
        if let Some(run) = run.filter(|_| !ids.is_empty()) {
            let only = if let [only] = ids[..] { Some(only) } else { None };
            for row in session.all(sql("SELECT body FROM tails WHERE run = $1 ORDER BY id").bind(run)).await? {
                for (series, section) in tail::decode(&row.bytes(0)?, only)? {
                    if keys.contains_key(&series) {
                        points.entry(series).or_default().extend(section);
                    }
                }
            }
        }
        Ok(keys.into_iter().filter_map(|(id, key)| Some((key, points.remove(&id)?))).collect())
    }

    /// A series in at most `buckets` stretches of about equally many points.
    pub async fn sampled(&self, id: RunId, key: &SeriesKey, buckets: usize) -> Result<Vec<Bucket>> {
        let mut session = self.database.read().await?;
        let Some(found) = find(&mut session, id, key).await? else {
            return Ok(Vec::new());
        };
        let share = found.points.div_ceil(buckets.max(1) as u64);
        let parts = if share < SMALL as u64 {
            all(&mut session, &found, usize::MAX).await?.into_iter().map(Bucket::new).collect()
        } else {
            rolled(&mut session, &found, share >= LARGE).await?
        };
        Ok(bucket::gather(&parts, buckets))
    }
}

async fn find(session: &mut Session, id: RunId, key: &SeriesKey) -> Result<Option<Found>> {
    let text = "SELECT r.number, s.id, s.points FROM runs r JOIN series s ON s.run = r.number \
         WHERE r.id = $1 AND s.metric = $2 AND s.variant = $3";
    let row = session.first(sql(text).bind(id).bind(&key.metric).bind(&key.variant)).await?;
    row.map(|row| Ok(Found { run: row.int(0)?, series: row.int(1)?, points: row.count(2)? })).transpose()
}

async fn all(session: &mut Session, found: &Found, limit: usize) -> Result<Vec<SeriesPoint>> {
    let mut points = Vec::with_capacity(limit.min(found.points as usize));
    // Chunks hold at least one point, so no more of them are needed than points.
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let text = "SELECT body FROM chunks WHERE series = $1 ORDER BY position LIMIT $2";
    for row in session.all(sql(text).bind(found.series).bind(most)).await? {
        if points.len() >= limit {
            return Ok(points);
        }
        points.extend(chunk::decode(&row.bytes(0)?)?);
    }
    points.extend(in_tails(session, found).await?);
    Ok(points)
}

async fn in_tails(session: &mut Session, found: &Found) -> Result<Vec<SeriesPoint>> {
    let mut points = Vec::new();
    let text = "SELECT body FROM tails WHERE run = $1 ORDER BY id";
    for row in session.all(sql(text).bind(found.run)).await? {
        for (_, section) in tail::decode(&row.bytes(0)?, Some(found.series))? {
            points.extend(section);
        }
    }
    Ok(points)
}

/// Roll-ups of the whole series: the large ones where they are wanted and there, then small.
async fn rolled(session: &mut Session, found: &Found, large: bool) -> Result<Vec<Bucket>> {
    let (mut parts, mut first) = (Vec::new(), 0);
    if large {
        let text = "SELECT next_chunk, summary FROM spans WHERE series = $1 ORDER BY first_chunk";
        for row in session.all(sql(text).bind(found.series)).await? {
            first = row.int(0)?;
            parts.extend(Bucket::read_all(&row.bytes(1)?)?);
        }
    }
    let text = "SELECT rollup FROM chunks WHERE series = $1 AND position >= $2 ORDER BY position";
    for row in session.all(sql(text).bind(found.series).bind(first)).await? {
        parts.extend(Bucket::read_all(&row.bytes(0)?)?);
    }
    parts.extend(bucket::roll_up(&in_tails(session, found).await?));
    Ok(parts)
}
