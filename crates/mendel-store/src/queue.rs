//! Queues: named waiting lists of runs. Taking the first one is a single transaction, so
//! two takers never get the same run.

use std::collections::HashMap;

use mendel_model::{RunId, Timestamp};
use serde_json::{Map, Value as Json};

use crate::{
    QueueRecord, Result, Store, StoreError,
    database::{Session, json, sql},
    run::check_name,
};

impl Store {
    /// Makes a queue; [`StoreError::Exists`] when the name is taken.
    pub async fn create_queue(&self, id: &str, name: &str, document: &Map<String, Json>) -> Result<()> {
        check_name("queue", name, false)?;
        let mut session = self.database.write().await?;
        let insert = sql("INSERT INTO queues (id, name, document) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING");
        if session.execute(insert.bind(id).bind(name).bind(json(document))).await? == 0 {
            return Err(StoreError::Exists { what: "queue", name: name.to_owned() });
        }
        session.commit().await
    }

    /// All queues with their entries, oldest first.
    pub async fn queues(&self) -> Result<Vec<QueueRecord>> {
        let mut session = self.database.read().await?;
        let mut entries: HashMap<String, Vec<(RunId, Timestamp)>> = HashMap::new();
        let text = "SELECT queue, run, added FROM queue_entries ORDER BY queue, place, added";
        for row in session.all(sql(text)).await? {
            entries.entry(row.text(0)?).or_default().push((row.parsed(1)?, Timestamp(row.int(2)?)));
        }
        let rows = session.all(sql("SELECT id, name, document FROM queues ORDER BY position")).await?;
        let read = |row: &crate::database::Row| -> Result<QueueRecord> {
            let id = row.text(0)?;
            let entries = entries.remove(&id).unwrap_or_default();
            Ok(QueueRecord { id, name: row.text(1)?, document: row.document(2)?, entries })
        };
        rows.iter().map(read).collect()
    }

    /// Renames a queue and writes its facts anew.
    pub async fn rewrite_queue(&self, id: &str, name: &str, document: &Map<String, Json>) -> Result<()> {
        check_name("queue", name, false)?;
        let mut session = self.database.write().await?;
        let other = session.first(sql("SELECT 1 FROM queues WHERE name = $1 AND id <> $2").bind(name).bind(id)).await?;
        if other.is_some() {
            return Err(StoreError::Exists { what: "queue", name: name.to_owned() });
        }
        let update = sql("UPDATE queues SET name = $1, document = $2 WHERE id = $3");
        session.execute(update.bind(name).bind(json(document)).bind(id)).await?;
        session.commit().await
    }

    /// Removes a queue and its entries.
    pub async fn delete_queue(&self, id: &str) -> Result<()> {
        let mut session = self.database.write().await?;
        session.execute(sql("DELETE FROM queue_entries WHERE queue = $1").bind(id)).await?;
        session.execute(sql("DELETE FROM queues WHERE id = $1").bind(id)).await?;
        session.commit().await
    }

    /// Puts a run at the end of a queue, unless it is in it; whether it was put.
    pub async fn enter_queue(&self, queue: &str, run: RunId, now: Timestamp) -> Result<bool> {
        let mut session = self.database.write().await?;
        hold(&mut session, queue).await?;
        let insert = sql("INSERT INTO queue_entries (queue, run, place, added) \
             SELECT $1, $2, coalesce(max(place), 0) + 1, $3 FROM queue_entries WHERE queue = $1 \
             ON CONFLICT (queue, run) DO NOTHING");
        let added = session.execute(insert.bind(queue).bind(run).bind(now)).await?;
        session.commit().await?;
        Ok(added > 0)
    }

    /// Takes the first run of a queue out of it.
    pub async fn take_from_queue(&self, queue: &str) -> Result<Option<(RunId, Timestamp)>> {
        let mut session = self.database.write().await?;
        hold(&mut session, queue).await?;
        let first = "SELECT run, added FROM queue_entries WHERE queue = $1 ORDER BY place, added LIMIT 1";
        let Some(row) = session.first(sql(first).bind(queue)).await? else {
            return Ok(None);
        };
        let (run, added): (RunId, _) = (row.parsed(0)?, Timestamp(row.int(1)?));
        let delete = sql("DELETE FROM queue_entries WHERE queue = $1 AND run = $2").bind(queue).bind(run);
        session.execute(delete).await?;
        session.commit().await?;
        Ok(Some((run, added)))
    }

    /// Takes a run out of one queue, or of all; tells out of how many.
    pub async fn leave_queue(&self, queue: Option<&str>, run: RunId) -> Result<u64> {
        let mut session = self.database.write().await?;
        let delete = match queue {
            Some(queue) => sql("DELETE FROM queue_entries WHERE run = $1 AND queue = $2").bind(run).bind(queue),
            None => sql("DELETE FROM queue_entries WHERE run = $1").bind(run),
        };
        let removed = session.execute(delete).await?;
        session.commit().await?;
        Ok(removed)
    }

    /// Puts the runs of a queue into another order. Those that came meanwhile stay behind,
    /// those that went stay away.
    pub async fn order_queue(&self, queue: &str, order: &[RunId]) -> Result<()> {
        let mut session = self.database.write().await?;
        hold(&mut session, queue).await?;
        let behind = sql("UPDATE queue_entries SET place = place + $1 WHERE queue = $2");
        session.execute(behind.bind(order.len() as i64).bind(queue)).await?;
        for (place, run) in order.iter().enumerate() {
            let update = sql("UPDATE queue_entries SET place = $1 WHERE queue = $2 AND run = $3");
            session.execute(update.bind(place as i64).bind(queue).bind(*run)).await?;
        }
        session.commit().await
    }
}

/// Holds a queue until the session ends.
async fn hold(session: &mut Session, queue: &str) -> Result<()> {
    let text = format!("SELECT 1 FROM queues WHERE id = $1{}", session.dialect().lock());
    let found = session.first(sql(text).bind(queue)).await?;
    found.map(drop).ok_or_else(|| StoreError::NotFound { what: "queue", id: queue.to_owned() })
}
