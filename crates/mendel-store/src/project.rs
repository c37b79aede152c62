//! Projects: unique by name, made by asking for one or by making a run in one.

use mendel_model::{Model, NewProject, Project, ProjectType, Timestamp};

use crate::{
    ProjectRecord, Result, Store, StoreError,
    database::{Row, Session, json, sql},
    run::check_name,
};

const COLUMNS: &str = "SELECT p.name, p.description, p.kind, p.created, \
    (SELECT count(*) FROM runs r WHERE r.project = p.name) FROM projects p";

const RECORD: &str = "SELECT p.name, p.description, p.kind, p.created, \
    (SELECT count(*) FROM runs r WHERE r.project = p.name), p.id, p.document FROM projects p";

/// Makes the project unless there is one of that name.
pub(crate) async fn ensure(session: &mut Session, name: &str, now: Timestamp) -> Result<()> {
    let project =
        NewProject { name: name.to_owned(), description: String::new(), kind: ProjectType::default(), created: now };
    insert(session, &project).await.map(drop)
}

async fn insert(session: &mut Session, project: &NewProject) -> Result<u64> {
    check_name("project", &project.name, false)?;
    let text = session.dialect().schema(
        "INSERT INTO projects (name, description, kind, created, id) VALUES ($1, $2, $3, $4, {chance}) \
         ON CONFLICT (name) DO NOTHING",
    );
    let insert =
        sql(text).bind(&project.name).bind(&project.description).bind(project.kind.name()).bind(project.created);
    session.execute(insert).await
}

impl Store {
    /// All projects with their ids and free facts, by name.
    pub async fn project_records(&self) -> Result<Vec<ProjectRecord>> {
        let mut session = self.database.read().await?;
        session.all(sql(format!("{RECORD} ORDER BY p.name"))).await?.iter().map(read_record).collect()
    }

    /// The project of that name with its id and free facts, made when missing.
    pub async fn ensure_project(&self, name: &str, now: Timestamp) -> Result<ProjectRecord> {
        let mut session = self.database.read().await?;
        let found = session.first(sql(format!("{RECORD} WHERE p.name = $1")).bind(name)).await?;
        drop(session);
        if let Some(row) = found {
            return read_record(&row);
        }
        let mut session = self.database.write().await?;
        ensure(&mut session, name, now).await?;
        let row = session.one(sql(format!("{RECORD} WHERE p.name = $1")).bind(name)).await?;
        session.commit().await?;
        read_record(&row)
    }

    /// Writes description and free facts of a project anew; its name stays.
    pub async fn rewrite_project(&self, record: &ProjectRecord) -> Result<()> {
        let mut session = self.database.write().await?;
        let update = sql("UPDATE projects SET description = $1, document = $2 WHERE id = $3")
            .bind(&record.project.description)
            .bind(json(&record.document))
            .bind(&record.id);
        session.execute(update).await?;
        session.commit().await
    }

    /// Gives projects other names, all or none; what they own follows.
    pub async fn rename_projects(&self, names: &[(String, String)]) -> Result<()> {
        let mut session = self.database.write().await?;
        for (old, new) in names {
            check_name("project", new, false)?;
            if session.first(sql("SELECT 1 FROM projects WHERE name = $1").bind(new)).await?.is_some() {
                return Err(StoreError::Exists { what: "project", name: new.clone() });
            }
            session.execute(sql("UPDATE projects SET name = $1 WHERE name = $2").bind(new).bind(old)).await?;
            move_contents(&mut session, old, new).await?;
            session.execute(sql("UPDATE members SET project = $1 WHERE project = $2").bind(new).bind(old)).await?;
        }
        session.commit().await
    }

    /// Hands what projects own to others, and removes the empty shells.
    pub async fn merge_projects(&self, pairs: &[(String, String)], now: Timestamp) -> Result<()> {
        let mut session = self.database.write().await?;
        for (old, new) in pairs {
            ensure(&mut session, new, now).await?;
            move_contents(&mut session, old, new).await?;
            for statement in ["DELETE FROM projects WHERE name = $1", "DELETE FROM members WHERE project = $1"] {
                session.execute(sql(statement).bind(old)).await?;
            }
        }
        session.commit().await
    }

    /// Removes projects that own no runs; tells how many.
    pub async fn remove_projects(&self, names: &[String]) -> Result<u64> {
        let mut session = self.database.write().await?;
        let mut removed = 0;
        for name in names {
            let delete = sql("DELETE FROM projects WHERE name = $1 AND NOT EXISTS \
                 (SELECT 1 FROM runs r WHERE r.project = projects.name)");
            removed += session.execute(delete.bind(name)).await?;
        }
        session.commit().await?;
        Ok(removed)
    }

    /// Makes a project; [`StoreError::Exists`] when the name is taken.
    pub async fn create_project(&self, project: &NewProject) -> Result<Project> {
        let mut session = self.database.write().await?;
        if insert(&mut session, project).await? == 0 {
            return Err(StoreError::Exists { what: "project", name: project.name.clone() });
        }
        session.commit().await?;
        let NewProject { name, description, kind, created } = project.clone();
        Ok(Project { name, description, kind, created, runs: 0 })
    }

    /// All projects by name.
    pub async fn projects(&self) -> Result<Vec<Project>> {
        let mut session = self.database.read().await?;
        session.all(sql(format!("{COLUMNS} ORDER BY p.name"))).await?.iter().map(read).collect()
    }

    /// The project of that name.
    pub async fn project(&self, name: &str) -> Result<Option<Project>> {
        let mut session = self.database.read().await?;
        session.first(sql(format!("{COLUMNS} WHERE p.name = $1")).bind(name)).await?.as_ref().map(read).transpose()
    }
}

async fn move_contents(session: &mut Session, old: &str, new: &str) -> Result<()> {
    for table in ["runs", "batches", "registry"] {
        let update = sql(format!("UPDATE {table} SET project = $1 WHERE project = $2")).bind(new).bind(old);
        session.execute(update).await?;
    }
    let text = "SELECT document FROM registry WHERE project = $1";
    for row in session.all(sql(text).bind(new)).await? {
        let model: Model = row.document(0)?;
        if model.project == old {
            let model = Model { project: new.to_owned(), ..model };
            let update = sql("UPDATE registry SET document = $1 WHERE id = $2").bind(json(&model));
            session.execute(update.bind(&model.record.id)).await?;
        }
    }
    Ok(())
}

fn read_record(row: &Row) -> Result<ProjectRecord> {
    Ok(ProjectRecord { id: row.text(5)?, project: read(row)?, document: row.document(6)? })
}

fn read(row: &Row) -> Result<Project> {
    Ok(Project {
        name: row.text(0)?,
        description: row.text(1)?,
        kind: row.parsed(2)?,
        created: Timestamp(row.int(3)?),
        runs: row.int(4)?,
    })
}
