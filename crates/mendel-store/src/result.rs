//! Results of steps: what may be reused, and by what it was made.

use std::collections::{BTreeSet, HashMap};

use mendel_model::{Identity, RunId, StepResult};

use crate::{
    Result, Store,
    database::{Value, json, placeholders, sql},
    run::{LIST, absent, check_name},
};

impl Store {
    /// Keeps results of steps, all or none; one a run and step name, the last one put.
    pub async fn put_results(&self, results: &[StepResult]) -> Result<()> {
        let mut session = self.database.write().await?;
        for result in results {
            check_name("step", &result.step, true)?;
            let insert = sql("INSERT INTO results (run, step, identity, finished, document) \
                 SELECT number, $2, $3, $4, $5 FROM runs WHERE id = $1 \
                 ON CONFLICT (run, step) DO UPDATE SET identity = excluded.identity, finished = excluded.finished, \
                 document = excluded.document")
            .bind(result.run)
            .bind(&result.step)
            .bind(result.identity)
            .bind(result.finished)
            .bind(json(result));
            if session.execute(insert).await? == 0 {
                return Err(absent(result.run));
            }
        }
        session.commit().await
    }

    /// Results that may be reused, newest first, one list for each of `identities`: of runs
    /// that ended well and whose files did not change while they ran. A stage is whole when
    /// its result is put: it answers whatever becomes of its run.
    pub async fn results(&self, identities: &[Identity]) -> Result<Vec<Vec<StepResult>>> {
        let wanted: Vec<Identity> = identities.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found: HashMap<Identity, Vec<StepResult>> = HashMap::new();
        let mut session = self.database.read().await?;
        for part in wanted.chunks(LIST) {
            let text = format!(
                "SELECT s.document, CAST(CASE WHEN r.status IN ('completed', 'published') AND r.tainted = 0 \
                 THEN 1 ELSE 0 END AS BIGINT) FROM results s JOIN runs r ON r.number = s.run \
                 WHERE s.identity IN ({}) ORDER BY s.finished DESC, s.position DESC",
                placeholders(1, part.len())
            );
            for row in session.all(sql(text).bind_all(part.iter().map(|identity| Value::from(*identity)))).await? {
                let result: StepResult = row.document(0)?;
                if result.stage.is_some() || row.int(1)? == 1 {
                    found.entry(result.identity).or_default().push(result);
                }
            }
        }
        Ok(identities.iter().map(|identity| found.get(identity).cloned().unwrap_or_default()).collect())
    }

    /// Marks of the identities of results that were put after `position`, and the position to
    /// go on from; none where they are more than `most`.
    pub async fn marks(&self, position: i64, most: usize) -> Result<Option<(i64, Vec<u64>)>> {
        let mut session = self.database.read().await?;
        let text = "SELECT position, identity FROM results WHERE position > $1 ORDER BY position LIMIT $2";
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let rows = session.all(sql(text).bind(position).bind(limit)).await?;
        if rows.len() > most {
            return Ok(None);
        }
        let last = rows.last().map_or(Ok(position), |row| row.int(0))?;
        let marks = rows.iter().map(|row| row.parsed(1).map(|identity: Identity| identity.mark()));
        Ok(Some((last, marks.collect::<Result<_>>()?)))
    }

    /// Every result of a run, in the order in which they were put.
    pub async fn results_of_run(&self, run: RunId) -> Result<Vec<StepResult>> {
        let mut session = self.database.read().await?;
        let text =
            "SELECT s.document FROM results s JOIN runs r ON r.number = s.run WHERE r.id = $1 ORDER BY s.position";
        session.all(sql(text).bind(run)).await?.iter().map(|row| row.document(0)).collect()
    }

    /// The newest result of a run, whatever became of the run.
    pub async fn result_of(&self, run: RunId) -> Result<Option<StepResult>> {
        let mut session = self.database.read().await?;
        let text = "SELECT s.document FROM results s JOIN runs r ON r.number = s.run WHERE r.id = $1 \
             ORDER BY s.finished DESC, s.position DESC LIMIT 1";
        session.first(sql(text).bind(run)).await?.map(|row| row.document(0)).transpose()
    }
}
