//! Events: plots, texts, tables and media, compressed one by one.

use mendel_model::{Event, RunId};

use crate::{
    EventQuery, Result, Store, StoreError,
    console::{pack, unpack},
    database::{Session, json, sql},
    run::{number, word},
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

/// An event from its stored form.
pub(crate) fn read(document: &[u8]) -> Result<Event> {
    serde_json::from_slice(&unpack(document)?).map_err(|error| StoreError::Corrupt(error.to_string()))
}

impl Store {
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
