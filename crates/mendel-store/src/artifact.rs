//! Artifacts: the newest of a name is shown, earlier ones stay.

use mendel_model::{Artifact, ArtifactMode, RunId};

use crate::{
    Result, Store,
    database::{Session, json, sql},
    run::{absent, number, word},
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
    /// Adds artifacts that no journal told of.
    pub async fn add_artifacts(&self, id: RunId, artifacts: &[Artifact]) -> Result<()> {
        let mut session = self.database.write().await?;
        let run = number(&mut session, id).await?.ok_or_else(|| absent(id))?;
        insert(&mut session, run, artifacts).await?;
        session.commit().await
    }

    /// Forgets the artifacts of these names, all that they ever were; tells how many names
    /// there were.
    pub async fn remove_artifacts(&self, id: RunId, named: &[(String, ArtifactMode)]) -> Result<u64> {
        let mut session = self.database.write().await?;
        let run = number(&mut session, id).await?.ok_or_else(|| absent(id))?;
        let mut removed = 0;
        for (name, mode) in named {
            let delete = sql("DELETE FROM artifacts WHERE run = $1 AND name = $2 AND mode = $3");
            let rows = session.execute(delete.bind(run).bind(name).bind(word(mode))).await?;
            removed += u64::from(rows > 0);
        }
        session.commit().await?;
        Ok(removed)
    }

    /// The newest artifact of each name, made and given ones apart, by name.
    pub async fn artifacts(&self, id: RunId) -> Result<Vec<Artifact>> {
        let mut session = self.database.read().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(Vec::new());
        };
        let text = "SELECT document FROM artifacts WHERE id IN \
             (SELECT max(id) FROM artifacts WHERE run = $1 GROUP BY name, mode) ORDER BY name, mode";
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
