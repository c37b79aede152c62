//! Deleting a run whole, and forgetting what one made. Blobs stay until garbage collection.

use mendel_model::RunId;

use crate::{
    Result, Store,
    database::{Session, sql},
    run::number,
};

impl Store {
    /// Deletes a run whole; whether there was one.
    pub async fn delete_run(&self, id: RunId) -> Result<bool> {
        let mut session = self.database.write().await?;
        let Some(number) = number(&mut session, id).await? else {
            return Ok(false);
        };
        // First, so that a batch of records that comes meanwhile finds no run.
        let deleted = session.execute(sql("DELETE FROM runs WHERE number = $1").bind(number)).await?;
        forget_outputs(&mut session, number).await?;
        for table in ["run_facts", "run_tags", "run_params", "artifacts", "models"] {
            session.execute(sql(format!("DELETE FROM {table} WHERE run = $1")).bind(number)).await?;
        }
        for table in ["batch_members", "queue_entries"] {
            session.execute(sql(format!("DELETE FROM {table} WHERE run = $1")).bind(id)).await?;
        }
        session.commit().await?;
        Ok(deleted > 0)
    }
}

/// Removes what a run made; what was given to it stays.
pub(crate) async fn forget_outputs(session: &mut Session, number: i64) -> Result<()> {
    forget_reports(session, number).await?;
    for table in ["writers", "writer_series", "results"] {
        session.execute(sql(format!("DELETE FROM {table} WHERE run = $1")).bind(number)).await?;
    }
    session.execute(sql("DELETE FROM artifacts WHERE run = $1 AND mode = 'output'").bind(number)).await?;
    session.execute(sql("DELETE FROM models WHERE run = $1 AND usage = 'output'").bind(number)).await.map(drop)
}

/// Removes what a run reported: points, console and events.
pub(crate) async fn forget_reports(session: &mut Session, number: i64) -> Result<()> {
    for table in ["chunks", "spans"] {
        let text = format!("DELETE FROM {table} WHERE series IN (SELECT id FROM series WHERE run = $1)");
        session.execute(sql(text).bind(number)).await?;
    }
    for table in ["series", "tails", "console", "events"] {
        session.execute(sql(format!("DELETE FROM {table} WHERE run = $1")).bind(number)).await?;
    }
    let counts = sql("UPDATE runs SET series_count = 0, console_lines = 0, console_bytes = 0 WHERE number = $1");
    session.execute(counts.bind(number)).await.map(drop)
}
