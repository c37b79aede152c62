//! Connections: one way to run a statement on SQLite and on PostgreSQL.
//!
//! Writes go through one connection a process on SQLite, so that they wait for each other
//! here and not in the file's lock. Reads see the database as of one moment.

mod dialect;
mod statement;

use std::path::{Path, PathBuf};

use sqlx::{
    AssertSqlSafe, Executor, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgArguments, PgConnection},
    sqlite::{SqliteArguments, SqliteConnection},
};

pub(crate) use dialect::{Dialect, FIELD_END, ROW_END};
pub(crate) use statement::{Row, Sql, Value, json, placeholders, sql};

use crate::Result;

/// Rows bound by one statement are so many that their values stay below this number.
const VALUES_PER_STATEMENT: usize = 1_000;

/// The pools of one store.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// A file that several processes share.
    Sqlite {
        /// Where it is.
        path: PathBuf,
        /// The one connection that writes.
        writer: SqlitePool,
        /// Those that read.
        readers: SqlitePool,
    },
    /// A database server.
    Postgres(PgPool),
}

/// A transaction. Dropping it takes back what it wrote.
#[derive(Debug)]
pub(crate) enum Session {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Database {
    /// A transaction that may write.
    pub(crate) async fn write(&self) -> Result<Session> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Session::Sqlite(writer.begin_with(dialect::SQLITE_WRITE).await?),
            Self::Postgres(pool) => Session::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that reads the database as of one moment.
    pub(crate) async fn read(&self) -> Result<Session> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Session::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Session::Postgres(pool.begin_with(dialect::POSTGRES_READ).await?),
        })
    }

    /// The file, where there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { path, .. } => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// Runs one statement outside of any transaction.
    pub(crate) async fn alone(&self, text: String) -> Result<()> {
        match self {
            Self::Sqlite { writer, .. } => writer.execute(AssertSqlSafe(text)).await.map(drop)?,
            Self::Postgres(pool) => pool.execute(AssertSqlSafe(text)).await.map(drop)?,
        }
        Ok(())
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Session {
    /// What differs between the two databases.
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement; tells how many rows it changed.
    pub(crate) async fn execute(&mut self, statement: Sql) -> Result<u64> {
        let Sql { text, values } = statement;
        Ok(match self {
            Self::Sqlite(transaction) => {
                let connection: &mut SqliteConnection = transaction;
                let query = sqlx::query_with(AssertSqlSafe(text), sqlite_arguments(values)?);
                query.execute(connection).await?.rows_affected()
            }
            Self::Postgres(transaction) => {
                let connection: &mut PgConnection = transaction;
                let query = sqlx::query_with(AssertSqlSafe(text), postgres_arguments(values)?);
                query.execute(connection).await?.rows_affected()
            }
        })
    }

    /// All rows of an answer.
    pub(crate) async fn all(&mut self, statement: Sql) -> Result<Vec<Row>> {
        let Sql { text, values } = statement;
        Ok(match self {
            Self::Sqlite(transaction) => {
                let connection: &mut SqliteConnection = transaction;
                let query = sqlx::query_with(AssertSqlSafe(text), sqlite_arguments(values)?);
                query.fetch_all(connection).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(transaction) => {
                let connection: &mut PgConnection = transaction;
                let query = sqlx::query_with(AssertSqlSafe(text), postgres_arguments(values)?);
                query.fetch_all(connection).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row, if there is one.
    pub(crate) async fn first(&mut self, statement: Sql) -> Result<Option<Row>> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    /// The first row of an answer that always has one.
    pub(crate) async fn one(&mut self, statement: Sql) -> Result<Row> {
        self.first(statement).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// Inserts rows, many with one statement. `head` ends before `VALUES`; `tail` follows it.
    pub(crate) async fn insert(&mut self, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Result<()> {
        let Some(width) = rows.first().map(Vec::len) else {
            return Ok(());
        };
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let part: Vec<_> = rows.by_ref().take((VALUES_PER_STATEMENT / width).max(1)).collect();
            let text = format!("{head} VALUES {} {tail}", value_rows(part.len(), width));
            self.execute(sql(text).bind_all(part.into_iter().flatten())).await?;
        }
        Ok(())
    }

    /// Runs several statements that bind nothing.
    pub(crate) async fn script(&mut self, text: String) -> Result<()> {
        let script = sqlx::raw_sql(AssertSqlSafe(text));
        match self {
            Self::Sqlite(transaction) => (&mut **transaction).execute(script).await.map(drop)?,
            Self::Postgres(transaction) => (&mut **transaction).execute(script).await.map(drop)?,
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

/// `($1,$2),($3,$4)`: `rows` rows of `width` placeholders.
pub(crate) fn value_rows(rows: usize, width: usize) -> String {
    let rows: Vec<_> = (0..rows).map(|row| format!("({})", placeholders(row * width + 1, width))).collect();
    rows.join(",")
}

fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments> {
    use sqlx::Arguments;
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Int(number) => arguments.add(number),
            Value::Real(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments> {
    use sqlx::Arguments;
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Int(number) => arguments.add(number),
            Value::Real(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
