//! Making runs: all of one action in one transaction, numbered, and at most once by id.

use std::collections::{BTreeSet, HashMap, HashSet};

use mendel_model::{NewBatch, NewRun, Run, RunId, Status, TaskKind, Timestamp};

use super::{
    LIST, check_name, document,
    param::{check_params, insert_params, insert_tags, param_rows, tag_rows},
    system_tags, whole, word,
};
use crate::{
    Result, Store, StoreError, batch,
    database::{Session, Value, placeholders, sql},
    project,
};

/// Ancestors a run may have (L16).
const DEPTH_MAX: usize = 1_000;

impl Store {
    /// Makes runs, and a batch of them, in one transaction; ids that exist are left as they are.
    ///
    /// A manual run begins as a draft, any other one queued.
    pub async fn create_runs(&self, runs: &[NewRun], batch: Option<&NewBatch>, now: Timestamp) -> Result<Vec<Run>> {
        let mut session = self.database.write().await?;
        create(&mut session, runs, now).await?;
        if let Some(new) = batch {
            batch::insert(&mut session, new, now).await?;
        }
        let mut made = Vec::with_capacity(runs.len());
        for run in runs {
            made.extend(whole(&mut session, run.id).await?);
        }
        session.commit().await?;
        Ok(made)
    }
}

/// Makes those of `runs` that are not there yet.
pub(crate) async fn create(session: &mut Session, runs: &[NewRun], now: Timestamp) -> Result<()> {
    for run in runs {
        check(run)?;
    }
    // Locks the counter first, so that two makers of one id come one after the other.
    let counter = sql("UPDATE counters SET value = value + $1 WHERE name = 'runs' RETURNING value");
    session.one(counter.clone().bind(0)).await?;
    let mut seen = existing(session, runs).await?;
    let new: Vec<_> = runs.iter().filter(|run| seen.insert(run.id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let last = session.one(counter.bind(new.len() as i64)).await?.int(0)?;
    let numbers = last - new.len() as i64 + 1..;
    let numbered: Vec<_> = numbers.zip(new).collect();

    let projects: BTreeSet<_> = numbered.iter().map(|(_, run)| run.project.as_str()).collect();
    for name in projects {
        project::ensure(session, name, now).await?;
    }
    insert(session, &numbered, now).await?;
    let parents: HashMap<_, _> = numbered.iter().filter_map(|(_, run)| Some((run.parent?, run.id))).collect();
    for (parent, child) in parents {
        refuse_cycle(session, child, parent).await?;
    }
    Ok(())
}

fn check(run: &NewRun) -> Result<()> {
    check_name("run", &run.name, true)?;
    check_name("project", &run.project, false)?;
    for tag in &run.tags {
        check_name("tag", tag, false)?;
    }
    check_params(&run.params)
}

async fn existing(session: &mut Session, runs: &[NewRun]) -> Result<HashSet<RunId>> {
    let mut found = HashSet::new();
    for part in runs.chunks(LIST) {
        let text = format!("SELECT id FROM runs WHERE id IN ({})", placeholders(1, part.len()));
        let ids = part.iter().map(|run| Value::from(run.id));
        for row in session.all(sql(text).bind_all(ids)).await? {
            found.insert(row.parsed(0)?);
        }
    }
    Ok(found)
}

async fn insert(session: &mut Session, runs: &[(i64, &NewRun)], now: Timestamp) -> Result<()> {
    let head = "INSERT INTO runs (number, id, name, project, kind, purpose, author, comment, created, updated, \
         started, ended, status, status_reason, status_message, status_changed, attempt, forgotten, exit_code, \
         signal, last_iteration, archived, tainted, parent, identity, series_count, console_lines, console_bytes, system_tags)";
    let rows = runs.iter().map(|(number, run)| row(*number, run, now)).collect();
    session.insert(head, rows, "").await?;
    let facts = runs.iter().map(|(number, run)| vec![(*number).into(), document(run).into()]).collect();
    session.insert("INSERT INTO run_facts (run, document)", facts, "").await?;
    insert_params(session, runs.iter().flat_map(|(number, run)| param_rows(*number, &run.params)).collect()).await?;
    insert_tags(session, runs.iter().flat_map(|(number, run)| tag_rows(*number, &run.tags)).collect()).await
}

fn row(number: i64, run: &NewRun, now: Timestamp) -> Vec<Value> {
    let status = if run.kind == TaskKind::Manual { Status::Draft } else { Status::Queued };
    let none = || Value::Int(None);
    vec![
        number.into(),
        run.id.into(),
        (&run.name).into(),
        (&run.project).into(),
        word(&run.kind).into(),
        word(&run.purpose).into(),
        (&run.user).into(),
        (&run.comment).into(),
        run.created.into(),
        now.into(),
        none(),
        none(),
        status.into(),
        "".into(),
        "".into(),
        now.into(),
        0.into(),
        (-1).into(),
        none(),
        none(),
        0.into(),
        false.into(),
        false.into(),
        run.parent.into(),
        run.identity.into(),
        0.into(),
        0.into(),
        0.into(),
        system_tags(run).into(),
    ]
}

/// Refuses `child` below `parent` if it is above it already.
///
/// Holds the counter `parents`, so that two changes cannot close a circle together.
pub(super) async fn refuse_cycle(session: &mut Session, child: RunId, parent: RunId) -> Result<()> {
    session.execute(sql("UPDATE counters SET value = value + 1 WHERE name = 'parents'")).await?;
    let mut above = Some(parent);
    for _ in 0..DEPTH_MAX {
        let Some(id) = above else {
            return Ok(());
        };
        if id == child {
            return Err(StoreError::Cycle(child));
        }
        let row = session.first(sql("SELECT parent FROM runs WHERE id = $1").bind(id)).await?;
        above = row.map(|row| row.parsed_or_null(0)).transpose()?.flatten();
    }
    Err(StoreError::TooLarge { what: "the number of ancestors", limit: DEPTH_MAX, value: DEPTH_MAX + 1 })
}
