//! Artifacts: the newest of a name is shown, earlier ones stay.

use mendel_model::{Artifact, RunId};

use crate::{
    Result, Store,
    database::{Session, json, sql},
    run::{number, word},
};

/// Adds artifacts.
pub(crate) async fn insert(session: &mut Session, run: i64, artifacts: &[Artifact]) -> Result<()> {
    let row = |artifact: &Artifact| {
        vec![run.into(), (&artifact.name).into(), word(&artifact.mode).into(), json(artifact).into()]
    };
    let rows = artifacts.iter().map(row).collect();
    session.insert("INSERT INTO artifacts (run, name, mode, document)", rows, "").await
}

impl Store {
    /// The newest artifact of each name, by name.
    pub async fn artifacts(&self, id: RunId) -> Result<Vec<Artifact>> {
        let mut session = self.database.read().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(Vec::new());
        };
        let text = "SELECT document FROM artifacts WHERE id IN \
             (SELECT max(id) FROM artifacts WHERE run = $1 GROUP BY name) ORDER BY name";
        session.all(sql(text).bind(run)).await?.iter().map(|row| row.document(0)).collect()
    }

    /// All artifacts of a name, newest first.
    pub async fn artifact_history(&self, id: RunId, name: &str) -> Result<Vec<Artifact>> {
        let mut session = self.database.read().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(Vec::new());
        };
        let text = "SELECT document FROM artifacts WHERE run = $1 AND name = $2 ORDER BY id DESC";
        session.all(sql(text).bind(run).bind(name)).await?.iter().map(|row| row.document(0)).collect()
    }
}
