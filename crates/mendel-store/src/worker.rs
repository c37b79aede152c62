//! Workers: who serves queues, when it was last heard of, and what its machine reported.

use mendel_model::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{
    Result, Store, WorkerRecord,
    database::{json, sql},
};

impl Store {
    /// Workers, by name.
    pub async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let mut session = self.database.read().await?;
        let rows = session.all(sql("SELECT name, owner, seen, document FROM workers ORDER BY name, owner")).await?;
        let read = |row: &crate::database::Row| {
            let (name, owner) = (row.text(0)?, row.text(1)?);
            Ok(WorkerRecord { name, owner, seen: Timestamp(row.int(2)?), document: row.document(3)? })
        };
        rows.iter().map(read).collect()
    }

    /// Writes what is known of a worker.
    pub async fn put_worker(&self, worker: &WorkerRecord) -> Result<()> {
        let mut session = self.database.write().await?;
        let insert = sql("INSERT INTO workers (name, owner, seen, document) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (name, owner) DO UPDATE SET seen = excluded.seen, document = excluded.document")
        .bind(&worker.name)
        .bind(&worker.owner)
        .bind(worker.seen)
        .bind(json(&worker.document));
        session.execute(insert).await?;
        session.commit().await
    }

    /// Forgets a worker; whether it was known.
    pub async fn remove_worker(&self, name: &str, owner: &str) -> Result<bool> {
        let mut session = self.database.write().await?;
        let delete = sql("DELETE FROM workers WHERE name = $1 AND owner = $2").bind(name).bind(owner);
        let removed = session.execute(delete).await?;
        session.commit().await?;
        Ok(removed > 0)
    }

    /// Keeps what the machine of a worker reported, and forgets reports from before `oldest`.
    pub async fn add_worker_report(
        &self,
        worker: &str,
        time: Timestamp,
        report: &Map<String, Json>,
        oldest: Timestamp,
    ) -> Result<()> {
        let mut session = self.database.write().await?;
        let insert = sql("INSERT INTO worker_reports (worker, time, document) VALUES ($1, $2, $3)");
        session.execute(insert.bind(worker).bind(time).bind(json(report))).await?;
        let old = sql("DELETE FROM worker_reports WHERE worker = $1 AND time < $2").bind(worker).bind(oldest);
        session.execute(old).await?;
        session.commit().await
    }

    /// Reports of machines between two times, oldest first.
    pub async fn worker_reports(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(String, Timestamp, Map<String, Json>)>> {
        let mut session = self.database.read().await?;
        let text = "SELECT worker, time, document FROM worker_reports WHERE time >= $1 AND time <= $2 ORDER BY time";
        let rows = session.all(sql(text).bind(from).bind(to)).await?;
        rows.iter().map(|row| Ok((row.text(0)?, Timestamp(row.int(1)?), row.document(2)?))).collect()
    }
}
