//! The schema of a store and how it grows: embedded scripts, applied in one transaction.
//!
//! A store of a later format is refused before anything is written to it.

use crate::{
    Result, StoreError,
    database::{Database, Session, sql},
    registry,
};

const SCRIPTS: [&str; 4] = [
    include_str!("../migrations/0001_begin.sql"),
    include_str!("../migrations/0002_access.sql"),
    include_str!("../migrations/0003_requests.sql"),
    include_str!("../migrations/0004_trains.sql"),
];

/// The format that brought the registry of models.
const REGISTRY: i64 = 4;

/// Brings the store to the format of this program.
pub(crate) async fn migrate(database: &Database) -> Result<()> {
    let mut session = database.read().await?;
    let found = format(&mut session).await?;
    drop(session);
    if known(found)? {
        return Ok(());
    }
    let mut session = database.write().await?;
    if let Some(lock) = session.dialect().lock_migration() {
        session.execute(lock).await?;
    }
    let found = format(&mut session).await?;
    if known(found)? {
        return Ok(());
    }
    if found == 0 {
        session
            .script("CREATE TABLE mendel_store (format BIGINT NOT NULL); INSERT INTO mendel_store VALUES (0)".into())
            .await?;
    }
    for script in &SCRIPTS[usize::try_from(found).unwrap_or(0)..] {
        let text = session.dialect().schema(script);
        session.script(text).await?;
    }
    if found < REGISTRY {
        registry::register_old(&mut session).await?;
    }
    session.execute(sql("UPDATE mendel_store SET format = $1").bind(SCRIPTS.len() as i64)).await?;
    session.commit().await
}

/// Whether `found` is the format of this program; a later one is refused.
fn known(found: i64) -> Result<bool> {
    let known = SCRIPTS.len() as i64;
    match found {
        found if found > known => Err(StoreError::Newer { found, known }),
        found => Ok(found == known),
    }
}

async fn format(session: &mut Session) -> Result<i64> {
    let table = session.dialect().table_exists("mendel_store");
    match session.first(table).await? {
        None => Ok(0),
        Some(_) => session.one(sql("SELECT format FROM mendel_store")).await?.int(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_format_is_refused() {
        assert!(matches!(known(SCRIPTS.len() as i64 + 1), Err(StoreError::Newer { .. })));
        assert!(!known(0).expect("old"));
    }
}
