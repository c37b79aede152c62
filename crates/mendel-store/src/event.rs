//! Events: plots, texts, tables and media, compressed one by one.

use std::collections::HashMap;

use mendel_model::{Event, RunId, Timestamp};

use crate::{
    EventQuery, Result, Store, StoreError,
    console::{forget_console, pack, unpack},
    database::{Session, json, placeholders, sql},
    run::{LIST, absent, forget_reports, number, word},
};

/// Adds events.
pub(crate) async fn insert(session: &mut Session, run: i64, events: &[Event]) -> Result<()> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        rows.push(vec![
            run.into(),
            word(&event.kind).into(),
            (&event.metric).into(),
            (&event.variant).into(),
            event.step.into(),
            pack(json(event).as_bytes())?.into(),
        ]);
    }
    session.insert("INSERT INTO events (run, kind, metric, variant, step, document)", rows, "").await
}

/// Adds events; each takes the place of those of the same kind, name, step and key.
pub(crate) async fn replace(session: &mut Session, run: i64, events: &[Event]) -> Result<()> {
    let mut newest: Vec<&Event> = Vec::with_capacity(events.len());
    for event in events {
        newest.retain(|other| !same(other, event));
        newest.push(event);
    }
    for event in &newest {
        let select = "SELECT id, document FROM events WHERE run = $1 AND metric = $2 AND variant = $3 AND step = $4";
        let select = sql(select).bind(run).bind(&event.metric).bind(&event.variant).bind(event.step);
        for row in session.all(select).await? {
            if same(&read(&row.bytes(1)?)?, event) {
                session.execute(sql("DELETE FROM events WHERE id = $1").bind(row.int(0)?)).await?;
            }
        }
    }
    let newest: Vec<_> = newest.into_iter().cloned().collect();
    insert(session, run, &newest).await
}

/// Whether two events say the same of a run, so that the later one stands.
fn same(one: &Event, other: &Event) -> bool {
    let key = |event: &Event| event.body.get("key").cloned();
    let named = |event: &Event| (event.kind, event.metric.clone(), event.variant.clone(), event.step, key(event));
    named(one) == named(other)
}

/// An event from its stored form.
pub(crate) fn read(document: &[u8]) -> Result<Event> {
    serde_json::from_slice(&unpack(document)?).map_err(|error| StoreError::Corrupt(error.to_string()))
}

impl Store {
    /// Forgets all that a run reported: points, console and events.
    pub async fn forget_reports(&self, id: RunId) -> Result<bool> {
        let mut session = self.database.write().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(false);
        };
        forget_reports(&mut session, run).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Forgets the console lines of a run that are older than `before`; tells how many. Lines
    /// go by chunks, so that a chunk with a newer line stays.
    pub async fn forget_console(&self, id: RunId, before: Timestamp) -> Result<u64> {
        let mut session = self.database.write().await?;
        let run = number(&mut session, id).await?.ok_or_else(|| absent(id))?;
        let forgotten = forget_console(&mut session, run, before).await?;
        session.commit().await?;
        Ok(forgotten)
    }

    /// The newest single values of several runs, by the number of the run.
    pub async fn single_values(&self, runs: &[i64]) -> Result<HashMap<i64, Vec<Event>>> {
        let mut session = self.database.read().await?;
        let mut found: HashMap<i64, Vec<Event>> = HashMap::new();
        for part in runs.chunks(LIST) {
            let text = format!(
                "SELECT run, document FROM events WHERE kind = 'value' AND run IN ({}) ORDER BY id",
                placeholders(1, part.len())
            );
            for row in session.all(sql(text).bind_all(part.iter().map(|run| (*run).into()))).await? {
                let (event, events) = (read(&row.bytes(1)?)?, found.entry(row.int(0)?).or_default());
                events.retain(|other| !same(other, &event));
                events.push(event);
            }
        }
        Ok(found)
    }

    /// Events in the order of their reporting.
    pub async fn events(&self, id: RunId, query: &EventQuery) -> Result<Vec<Event>> {
        let mut session = self.database.read().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(Vec::new());
        };
        let mut text = "SELECT e.document FROM events e WHERE e.run = $1".to_owned();
        let mut values = vec![run.into()];
        let narrow = [
            ("kind", query.kind.map(|kind| word(&kind))),
            ("metric", query.metric.clone()),
            ("variant", query.variant.clone()),
        ];
        for (column, wanted) in narrow {
            if let Some(wanted) = wanted {
                values.push(wanted.into());
                text.push_str(&format!(" AND e.{column} = ${}", values.len()));
            }
        }
        if query.last {
            text.push_str(
                " AND NOT EXISTS (SELECT 1 FROM events n WHERE n.run = e.run AND n.metric = e.metric \
                 AND n.variant = e.variant AND n.kind = e.kind AND (n.step > e.step OR (n.step = e.step AND n.id > e.id)))",
            );
        }
        text.push_str(" ORDER BY e.id");
        session.all(sql(text).bind_all(values)).await?.iter().map(|row| read(&row.bytes(0)?)).collect()
    }
}
