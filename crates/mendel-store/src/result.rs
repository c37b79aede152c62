//! Results of steps: what may be reused, and by what it was made.

use mendel_model::{Identity, RunId, StepResult};

use crate::{
    Result, Store,
    database::{json, sql},
    run::{absent, check_name, number},
};

impl Store {
    /// Keeps the result of a step; one a run and step name, the last one put.
    pub async fn put_result(&self, result: &StepResult) -> Result<()> {
        check_name("step", &result.step, true)?;
        let mut session = self.database.write().await?;
        let run = number(&mut session, result.run).await?.ok_or_else(|| absent(result.run))?;
        let insert = sql("INSERT INTO results (run, step, identity, finished, document) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (run, step) DO UPDATE SET identity = excluded.identity, finished = excluded.finished, \
             document = excluded.document")
        .bind(run)
        .bind(&result.step)
        .bind(result.identity)
        .bind(result.finished)
        .bind(json(result));
        session.execute(insert).await?;
        session.commit().await
    }

    /// Results that may be reused, newest first: of runs that ended well and whose files
    /// did not change while they ran. A stage is whole when its result is put: it answers
    /// whatever becomes of its run.
    pub async fn results(&self, identity: &Identity) -> Result<Vec<StepResult>> {
        let mut session = self.database.read().await?;
        let text = "SELECT s.document, CAST(CASE WHEN r.status IN ('completed', 'published') AND r.tainted = 0 THEN 1 ELSE 0 END \
             AS BIGINT) FROM results s \
             JOIN runs r ON r.number = s.run WHERE s.identity = $1 ORDER BY s.finished DESC, s.position DESC";
        let rows = session.all(sql(text).bind(*identity)).await?;
        let mut results = Vec::with_capacity(rows.len());
        for row in &rows {
            let result: StepResult = row.document(0)?;
            if result.stage.is_some() || row.int(1)? == 1 {
                results.push(result);
            }
        }
        Ok(results)
    }

    /// The newest result of a run, whatever became of the run.
    pub async fn result_of(&self, run: RunId) -> Result<Option<StepResult>> {
        let mut session = self.database.read().await?;
        let text = "SELECT s.document FROM results s JOIN runs r ON r.number = s.run WHERE r.id = $1 \
             ORDER BY s.finished DESC, s.position DESC LIMIT 1";
        session.first(sql(text).bind(run)).await?.map(|row| row.document(0)).transpose()
    }
}
