//! All that differs between SQLite and PostgreSQL: how they are opened, how a transaction
//! begins, a few words of the schema, how a row is locked, and what their errors mean.

use std::{io, path::Path, str::FromStr, time::Duration};

use sqlx::{
    Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Database, Sql, sql};
use crate::{Result, StoreError};

/// Takes the file's lock at once, so that two writers wait instead of failing later.
pub(super) const SQLITE_WRITE: &str = "BEGIN IMMEDIATE";
/// SQLite reads the moment of the first read anyway.
pub(super) const POSTGRES_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Ends one of two texts that are gathered; neither names nor JSON have control characters.
pub(crate) const FIELD_END: char = '\u{1f}';
/// Ends a row that is gathered.
pub(crate) const ROW_END: char = '\u{1e}';

const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 10;
/// "mend" in the advisory locks of a PostgreSQL database.
const MIGRATION_LOCK: i64 = 0x6d65_6e64;

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Follows a `SELECT` whose rows are about to be changed.
    pub(crate) fn lock(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Gathers two texts of all rows in one: [`FIELD_END`] between the two, [`ROW_END`] between
    /// rows. A row alone costs a change of threads.
    pub(crate) fn gathered(self, one: &str, other: &str) -> String {
        match self {
            Self::Sqlite => format!("group_concat({one} || char(31) || {other}, char(30))"),
            Self::Postgres => format!("string_agg({one} || chr(31) || {other}, chr(30))"),
        }
    }

    /// Replaces the words of the schema that differ.
    pub(crate) fn schema(self, text: &str) -> String {
        let words = match self {
            Self::Sqlite => [
                ("{bytes}", "BLOB"),
                ("{text}", "TEXT"),
                ("{number}", "INTEGER"),
                ("{rising}", "INTEGER PRIMARY KEY"),
                ("{chance}", "lower(hex(randomblob(16)))"),
            ],
            Self::Postgres => [
                ("{bytes}", "BYTEA"),
                ("{text}", "TEXT COLLATE \"C\""),
                ("{number}", "BIGINT"),
                ("{rising}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
                ("{chance}", "replace(gen_random_uuid()::text, '-', '')"),
            ],
        };
        words.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
    }

    /// Answers a row if the table exists.
    pub(crate) fn table_exists(self, table: &'static str) -> Sql {
        sql(match self {
            Self::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
            Self::Postgres => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
        })
        .bind(table)
    }

    /// Makes other processes wait until this one has migrated; SQLite's write lock does.
    pub(crate) fn lock_migration(self) -> Option<Sql> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(sql("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK)),
        }
    }

    /// Answers a row a fault of the database file, or one row `ok`.
    pub(crate) fn self_check(self) -> Sql {
        sql(match self {
            Self::Sqlite => "PRAGMA integrity_check",
            Self::Postgres => "SELECT 'ok'",
        })
    }
}

impl Database {
    /// Opens the SQLite file at `path`.
    pub(crate) async fn open_sqlite(path: &Path, create: bool) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-8000");
        let pool = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_release(|connection, _| Box::pin(is_clean(connection)));
        let writer = pool.clone().max_connections(1).connect_with(options.clone()).await?;
        let readers = pool.max_connections(SQLITE_READERS).connect_lazy_with(options.create_if_missing(false));
        Ok(Self::Sqlite { path: path.to_owned(), writer, readers })
    }

    /// Connects to the PostgreSQL database at `url`.
    pub(crate) async fn open_postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?.application_name("mendel");
        let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
        Ok(Self::Postgres(pool.connect_with(options).await?))
    }
}

/// Whether a connection that comes back has left its transaction. After a full disk SQLite
/// may have rolled back by itself, of which sqlx knows nothing: such a connection is closed.
async fn is_clean(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Io(source) = &error {
            return classify_io(source).unwrap_or(Self::Database(error));
        }
        let Some(failure) = error.as_database_error() else {
            return match error {
                sqlx::Error::PoolTimedOut => Self::Busy("no connection became free".into()),
                error => Self::Database(error),
            };
        };
        let message = failure.message().to_owned();
        let code = failure.code().unwrap_or_default().into_owned();
        let postgres = failure.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some();
        let meaning = if postgres { postgres_meaning(&code) } else { sqlite_meaning(&code) };
        match meaning {
            Meaning::ReadOnly => Self::ReadOnly(message),
            Meaning::Full => Self::Full(message),
            Meaning::Busy => Self::Busy(message),
            Meaning::Corrupt => Self::Corrupt(message),
            Meaning::Other => Self::Database(error),
        }
    }
}

impl StoreError {
    /// A failure of the file system at `path`.
    pub fn file(path: &Path, source: io::Error) -> Self {
        classify_io(&source).unwrap_or_else(|| Self::File { path: path.to_owned(), source })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    ReadOnly,
    Full,
    Busy,
    Corrupt,
    Other,
}

/// Codes of <https://www.sqlite.org/rescode.html>; the low byte is the primary one.
fn sqlite_meaning(code: &str) -> Meaning {
    /// The index beside the log cannot grow, which no other disk than a full one refuses.
    const SHARED_MEMORY_SIZE: i32 = 4874;
    match code.parse::<i32>().map(|code| if code == SHARED_MEMORY_SIZE { code } else { code & 0xff }) {
        Ok(3 | 8 | 14) => Meaning::ReadOnly,
        Ok(13 | SHARED_MEMORY_SIZE) => Meaning::Full,
        Ok(5 | 6) => Meaning::Busy,
        Ok(11 | 26) => Meaning::Corrupt,
        _ => Meaning::Other,
    }
}

fn postgres_meaning(code: &str) -> Meaning {
    match code {
        "25006" | "42501" => Meaning::ReadOnly,
        "53100" => Meaning::Full,
        "40001" | "40P01" | "53300" | "55P03" => Meaning::Busy,
        "XX001" | "XX002" => Meaning::Corrupt,
        _ => Meaning::Other,
    }
}

fn classify_io(error: &io::Error) -> Option<StoreError> {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            Some(StoreError::ReadOnly(error.to_string()))
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(StoreError::Full(error.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_of_sqlite_mean_what_their_low_byte_means() {
        assert_eq!(sqlite_meaning("1544"), Meaning::ReadOnly);
        assert_eq!(sqlite_meaning("13"), Meaning::Full);
        assert_eq!(sqlite_meaning("4874"), Meaning::Full);
        assert_eq!(sqlite_meaning("517"), Meaning::Busy);
        assert_eq!(sqlite_meaning("1"), Meaning::Other);
    }

    #[test]
    fn a_full_disk_and_a_read_only_one_are_told_apart_for_files() {
        let full = StoreError::file(Path::new("x"), io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(full, StoreError::Full(_)));
        let locked = StoreError::file(Path::new("x"), io::Error::from(io::ErrorKind::ReadOnlyFilesystem));
        assert!(matches!(locked, StoreError::ReadOnly(_)));
        let other = StoreError::file(Path::new("x"), io::Error::from(io::ErrorKind::NotFound));
        assert!(matches!(other, StoreError::File { .. }));
    }
}
