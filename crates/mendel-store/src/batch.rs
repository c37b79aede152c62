//! Batches: the runs that one action made together, in their order.

use mendel_model::{Batch, BatchId, NewBatch, RunId, Timestamp};

use crate::{
    Result, Store,
    database::{Row, Session, sql},
    project,
    run::check_name,
};

/// Makes the batch unless it is there.
pub(crate) async fn insert(session: &mut Session, batch: &NewBatch, now: Timestamp) -> Result<()> {
    check_name("batch", &batch.name, true)?;
    project::ensure(session, &batch.project, now).await?;
    let insert = sql("INSERT INTO batches (id, name, project, created) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO NOTHING")
    .bind(batch.id)
    .bind(&batch.name)
    .bind(&batch.project)
    .bind(batch.created);
    if session.execute(insert).await? == 0 {
        return Ok(());
    }
    let members = batch.members.iter().enumerate();
    let rows = members.map(|(place, run)| vec![batch.id.into(), (place as i64).into(), (*run).into()]).collect();
    session.insert("INSERT INTO batch_members (batch, position, run)", rows, "").await
}

impl Store {
    /// The batch of that id.
    pub async fn batch(&self, id: BatchId) -> Result<Option<Batch>> {
        let mut session = self.database.read().await?;
        let row = session.first(sql("SELECT id, name, project, created FROM batches WHERE id = $1").bind(id)).await?;
        match row {
            Some(row) => read(&mut session, &row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The batches a run belongs to, oldest first.
    pub async fn batches_of(&self, run: RunId) -> Result<Vec<Batch>> {
        let mut session = self.database.read().await?;
        let text = "SELECT id, name, project, created FROM batches WHERE id IN \
             (SELECT batch FROM batch_members WHERE run = $1) ORDER BY created, id";
        let mut batches = Vec::new();
        for row in session.all(sql(text).bind(run)).await? {
            batches.push(read(&mut session, &row).await?);
        }
        Ok(batches)
    }
}

async fn read(session: &mut Session, row: &Row) -> Result<Batch> {
    let id: BatchId = row.parsed(0)?;
    let members = sql("SELECT run FROM batch_members WHERE batch = $1 ORDER BY position").bind(id);
    Ok(Batch {
        id,
        name: row.text(1)?,
        project: row.text(2)?,
        created: Timestamp(row.int(3)?),
        members: session.all(members).await?.iter().map(|row| row.parsed(0)).collect::<Result<_>>()?,
    })
}
