//! Users: unique by name, disabled and never removed, since the past names them.

use mendel_model::{ServerRole, Timestamp, User, UserId};

use crate::{
    Result, Store, StoreError,
    database::{Row, Session, sql},
    run::check_name,
};

pub(super) const COLUMNS: &str = "u.id, u.name, u.full_name, u.kind, u.role, u.created, u.disabled";

/// What changes of a user; what is none stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserChange {
    /// How they are shown.
    pub full_name: Option<String>,
    /// What they may do on the server.
    pub role: Option<ServerRole>,
    /// Whether nothing of theirs is accepted.
    pub disabled: Option<bool>,
}

impl Store {
    /// Makes a user; [`StoreError::Exists`] when the name is taken.
    pub async fn create_user(&self, user: &User) -> Result<()> {
        let mut session = self.database.write().await?;
        if !insert(&mut session, user).await? {
            return Err(StoreError::Exists { what: "user", name: user.name.clone() });
        }
        session.commit().await
    }

    /// Makes the first user of all; whether there was none before.
    pub async fn create_first_user(&self, user: &User) -> Result<bool> {
        let mut session = self.database.write().await?;
        // Two that come at once wait here for each other.
        let counter = format!("SELECT value FROM counters WHERE name = 'audit'{}", session.dialect().lock());
        session.one(sql(counter)).await?;
        let none = session.first(sql("SELECT 1 FROM users LIMIT 1")).await?.is_none();
        if none {
            insert(&mut session, user).await?;
            session.commit().await?;
        }
        Ok(none)
    }

    /// All users by name.
    pub async fn users(&self) -> Result<Vec<User>> {
        let mut session = self.database.read().await?;
        let found = session.all(sql(format!("SELECT {COLUMNS} FROM users u ORDER BY u.name"))).await?;
        found.iter().map(|row| read(row, 0)).collect()
    }

    /// Whether there is any user.
    pub async fn has_users(&self) -> Result<bool> {
        let mut session = self.database.read().await?;
        Ok(session.first(sql("SELECT 1 FROM users LIMIT 1")).await?.is_some())
    }

    /// The user of that id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let mut session = self.database.read().await?;
        let found = session.first(sql(format!("SELECT {COLUMNS} FROM users u WHERE u.id = $1")).bind(id)).await?;
        found.as_ref().map(|row| read(row, 0)).transpose()
    }

    /// The user of that name.
    pub async fn user_named(&self, name: &str) -> Result<Option<User>> {
        let mut session = self.database.read().await?;
        let found = session.first(sql(format!("SELECT {COLUMNS} FROM users u WHERE u.name = $1")).bind(name)).await?;
        found.as_ref().map(|row| read(row, 0)).transpose()
    }

    /// Changes a user; the user as it is now, if there is one.
    pub async fn change_user(&self, id: UserId, change: &UserChange) -> Result<Option<User>> {
        let mut session = self.database.write().await?;
        let update = sql("UPDATE users SET full_name = coalesce($1, full_name), role = coalesce($2, role), \
             disabled = coalesce($3, disabled) WHERE id = $4")
        .bind(change.full_name.as_deref())
        .bind(change.role.map(ServerRole::name))
        .bind(change.disabled.map(i64::from))
        .bind(id);
        session.execute(update).await?;
        let found = session.first(sql(format!("SELECT {COLUMNS} FROM users u WHERE u.id = $1")).bind(id)).await?;
        let user = found.as_ref().map(|row| read(row, 0)).transpose()?;
        session.commit().await?;
        Ok(user)
    }
}

async fn insert(session: &mut Session, user: &User) -> Result<bool> {
    check_name("user", &user.name, false)?;
    check_name("full name", &user.full_name, true)?;
    let insert = sql("INSERT INTO users (id, name, full_name, kind, role, created, disabled) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING")
    .bind(user.id)
    .bind(&user.name)
    .bind(&user.full_name)
    .bind(user.kind.name())
    .bind(user.role.name())
    .bind(user.created)
    .bind(user.disabled);
    Ok(session.execute(insert).await? == 1)
}

pub(super) fn read(row: &Row, first: usize) -> Result<User> {
    Ok(User {
        id: row.parsed(first)?,
        name: row.text(first + 1)?,
        full_name: row.text(first + 2)?,
        kind: row.parsed(first + 3)?,
        role: row.parsed(first + 4)?,
        created: Timestamp(row.int(first + 5)?),
        disabled: row.int(first + 6)? != 0,
    })
}
