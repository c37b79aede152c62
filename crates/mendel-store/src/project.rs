//! Projects: unique by name, made by asking for one or by making a run in one.

use mendel_model::{NewProject, Project, ProjectType, Timestamp};

use crate::{
    Result, Store, StoreError,
    database::{Row, Session, sql},
    run::check_name,
};

const COLUMNS: &str = "SELECT p.name, p.description, p.kind, p.created, \
    (SELECT count(*) FROM runs r WHERE r.project = p.name) FROM projects p";

/// Makes the project unless there is one of that name.
pub(crate) async fn ensure(session: &mut Session, name: &str, now: Timestamp) -> Result<()> {
    let project =
        NewProject { name: name.to_owned(), description: String::new(), kind: ProjectType::default(), created: now };
    insert(session, &project).await.map(drop)
}

async fn insert(session: &mut Session, project: &NewProject) -> Result<u64> {
    check_name("project", &project.name, false)?;
    let insert = sql("INSERT INTO projects (name, description, kind, created) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (name) DO NOTHING")
    .bind(&project.name)
    .bind(&project.description)
    .bind(project.kind.name())
    .bind(project.created);
    session.execute(insert).await
}

impl Store {
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

fn read(row: &Row) -> Result<Project> {
    Ok(Project {
        name: row.text(0)?,
        description: row.text(1)?,
        kind: row.parsed(2)?,
        created: Timestamp(row.int(3)?),
        runs: row.int(4)?,
    })
}
