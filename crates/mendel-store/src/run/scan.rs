//! All runs that fit a few plain conditions, for queries that are decided elsewhere.
//!
//! Without facts a run is read from its row and its tags alone: no parameters, documents
//! or code. That is what lists of very many runs are narrowed by.

use std::collections::HashMap;

use mendel_model::{NewRun, Run, RunId, Status, Timestamp};
use serde_json::{Map, Value as Json};

use super::{COLUMNS, Held, LIST, SYSTEM_TAGS, add_metrics, attempt, filter::Binds, from_word, read};
use crate::{
    Result, RunScan, Store, StoreError,
    database::{Row, Session, placeholders, sql},
};

const LIGHT: &str = "r.number, r.id, r.name, r.project, r.kind, r.purpose, r.author, r.comment, r.created, \
    r.updated, r.started, r.ended, r.status, r.status_reason, r.status_message, r.status_changed, r.attempt, \
    r.forgotten, r.exit_code, r.signal, r.last_iteration, r.archived, r.tainted, r.parent, r.identity, r.system_tags";

impl Store {
    /// Runs that fit, oldest first.
    pub async fn scan_runs(&self, scan: &RunScan) -> Result<Vec<Run>> {
        let mut session = self.database.read().await?;
        let mut runs = Vec::new();
        match &scan.ids {
            None => some(&mut session, scan, None, &mut runs).await?,
            Some(ids) => {
                for part in ids.chunks(LIST) {
                    some(&mut session, scan, Some(part), &mut runs).await?;
                }
                runs.sort_by_key(|run| run.number);
            }
        }
        if scan.metrics {
            add_metrics(&mut session, &mut runs).await?;
        }
        Ok(runs)
    }
}

async fn some(session: &mut Session, scan: &RunScan, ids: Option<&[RunId]>, runs: &mut Vec<Run>) -> Result<()> {
    let mut binds = Binds::default();
    let mut wanted = vec!["1 = 1".to_owned()];
    let mut among = |column: &str, values: Vec<String>| {
        if values.is_empty() {
            wanted.push("1 = 0".to_owned());
            return;
        }
        let places: Vec<_> = values.into_iter().map(|value| binds.add(value)).collect();
        wanted.push(format!("r.{column} IN ({})", places.join(",")));
    };
    if let Some(ids) = ids {
        among("id", ids.iter().map(ToString::to_string).collect());
    }
    // A list longer than a statement takes is left to whoever decides the query.
    if let Some(projects) = scan.projects.as_ref().filter(|projects| projects.len() <= LIST) {
        among("project", projects.clone());
    }
    if let Some(status) = &scan.status {
        among("status", status.iter().map(ToString::to_string).collect());
    }
    if let Some(parents) = scan.parents.as_ref().filter(|parents| parents.len() <= LIST) {
        among("parent", parents.iter().map(ToString::to_string).collect());
    }
    let wanted = wanted.join(" AND ");
    let text = match scan.facts {
        true => format!(
            "SELECT {COLUMNS} FROM runs r JOIN run_facts f ON f.run = r.number WHERE {wanted} ORDER BY r.number"
        ),
        false => format!("SELECT {LIGHT} FROM runs r WHERE {wanted} ORDER BY r.number"),
    };
    let rows = session.all(sql(text).bind_all(binds.0)).await?;
    if scan.facts {
        for row in &rows {
            let Held { run, .. } = read(row)?;
            runs.push(run);
        }
        return Ok(());
    }
    let first = runs.len();
    for row in &rows {
        runs.push(light(row)?);
    }
    add_tags(session, &mut runs[first..]).await
}

/// A run from its row alone.
fn light(row: &Row) -> Result<Run> {
    let time = |value: Option<i64>| value.map(Timestamp);
    let name = row.text(12)?;
    let status = Status::from_name(&name).ok_or_else(|| StoreError::Corrupt(format!("`{name}` is not a status")))?;
    let marks: Json = row.document(25)?;
    let documents = match marks.as_array() {
        Some(some) if !some.is_empty() => Map::from_iter([(SYSTEM_TAGS.to_owned(), marks)]),
        _ => Map::new(),
    };
    let facts = NewRun {
        id: row.parsed(1)?,
        name: row.text(2)?,
        project: row.text(3)?,
        kind: from_word(row.text(4)?)?,
        purpose: from_word(row.text(5)?)?,
        user: row.text(6)?,
        created: Timestamp(row.int(8)?),
        params: Vec::new(),
        tags: Vec::new(),
        comment: row.text(7)?,
        parent: row.parsed_or_null(23)?,
        script: Default::default(),
        snapshot: None,
        identity: None,
        code: None,
        environment: None,
        reasons: Vec::new(),
        documents,
        owner: None,
    };
    Ok(Run {
        facts,
        number: row.int(0)?,
        status,
        status_reason: row.text(13)?,
        status_message: row.text(14)?,
        status_changed: Timestamp(row.int(15)?),
        started: time(row.int_or_null(10)?),
        ended: time(row.int_or_null(11)?),
        updated: Timestamp(row.int(9)?),
        attempt: attempt(row.int(16)?)?,
        exit_code: None,
        signal: None,
        last_iteration: row.int(20)?,
        archived: row.int(21)? != 0,
        tainted: row.int(22)? != 0,
        metrics: Default::default(),
    })
}

async fn add_tags(session: &mut Session, runs: &mut [Run]) -> Result<()> {
    for part in runs.chunks_mut(LIST) {
        let text = format!("SELECT run, tag FROM run_tags WHERE run IN ({})", placeholders(1, part.len()));
        let numbers = part.iter().map(|run| run.number.into());
        let mut tags: HashMap<i64, Vec<String>> = HashMap::new();
        for row in session.all(sql(text).bind_all(numbers)).await? {
            tags.entry(row.int(0)?).or_default().push(row.text(1)?);
        }
        for run in part {
            run.facts.tags = tags.remove(&run.number).unwrap_or_default();
        }
    }
    Ok(())
}
