//! Requests that named a key, and their answers: asked twice, done once.

use mendel_model::Timestamp;

use crate::{Result, Store, database::sql};

/// M7: answers are kept for so long.
const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
/// A request without an answer after this time died with its server.
const ABANDONED_MS: i64 = 60_000;

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it is the caller's to do, and noted.
    New,
    /// Another one with this key is being done.
    Underway,
    /// It was done.
    Answered {
        /// Digest of the request that was done.
        digest: String,
        /// The status of its answer.
        status: u16,
        /// The body of its answer.
        body: Vec<u8>,
    },
}

impl Store {
    /// Notes that a request begins; tells if it, or another with its key, was seen before.
    pub async fn begin_request(&self, sender: &str, key: &str, digest: &str, now: Timestamp) -> Result<Seen> {
        let mut session = self.database.write().await?;
        session.execute(sql("DELETE FROM requests WHERE moment < $1").bind(now.0 - KEPT_MS)).await?;
        let abandoned = sql("DELETE FROM requests WHERE sender = $1 AND key = $2 AND status = 0 AND moment < $3");
        session.execute(abandoned.bind(sender).bind(key).bind(now.0 - ABANDONED_MS)).await?;
        let insert = sql("INSERT INTO requests (sender, key, digest, status, body, moment) \
             VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (sender, key) DO NOTHING")
        .bind(sender)
        .bind(key)
        .bind(digest)
        .bind(Vec::new())
        .bind(now);
        let seen = match session.execute(insert).await? {
            1 => Seen::New,
            _ => {
                let known = sql("SELECT digest, status, body FROM requests WHERE sender = $1 AND key = $2");
                let row = session.one(known.bind(sender).bind(key)).await?;
                match u16::try_from(row.int(1)?) {
                    Ok(status) if status > 0 => Seen::Answered { digest: row.text(0)?, status, body: row.bytes(2)? },
                    Ok(_) | Err(_) => Seen::Underway,
                }
            }
        };
        session.commit().await?;
        Ok(seen)
    }

    /// Notes what a request was answered; none when it may be tried again.
    pub async fn end_request(&self, sender: &str, key: &str, answer: Option<(u16, Vec<u8>)>) -> Result<()> {
        let mut session = self.database.write().await?;
        let statement = match answer {
            None => sql("DELETE FROM requests WHERE sender = $1 AND key = $2").bind(sender).bind(key),
            Some((status, body)) => sql("UPDATE requests SET status = $3, body = $4 WHERE sender = $1 AND key = $2")
                .bind(sender)
                .bind(key)
                .bind(i64::from(status))
                .bind(body),
        };
        session.execute(statement).await?;
        session.commit().await
    }
}
