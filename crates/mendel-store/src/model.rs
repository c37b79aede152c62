//! Models that runs read or made; recording one again replaces what was known of it.

use mendel_model::{ModelRecord, RunId};

use crate::{
    Result, Store,
    database::{Session, json, sql},
    registry,
    run::word,
};

/// Adds models that a run reported, and enters them into the registry.
pub(crate) async fn insert(session: &mut Session, run: i64, models: &[ModelRecord]) -> Result<()> {
    link(session, run, models).await?;
    registry::learn(session, run, models).await
}

/// Lets a run name models, or replaces those of the same id.
pub(crate) async fn link(session: &mut Session, run: i64, models: &[ModelRecord]) -> Result<()> {
    for model in models {
        let insert = sql("INSERT INTO models (run, id, usage, document) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (run, id) DO UPDATE SET usage = excluded.usage, document = excluded.document")
        .bind(run)
        .bind(&model.id)
        .bind(word(&model.usage))
        .bind(json(model));
        session.execute(insert).await?;
    }
    Ok(())
}

impl Store {
    /// Models of a run, or of all, with the run that names them, oldest first.
    pub async fn models(&self, id: Option<RunId>) -> Result<Vec<(RunId, ModelRecord)>> {
        let mut session = self.database.read().await?;
        let mut text = "SELECT r.id, m.document FROM models m JOIN runs r ON r.number = m.run".to_owned();
        let mut values = Vec::new();
        if let Some(id) = id {
            values.push(id.into());
            text.push_str(" WHERE r.id = $1");
        }
        text.push_str(" ORDER BY m.position");
        let rows = session.all(sql(text).bind_all(values)).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.document(1)?))).collect()
    }
}
