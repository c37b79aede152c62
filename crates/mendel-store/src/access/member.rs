//! Members of projects. `*` stands for everyone who is signed in.

use std::collections::HashMap;

use mendel_model::{Member, ProjectRole, RunId, UserId};

use crate::{
    Result, Store,
    database::{placeholders, sql},
    run::LIST,
};

const EVERYONE: &str = "*";

impl Store {
    /// Gives `user`, or everyone, a role in a project; none takes it away.
    pub async fn set_member(&self, project: &str, user: Option<UserId>, role: Option<ProjectRole>) -> Result<()> {
        let member = user.map_or_else(|| EVERYONE.to_owned(), |user| user.to_string());
        let mut session = self.database.write().await?;
        let statement = match role {
            None => sql("DELETE FROM members WHERE project = $1 AND member = $2").bind(project).bind(member),
            Some(role) => sql("INSERT INTO members (project, member, role) VALUES ($1, $2, $3) \
                 ON CONFLICT (project, member) DO UPDATE SET role = excluded.role")
            .bind(project)
            .bind(member)
            .bind(role.name()),
        };
        session.execute(statement).await?;
        session.commit().await
    }

    /// Who may do what in a project.
    pub async fn members(&self, project: &str) -> Result<Vec<Member>> {
        let mut session = self.database.read().await?;
        let found = session
            .all(
                sql("SELECT m.member, coalesce(u.name, ''), m.role FROM members m \
                     LEFT JOIN users u ON u.id = m.member WHERE m.project = $1 ORDER BY m.member")
                .bind(project),
            )
            .await?;
        let member = |row: &crate::database::Row| {
            let user = match row.text(0)?.as_str() {
                EVERYONE => None,
                _ => Some(row.parsed(0)?),
            };
            Ok(Member { user, name: row.text(1)?, role: row.parsed(2)? })
        };
        found.iter().map(member).collect()
    }

    /// The role that `user` has in each project they are a member of, alone or with everyone.
    pub async fn roles_of(&self, user: UserId) -> Result<HashMap<String, ProjectRole>> {
        let mut session = self.database.read().await?;
        let statement = sql("SELECT project, role FROM members WHERE member IN ($1, $2)").bind(user).bind(EVERYONE);
        let mut roles: HashMap<String, ProjectRole> = HashMap::new();
        for row in session.all(statement).await? {
            let role: ProjectRole = row.parsed(1)?;
            let own = roles.entry(row.text(0)?).or_insert(role);
            *own = role.max(*own);
        }
        Ok(roles)
    }

    /// The project that a run belongs to, and the name of who made it.
    pub async fn project_and_user_of(&self, run: RunId) -> Result<Option<(String, String)>> {
        let mut session = self.database.read().await?;
        let found = session.first(sql("SELECT project, author FROM runs WHERE id = $1").bind(run)).await?;
        found.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
    }

    /// The projects that runs belong to; of one that is not there, nothing.
    pub async fn projects_of(&self, runs: &[RunId]) -> Result<HashMap<RunId, String>> {
        let mut session = self.database.read().await?;
        let mut found = HashMap::new();
        for part in runs.chunks(LIST) {
            let text = format!("SELECT id, project FROM runs WHERE id IN ({})", placeholders(1, part.len()));
            for row in session.all(sql(text).bind_all(part.iter().map(|run| (*run).into()))).await? {
                found.insert(row.parsed(0)?, row.text(1)?);
            }
        }
        Ok(found)
    }
}
