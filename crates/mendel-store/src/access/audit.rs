//! The trail: who changed what, when, from where. Rows are added and never changed, and each
//! holds a digest over itself and the one before it.

use mendel_model::{Digest, Timestamp};
use serde_json::Value;

use crate::{
    Result, Store, StoreError,
    database::{Row, json, sql},
};

/// Something that is to be remembered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewAudit {
    /// Who did it: the name of a user.
    pub actor: String,
    /// The address it came from.
    pub origin: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// The project it belongs to; empty where it belongs to none.
    pub project: String,
    /// What became of it.
    pub outcome: String,
    /// What it was before and is now, for settings and rights.
    pub detail: Value,
}

/// One row of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its place; counted from 1 without gaps.
    pub position: i64,
    /// When it was.
    pub time: Timestamp,
    /// What was remembered.
    pub told: NewAudit,
    chain: Vec<u8>,
}

/// Which rows of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Only of these projects; all when none.
    pub projects: Option<Vec<String>>,
    /// Only before this place; the newest when none.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

const COLUMNS: &str = "position, moment, actor, origin, action, object, project, outcome, detail, chain";

impl Store {
    /// Adds to the trail.
    pub async fn append_audit(&self, told: &NewAudit, now: Timestamp) -> Result<()> {
        let mut session = self.database.write().await?;
        let text = format!("SELECT value FROM counters WHERE name = 'audit'{}", session.dialect().lock());
        let last = session.one(sql(text)).await?.int(0)?;
        let before = match last {
            0 => Vec::new(),
            last => session.one(sql("SELECT chain FROM audit WHERE position = $1").bind(last)).await?.bytes(0)?,
        };
        let position = last + 1;
        let chain = link(&before, position, now, told);
        let insert = sql(format!("INSERT INTO audit ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"))
            .bind(position)
            .bind(now)
            .bind(&told.actor)
            .bind(&told.origin)
            .bind(&told.action)
            .bind(&told.object)
            .bind(&told.project)
            .bind(&told.outcome)
            .bind(json(&told.detail))
            .bind(chain);
        session.execute(insert).await?;
        session.execute(sql("UPDATE counters SET value = $1 WHERE name = 'audit'").bind(position)).await?;
        session.commit().await
    }

    /// Rows of the trail, newest first.
    pub async fn audit(&self, wanted: &Audit) -> Result<Vec<AuditEntry>> {
        let mut text = format!("SELECT {COLUMNS} FROM audit WHERE position < $1");
        let mut statement = vec![wanted.before.unwrap_or(i64::MAX).into()];
        if let Some(projects) = &wanted.projects {
            if projects.is_empty() {
                return Ok(Vec::new());
            }
            text.push_str(&format!(" AND project IN ({})", crate::database::placeholders(2, projects.len())));
            statement.extend(projects.iter().map(|project| project.into()));
        }
        text.push_str(&format!(" ORDER BY position DESC LIMIT {}", wanted.limit));
        let mut session = self.database.read().await?;
        session.all(sql(text).bind_all(statement)).await?.iter().map(read).collect()
    }

    /// The first place where the trail does not follow from what is before it; none when all is well.
    pub async fn audit_break(&self) -> Result<Option<i64>> {
        let mut session = self.database.read().await?;
        let (mut before, mut place) = (Vec::new(), 0);
        loop {
            let text = format!("SELECT {COLUMNS} FROM audit WHERE position > $1 ORDER BY position LIMIT 1000");
            let rows = session.all(sql(text).bind(place)).await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for row in &rows {
                let entry = read(row)?;
                place += 1;
                if entry.position != place || entry.chain != link(&before, place, entry.time, &entry.told) {
                    return Ok(Some(place));
                }
                before = entry.chain;
            }
        }
    }
}

/// The digest of a row and the one before it; each part is told with its length.
fn link(before: &[u8], position: i64, time: Timestamp, told: &NewAudit) -> Vec<u8> {
    let detail = json(&told.detail);
    let (position, time) = (position.to_be_bytes(), time.0.to_be_bytes());
    let parts: [&[u8]; 10] = [
        before,
        &position,
        &time,
        told.actor.as_bytes(),
        told.origin.as_bytes(),
        told.action.as_bytes(),
        told.object.as_bytes(),
        told.project.as_bytes(),
        told.outcome.as_bytes(),
        detail.as_bytes(),
    ];
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    Digest::of(&bytes).to_string().into_bytes()
}

fn read(row: &Row) -> Result<AuditEntry> {
    let told = NewAudit {
        actor: row.text(2)?,
        origin: row.text(3)?,
        action: row.text(4)?,
        object: row.text(5)?,
        project: row.text(6)?,
        outcome: row.text(7)?,
        detail: row.document(8).map_err(|error| StoreError::Corrupt(error.to_string()))?,
    };
    Ok(AuditEntry { position: row.int(0)?, time: Timestamp(row.int(1)?), told, chain: row.bytes(9)? })
}
