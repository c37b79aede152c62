//! The registry: every model of the workspace once, by its id.
//!
//! A run that reports a model enters it here too, so that models made by a journal and by a
//! request are the same to whoever asks.

use mendel_model::{Model, ModelRecord, ModelUse, RunId};

use crate::{
    Result, Store, StoreError,
    database::{Session, json, placeholders, sql},
    model,
    run::{LIST, absent, number, word},
};

/// Enters what a run reported; what others said of the model stays.
pub(crate) async fn learn(session: &mut Session, run: i64, records: &[ModelRecord]) -> Result<()> {
    for record in records {
        let known: Option<Model> = find(session, &record.id).await?;
        let row = session.one(sql("SELECT id, project, author FROM runs WHERE number = $1").bind(run)).await?;
        let made = record.usage == ModelUse::Output;
        let model = match known {
            Some(known) => {
                let record = ModelRecord { usage: known.record.usage, ..record.clone() };
                Model { updated: record.time, record, ..known }
            }
            None => Model {
                record: record.clone(),
                project: row.text(1)?,
                task: if made { row.text(0)? } else { String::new() },
                user: row.text(2)?,
                updated: record.time,
                parent: String::new(),
                system_tags: Vec::new(),
                ui_cache: Default::default(),
            },
        };
        write(session, &model).await?;
    }
    Ok(())
}

/// Enters models that runs named before there was a registry.
pub(crate) async fn register_old(session: &mut Session) -> Result<()> {
    let rows = session.all(sql("SELECT run, document FROM models ORDER BY position")).await?;
    for row in rows {
        learn(session, row.int(0)?, &[row.document(1)?]).await?;
    }
    Ok(())
}

async fn find(session: &mut Session, id: &str) -> Result<Option<Model>> {
    let row = session.first(sql("SELECT document FROM registry WHERE id = $1").bind(id)).await?;
    row.map(|row| row.document(0)).transpose()
}

async fn write(session: &mut Session, model: &Model) -> Result<()> {
    let insert =
        sql("INSERT INTO registry (id, name, project, task, ready, document) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, project = excluded.project, task = excluded.task, \
         ready = excluded.ready, document = excluded.document")
        .bind(&model.record.id)
        .bind(&model.record.name)
        .bind(&model.project)
        .bind(&model.task)
        .bind(model.record.published)
        .bind(json(model));
    session.execute(insert).await.map(drop)
}

impl Store {
    /// Models of the workspace, oldest first; with `ids` only these.
    pub async fn registered_models(&self, ids: Option<&[String]>) -> Result<Vec<Model>> {
        let mut session = self.database.read().await?;
        match ids {
            Some(ids) => {
                let mut found = Vec::new();
                for id in ids {
                    found.extend(find(&mut session, id).await?);
                }
                Ok(found)
            }
            None => {
                let rows = session.all(sql("SELECT document FROM registry ORDER BY position")).await?;
                rows.iter().map(|row| row.document(0)).collect()
            }
        }
    }

    /// Enters a model, or writes it anew.
    pub async fn put_model(&self, model: &Model) -> Result<()> {
        let mut session = self.database.write().await?;
        write(&mut session, model).await?;
        session.commit().await
    }

    /// Lets `change` rewrite a model that is there.
    pub async fn rewrite_model<T, E: From<StoreError>>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Model) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut session = self.database.write().await?;
        let text = format!("SELECT document FROM registry WHERE id = $1{}", session.dialect().lock());
        let Some(row) = session.first(sql(text).bind(id)).await? else {
            return Ok(None);
        };
        let mut held: Model = row.document(0)?;
        let told = change(&mut held)?;
        write(&mut session, &held).await?;
        session.commit().await?;
        Ok(Some(told))
    }

    /// Removes a model from the registry and from the runs that name it.
    pub async fn remove_model(&self, id: &str) -> Result<bool> {
        let mut session = self.database.write().await?;
        let removed = session.execute(sql("DELETE FROM registry WHERE id = $1").bind(id)).await?;
        session.execute(sql("DELETE FROM models WHERE id = $1").bind(id)).await?;
        session.commit().await?;
        Ok(removed > 0)
    }

    /// Lets a run name a model as read or made; a name stands for one model a side.
    pub async fn link_model(&self, run: RunId, record: &ModelRecord) -> Result<()> {
        let mut session = self.database.write().await?;
        let run_number = number(&mut session, run).await?.ok_or_else(|| absent(run))?;
        let text = "SELECT id, document FROM models WHERE run = $1 AND usage = $2";
        for row in session.all(sql(text).bind(run_number).bind(word(&record.usage))).await? {
            let other: ModelRecord = row.document(1)?;
            if other.name == record.name && other.id != record.id {
                let delete = sql("DELETE FROM models WHERE run = $1 AND id = $2");
                session.execute(delete.bind(run_number).bind(row.text(0)?)).await?;
            }
        }
        model::link(&mut session, run_number, std::slice::from_ref(record)).await?;
        session.commit().await
    }

    /// Lets a run no longer name models under these names; tells how many it named.
    pub async fn unlink_models(&self, run: RunId, named: &[(String, ModelUse)]) -> Result<u64> {
        let mut session = self.database.write().await?;
        let run = number(&mut session, run).await?.ok_or_else(|| absent(run))?;
        let mut removed = 0;
        for row in session.all(sql("SELECT id, document FROM models WHERE run = $1").bind(run)).await? {
            let record: ModelRecord = row.document(1)?;
            if named.iter().any(|(name, usage)| *name == record.name && *usage == record.usage) {
                let delete = sql("DELETE FROM models WHERE run = $1 AND id = $2").bind(run).bind(row.text(0)?);
                removed += session.execute(delete).await?;
            }
        }
        session.commit().await?;
        Ok(removed)
    }

    /// Models that runs name, by the number of the run, in the order they were named.
    pub async fn linked_models(&self, runs: &[i64]) -> Result<Vec<(i64, ModelRecord)>> {
        let mut session = self.database.read().await?;
        let mut found = Vec::new();
        for part in runs.chunks(LIST) {
            let text = format!(
                "SELECT run, document FROM models WHERE run IN ({}) ORDER BY position",
                placeholders(1, part.len())
            );
            for row in session.all(sql(text).bind_all(part.iter().map(|run| (*run).into()))).await? {
                found.push((row.int(0)?, row.document(1)?));
            }
        }
        Ok(found)
    }

    /// Runs that name a model, and how.
    pub async fn users_of_model(&self, id: &str) -> Result<Vec<(RunId, ModelUse)>> {
        let mut session = self.database.read().await?;
        let text = "SELECT r.id, m.document FROM models m JOIN runs r ON r.number = m.run WHERE m.id = $1";
        let rows = session.all(sql(text).bind(id)).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.document::<ModelRecord>(1)?.usage))).collect()
    }
}
