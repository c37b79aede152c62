//! A batch within a transaction: fence and window first, then each record in turn, then
//! what they report, table by table.

use std::{collections::HashMap, sync::Arc};

use mendel_model::{Move, Record, RunUpdate, SeriesKey, Status, StatusRecord, limits};

use super::{
    Declared,
    gathered::{Gathered, is_monitor, series_name},
    incoming::Incoming,
};
use crate::{
    Result, StoreError, artifact,
    console::{self, Console},
    database::{Session, Value, sql},
    event, model,
    run::{absent, apply_move, attempt, change, create, locked},
    series::{Tally, encode_tail, existing, upsert},
};

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Applied {
    /// The acknowledged sequence, or what was refused although the rest is kept.
    pub(super) answer: Result<u64>,
    /// All series the writer declared, if this batch added to them.
    pub(super) declared: Option<Declared>,
}

/// The run while a batch is applied.
#[derive(Debug)]
struct State {
    number: i64,
    status: Status,
    attempt: u32,
    forgotten: i64,
    series: i64,
    console: Console,
    last_iteration: i64,
}

/// What is refused of a batch whose rest is kept.
#[derive(Debug, Default)]
struct Refused {
    why: Vec<String>,
    series: usize,
}

/// Applies a batch; an error undoes all of it.
pub(super) async fn apply(session: &mut Session, batch: &Incoming, known: Option<Declared>) -> Result<Applied> {
    let mut state = match state(session, batch).await? {
        Some(state) => state,
        None => begin(session, batch).await?,
    };
    let window = window(session, state.number, batch).await?;
    if let Some(done) = window.filter(|done| batch.last() <= *done) {
        return Ok(Applied { answer: Ok(done), declared: None });
    }
    let expected = window.map_or(1, |done| done + 1);
    if batch.first() > expected {
        return Err(StoreError::SequenceGap { expected, given: batch.first() });
    }
    let (mut gathered, mut refused) = (Gathered::default(), Refused::default());
    for (sequence, record) in &batch.records {
        if window.is_none_or(|done| *sequence > done) {
            take(session, batch, record, &mut state, &mut gathered, &mut refused).await?;
        }
    }
    let declared = write_series(session, batch, &mut state, &gathered, known, &mut refused).await?;
    write_rest(session, &mut state, &gathered).await?;
    write_state(session, batch, &state).await?;

    let acknowledged = batch.last();
    let answer = match refused {
        Refused { series: 0, why } if why.is_empty() => Ok(acknowledged),
        Refused { series: 0, why } => Err(StoreError::PartlyRefused { acknowledged, why }),
        Refused { series, .. } => {
            Err(StoreError::TooManySeries { acknowledged, limit: limits::SERIES_PER_RUN, refused: series })
        }
    };
    Ok(Applied { answer, declared })
}

async fn state(session: &mut Session, batch: &Incoming) -> Result<Option<State>> {
    let text = format!(
        "SELECT number, status, attempt, forgotten, series_count, console_lines, console_bytes, last_iteration \
         FROM runs WHERE id = $1{}",
        session.dialect().lock()
    );
    let Some(row) = session.first(sql(text).bind(batch.run)).await? else {
        return Ok(None);
    };
    let name = row.text(1)?;
    Ok(Some(State {
        number: row.int(0)?,
        status: Status::from_name(&name).ok_or_else(|| StoreError::Corrupt(format!("`{name}` is not a status")))?,
        attempt: attempt(row.int(2)?)?,
        forgotten: row.int(3)?,
        series: row.int(4)?,
        console: Console { lines: row.int(5)?, bytes: row.int(6)? },
        last_iteration: row.int(7)?,
    }))
}

/// Makes a run whose journal begins with its making.
async fn begin(session: &mut Session, batch: &Incoming) -> Result<State> {
    match batch.records.first() {
        Some((_, Record::Create(run))) if run.id == batch.run => {
            create(session, std::slice::from_ref(&**run), batch.now).await?;
            state(session, batch).await?.ok_or_else(|| absent(batch.run))
        }
        _ => Err(absent(batch.run)),
    }
}

async fn window(session: &mut Session, run: i64, batch: &Incoming) -> Result<Option<u64>> {
    let text = "SELECT sequence FROM writers WHERE run = $1 AND attempt = $2 AND writer = $3";
    let row = session.first(sql(text).bind(run).bind(i64::from(batch.attempt)).bind(batch.writer)).await?;
    row.map(|row| row.count(0)).transpose()
}

/// One record: a report is gathered, anything else done at once.
async fn take(
    session: &mut Session,
    batch: &Incoming,
    record: &Record,
    state: &mut State,
    gathered: &mut Gathered,
    refused: &mut Refused,
) -> Result<()> {
    match record {
        Record::Create(_) => return Ok(()),
        Record::Move(change) => return follow(session, batch, change, (state, gathered)).await,
        _ => {}
    }
    if batch.attempt != state.attempt || i64::from(batch.attempt) <= state.forgotten {
        return Err(StoreError::StaleAttempt { given: batch.attempt, current: state.attempt });
    }
    if let Record::Update(update) = record {
        return update_run(session, batch, update, (state, refused)).await;
    }
    if state.status == Status::Published {
        return Err(StoreError::Published(batch.run));
    }
    match record {
        Record::Series { id, key } => {
            let SeriesKey { metric, variant } = key.clone();
            let key = SeriesKey { metric: series_name(metric), variant: series_name(variant) };
            gathered.declared.insert(*id, key);
        }
        Record::Points(points) => gathered.add_points(points),
        Record::Console { stream, time, text } => gathered.console.push(console::line(*stream, *time, text)),
        Record::Event(event) => gathered.events.push(event.clone()),
        Record::Artifact(artifact) => gathered.artifacts.push(artifact.clone()),
        Record::Model(model) => gathered.models.push((**model).clone()),
        Record::Create(_) | Record::Move(_) | Record::Update(_) => {}
    }
    Ok(())
}

/// A change of status. One that is too late changes nothing: the first end stands.
async fn follow(
    session: &mut Session,
    batch: &Incoming,
    change: &StatusRecord,
    (state, gathered): (&mut State, &mut Gathered),
) -> Result<()> {
    match apply_move(session, batch.run, Some(batch.attempt), change, batch.now).await {
        Ok(held) => {
            if change.to == Move::Reset {
                *gathered = Gathered::default();
                state.series = 0;
                state.console = Console::default();
                state.last_iteration = 0;
            }
            state.status = held.run.status;
            state.attempt = held.run.attempt;
            state.forgotten = held.forgotten;
            Ok(())
        }
        Err(StoreError::WrongStatus(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn update_run(
    session: &mut Session,
    batch: &Incoming,
    update: &RunUpdate,
    (state, refused): (&mut State, &mut Refused),
) -> Result<()> {
    let held = locked(session, batch.run).await?;
    match change(session, held.run, update, batch.now).await {
        Ok(_) => {
            state.last_iteration = update.last_iteration.unwrap_or(state.last_iteration);
            Ok(())
        }
        Err(
            error @ (StoreError::BadName { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Cycle(_)
            | StoreError::Published(_)),
        ) => {
            refused.why.push(error.to_string());
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Writes declarations, summaries and one tail; answers all that the writer declared.
async fn write_series(
    session: &mut Session,
    batch: &Incoming,
    state: &mut State,
    gathered: &Gathered,
    known: Option<Declared>,
    refused: &mut Refused,
) -> Result<Option<Declared>> {
    let nothing_to_learn = gathered.declared.is_empty() && (known.is_some() || gathered.points.is_empty());
    let mut declared = match known {
        Some(known) => known,
        None if nothing_to_learn => Declared::default(),
        None => Arc::new(load_declared(session, state.number, batch).await?),
    };
    if !gathered.declared.is_empty() {
        save_declared(session, state.number, batch, gathered).await?;
        let own = gathered.declared.iter().map(|(id, key)| (*id, key.clone()));
        Arc::make_mut(&mut declared).extend(own);
    }
    let (mut series, unknown) = gathered.by_series(&declared);
    refused.why.extend(unknown.iter().map(|id| format!("points of series {id}, which the writer did not declare")));

    let limit = limits::SERIES_PER_RUN as i64;
    if state.series + series.len() as i64 > limit {
        let there = existing(session, state.number).await?;
        let mut free = (limit - there.len() as i64).max(0);
        let before = series.len();
        series.retain(|key, _| {
            there.contains(*key) || {
                free -= 1;
                free >= 0
            }
        });
        refused.series = before - series.len();
    }
    let tallies: Vec<_> = series.iter().filter_map(|(key, points)| Some((*key, Tally::of(points)?))).collect();
    let upserted = upsert(session, state.number, &tallies).await?;
    state.series += upserted.new;
    let highest = series.iter().filter(|(key, _)| !is_monitor(&key.metric));
    if let Some(step) = highest.flat_map(|(_, points)| points).map(|point| point.step).max() {
        state.last_iteration = state.last_iteration.max(step);
    }
    let sections: Vec<_> =
        series.iter().filter_map(|(key, points)| Some((*upserted.numbers.get(*key)?, points.as_slice()))).collect();
    if !sections.is_empty() {
        let points: usize = sections.iter().map(|(_, points)| points.len()).sum();
        let insert = sql("INSERT INTO tails (run, attempt, points, body) VALUES ($1, $2, $3, $4)")
            .bind(state.number)
            .bind(i64::from(batch.attempt))
            .bind(points as i64)
            .bind(encode_tail(&sections));
        session.execute(insert).await?;
    }
    Ok((!nothing_to_learn).then_some(declared))
}

async fn load_declared(session: &mut Session, run: i64, batch: &Incoming) -> Result<HashMap<u32, SeriesKey>> {
    let text = "SELECT id, metric, variant FROM writer_series WHERE run = $1 AND attempt = $2 AND writer = $3";
    let rows = session.all(sql(text).bind(run).bind(i64::from(batch.attempt)).bind(batch.writer)).await?;
    let mut declared = HashMap::with_capacity(rows.len());
    for row in rows {
        let id = u32::try_from(row.int(0)?).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        declared.insert(id, SeriesKey { metric: row.text(1)?, variant: row.text(2)? });
    }
    Ok(declared)
}

async fn save_declared(session: &mut Session, run: i64, batch: &Incoming, gathered: &Gathered) -> Result<()> {
    let rows = gathered.declared.iter().map(|(id, key)| -> Vec<Value> {
        let (attempt, writer) = (i64::from(batch.attempt), batch.writer);
        let (metric, variant) = (&key.metric, &key.variant);
        vec![run.into(), attempt.into(), writer.into(), i64::from(*id).into(), metric.into(), variant.into()]
    });
    let head = "INSERT INTO writer_series (run, attempt, writer, id, metric, variant)";
    let tail =
        "ON CONFLICT (run, attempt, writer, id) DO UPDATE SET metric = excluded.metric, variant = excluded.variant";
    session.insert(head, rows.collect(), tail).await
}

async fn write_rest(session: &mut Session, state: &mut State, gathered: &Gathered) -> Result<()> {
    if let Some(step) = gathered.highest_event() {
        state.last_iteration = state.last_iteration.max(step);
    }
    state.console = console::append(session, state.number, state.console, &gathered.console).await?;
    event::insert(session, state.number, &gathered.events).await?;
    artifact::insert(session, state.number, &gathered.artifacts).await?;
    model::insert(session, state.number, &gathered.models).await
}

async fn write_state(session: &mut Session, batch: &Incoming, state: &State) -> Result<()> {
    let update =
        sql("UPDATE runs SET updated = CASE WHEN updated > $1 THEN updated ELSE $1 END, last_iteration = $2, \
         series_count = $3, console_lines = $4, console_bytes = $5 WHERE number = $6")
        .bind(batch.now)
        .bind(state.last_iteration)
        .bind(state.series)
        .bind(state.console.lines)
        .bind(state.console.bytes)
        .bind(state.number);
    session.execute(update).await?;
    let last = i64::try_from(batch.last()).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let insert = sql("INSERT INTO writers (run, attempt, writer, sequence) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (run, attempt, writer) DO UPDATE SET sequence = excluded.sequence")
    .bind(state.number)
    .bind(i64::from(batch.attempt))
    .bind(batch.writer)
    .bind(last);
    session.execute(insert).await.map(drop)
}
