//! A run as it lies in the database: a short row of what lists need, and one document with
//! the rest.

mod change;
mod compare;
mod create;
mod delete;
mod filter;
mod list;
mod param;
mod rewrite;
mod scan;
mod status;

use std::collections::{BTreeMap, HashMap};

use mendel_model::{
    Digest, EnvironmentLock, NewRun, Owner, Param, Reason, Run, RunId, ScriptInfo, SeriesKey, Status, Timestamp, limits,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

use crate::{
    Result, Store, StoreError,
    database::{Row, Session, Value, json, placeholders, sql},
};

pub(crate) use change::change;
pub(crate) use create::create;
pub(crate) use delete::forget_reports;
pub(crate) use status::apply_move;

/// Rows asked for with one `IN` list.
pub(crate) const LIST: usize = 500;

/// The document with marks that programs set and people do not see.
const SYSTEM_TAGS: &str = "system_tags";

const COLUMNS: &str = "r.number, r.id, r.name, r.project, r.kind, r.purpose, r.author, r.comment, r.created, \
    r.updated, r.started, r.ended, r.status, r.status_reason, r.status_message, r.status_changed, r.attempt, \
    r.forgotten, r.exit_code, r.signal, r.last_iteration, r.archived, r.tainted, r.parent, r.identity, f.document";

/// The part of a run that is never searched.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    tags: Vec<String>,
    params: Vec<Param>,
    script: ScriptInfo,
    snapshot: Option<Digest>,
    code: Option<Digest>,
    environment: Option<EnvironmentLock>,
    reasons: Vec<Reason>,
    documents: Map<String, Json>,
    owner: Option<Owner>,
}

/// A run together with what only the store knows of it.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The run; its metrics are not read.
    pub(crate) run: Run,
    /// The highest attempt that was reset away.
    pub(crate) forgotten: i64,
}

impl Store {
    /// The run of that id.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>> {
        let mut session = self.database.read().await?;
        whole(&mut session, id).await
    }
}

/// The run with its metrics.
pub(crate) async fn whole(session: &mut Session, id: RunId) -> Result<Option<Run>> {
    let Some(Held { run, .. }) = held(session, id, false).await? else {
        return Ok(None);
    };
    let mut runs = vec![run];
    add_metrics(session, &mut runs).await?;
    Ok(runs.pop())
}

/// The run, or [`StoreError::NotFound`], kept from others until the session ends.
pub(crate) async fn locked(session: &mut Session, id: RunId) -> Result<Held> {
    held(session, id, true).await?.ok_or_else(|| absent(id))
}

/// The error for a run that is not there.
pub(crate) fn absent(id: RunId) -> StoreError {
    StoreError::NotFound { what: "run", id: id.to_string() }
}

/// The number of a run within the workspace, which other tables know it by.
pub(crate) async fn number(session: &mut Session, id: RunId) -> Result<Option<i64>> {
    let row = session.first(sql("SELECT number FROM runs WHERE id = $1").bind(id)).await?;
    row.map(|row| row.int(0)).transpose()
}

async fn held(session: &mut Session, id: RunId, lock: bool) -> Result<Option<Held>> {
    let lock = if lock { session.dialect().lock() } else { "" };
    let text = format!("SELECT {COLUMNS} FROM runs r JOIN run_facts f ON f.run = r.number WHERE r.id = $1{lock}");
    session.first(sql(text).bind(id)).await?.as_ref().map(read).transpose()
}

/// Adds the last value of each series.
pub(crate) async fn add_metrics(session: &mut Session, runs: &mut [Run]) -> Result<()> {
    for part in runs.chunks_mut(LIST) {
        let text = format!(
            "SELECT run, metric, variant, last_bits FROM series WHERE run IN ({})",
            placeholders(1, part.len())
        );
        let numbers = part.iter().map(|run| Value::from(run.number));
        let mut metrics: HashMap<i64, BTreeMap<String, Json>> = HashMap::new();
        for row in session.all(sql(text).bind_all(numbers)).await? {
            let key = SeriesKey { metric: row.text(1)?, variant: row.text(2)? };
            let value = f64::from_bits(row.int(3)?.cast_unsigned());
            metrics.entry(row.int(0)?).or_default().insert(key.path(), number_or_text(value));
        }
        for run in part {
            run.metrics = metrics.remove(&run.number).unwrap_or_default();
        }
    }
    Ok(())
}

/// A number, or `NaN`, `Infinity`, `-Infinity` as text.
fn number_or_text(value: f64) -> Json {
    match serde_json::Number::from_f64(value) {
        Some(number) => Json::Number(number),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn read(row: &Row) -> Result<Held> {
    let facts: Facts = row.document(25)?;
    let small = |value: Option<i64>| value.and_then(|value| i32::try_from(value).ok());
    let time = |value: Option<i64>| value.map(Timestamp);
    let name = row.text(12)?;
    let status = Status::from_name(&name).ok_or_else(|| StoreError::Corrupt(format!("`{name}` is not a status")))?;
    let run = Run {
        number: row.int(0)?,
        status,
        status_reason: row.text(13)?,
        status_message: row.text(14)?,
        status_changed: Timestamp(row.int(15)?),
        started: time(row.int_or_null(10)?),
        ended: time(row.int_or_null(11)?),
        updated: Timestamp(row.int(9)?),
        attempt: attempt(row.int(16)?)?,
        exit_code: small(row.int_or_null(18)?),
        signal: small(row.int_or_null(19)?),
        last_iteration: row.int(20)?,
        archived: row.int(21)? != 0,
        tainted: row.int(22)? != 0,
        metrics: BTreeMap::new(),
        facts: NewRun {
            id: row.parsed(1)?,
            name: row.text(2)?,
            project: row.text(3)?,
            kind: from_word(row.text(4)?)?,
            purpose: from_word(row.text(5)?)?,
            user: row.text(6)?,
            created: Timestamp(row.int(8)?),
            params: facts.params,
            tags: facts.tags,
            comment: row.text(7)?,
            parent: row.parsed_or_null(23)?,
            script: facts.script,
            snapshot: facts.snapshot,
            identity: row.parsed_or_null(24)?,
            code: facts.code,
            environment: facts.environment,
            reasons: facts.reasons,
            documents: facts.documents,
            owner: facts.owner,
        },
    };
    Ok(Held { run, forgotten: row.int(17)? })
}

/// An attempt number as it lies in the database.
pub(crate) fn attempt(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError::Corrupt(format!("{number} is not an attempt")))
}

/// Writes all columns and the document of a run whose row is there.
async fn write(session: &mut Session, run: &Run) -> Result<()> {
    let facts = &run.facts;
    let update = sql("UPDATE runs SET name = $1, project = $2, purpose = $3, comment = $4, updated = $5, \
         last_iteration = $6, archived = $7, tainted = $8, parent = $9, identity = $10, system_tags = $11, \
         created = $12 WHERE number = $13")
    .bind(&facts.name)
    .bind(&facts.project)
    .bind(word(&facts.purpose))
    .bind(&facts.comment)
    .bind(run.updated)
    .bind(run.last_iteration)
    .bind(run.archived)
    .bind(run.tainted)
    .bind(facts.parent)
    .bind(facts.identity)
    .bind(system_tags(facts))
    .bind(facts.created)
    .bind(run.number);
    session.execute(update).await?;
    write_facts(session, run.number, facts).await
}

/// The document that marks a run for programs, as the column keeps it.
fn system_tags(facts: &NewRun) -> String {
    facts.documents.get(SYSTEM_TAGS).map_or_else(|| "[]".to_owned(), json)
}

async fn write_facts(session: &mut Session, number: i64, facts: &NewRun) -> Result<()> {
    let update = sql("UPDATE run_facts SET document = $1 WHERE run = $2").bind(document(facts)).bind(number);
    session.execute(update).await.map(drop)
}

fn document(facts: &NewRun) -> String {
    json(&Facts {
        tags: facts.tags.clone(),
        params: facts.params.clone(),
        script: facts.script.clone(),
        snapshot: facts.snapshot,
        code: facts.code,
        environment: facts.environment.clone(),
        reasons: facts.reasons.clone(),
        documents: facts.documents.clone(),
        owner: facts.owner.clone(),
    })
}

/// The one word by which an enum is stored.
pub(crate) fn word(value: &impl Serialize) -> String {
    json(value).trim_matches('"').to_owned()
}

fn from_word<T: DeserializeOwned>(word: String) -> Result<T> {
    serde_json::from_value(Json::String(word)).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// L06: whether `name` can name a `what`.
pub(crate) fn check_name(what: &'static str, name: &str, may_be_empty: bool) -> Result<()> {
    let why = if name.chars().count() > limits::NAME_CHARS {
        "it is longer than 256 characters"
    } else if name.chars().any(char::is_control) {
        "it has control characters"
    } else if name.is_empty() && !may_be_empty {
        "it is empty"
    } else {
        return Ok(());
    };
    Err(StoreError::BadName { what, name: name.chars().take(40).collect(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_json_has_no_number_for_are_told_in_words() {
        assert_eq!(number_or_text(0.5), Json::from(0.5));
        assert_eq!(number_or_text(f64::NAN), Json::from("NaN"));
        assert_eq!(number_or_text(f64::NEG_INFINITY), Json::from("-Infinity"));
    }

    #[test]
    fn names_are_short_and_without_control_characters() {
        assert!(check_name("project", "vision", false).is_ok());
        assert!(check_name("project", "", false).is_err());
        assert!(check_name("run", "", true).is_ok());
        assert!(check_name("run", &"x".repeat(257), true).is_err());
        assert!(check_name("tag", "a\nb", false).is_err());
    }
}
