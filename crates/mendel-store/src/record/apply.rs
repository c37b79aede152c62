//! A batch within a transaction: fence and window first, then each record in turn, then
//! what they report, table by table.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use mendel_model::{Move, Record, RunUpdate, SeriesKey, SeriesPoint, Status, StatusRecord, limits};

use super::{
    Declared,
    gathered::{Gathered, is_monitor},
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

/// A batch on its way into the store.
#[derive(Debug)]
struct Applying<'a> {
    batch: &'a Incoming,
    state: State,
    gathered: Gathered,
    refused: Refused,
}

/// Applies a batch; an error undoes all of it.
pub(super) async fn apply(session: &mut Session, batch: &Incoming, known: Option<Declared>) -> Result<Applied> {
    let state = match state(session, batch).await? {
        Some(state) => state,
        None => begin(session, batch).await?,
    };
    let window = window(session, state.number, batch).await?;
    if let Some(done) = window.filter(|done| batch.last() <= *done) {
        return Ok(Applied { answer: Ok(done), declared: None });
    }
    refuse_stale(batch, &state)?;
    let expected = window.map_or(1, |done| done + 1);
    if batch.first() > expected {
        return Err(StoreError::SequenceGap { expected, given: batch.first() });
    }
    let mut applying = Applying { batch, state, gathered: Gathered::default(), refused: Refused::default() };
    for (sequence, record) in &batch.records {
        if window.is_none_or(|done| *sequence > done) {
            applying.take(session, record).await?;
        }
    }
    let declared = applying.write_declared(session, known).await?;
    applying.write_series(session, &declared).await?;
    applying.write_rest(session).await?;
    write_state(session, batch, &applying.state).await?;
    Ok(Applied { answer: applying.refused.answer(batch.last()), declared })
}

impl Refused {
    fn answer(self, acknowledged: u64) -> Result<u64> {
        match self {
            Self { series: 0, why } if why.is_empty() => Ok(acknowledged),
            Self { series: 0, why } => Err(StoreError::PartlyRefused { acknowledged, why }),
            Self { series, .. } => {
                Err(StoreError::TooManySeries { acknowledged, limit: limits::SERIES_PER_RUN, refused: series })
            }
        }
    }
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

/// Refuses a writer of an attempt that is over; the attempt that comes next may begin.
fn refuse_stale(batch: &Incoming, state: &State) -> Result<()> {
    let (given, current) = (batch.attempt, state.attempt);
    let known = given == current || given == current + 1;
    match known && i64::from(given) > state.forgotten {
        true => Ok(()),
        false => Err(StoreError::StaleAttempt { given, current }),
    }
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

impl Applying<'_> {
    /// One record: a report is gathered, anything else done at once.
    async fn take(&mut self, session: &mut Session, record: &Record) -> Result<()> {
        match record {
            Record::Create(_) => return Ok(()),
            Record::Move(change) => return self.follow(session, change).await,
            _ => {}
        }
        let (given, current) = (self.batch.attempt, self.state.attempt);
        if given != current || i64::from(given) <= self.state.forgotten {
            return Err(StoreError::StaleAttempt { given, current });
        }
        if let Record::Update(update) = record {
            return self.update_run(session, update).await;
        }
        if self.state.status == Status::Published {
            return Err(StoreError::Published(self.batch.run));
        }
        self.gathered.add(record);
        Ok(())
    }

    /// A change of status. One that is too late changes nothing: the first end stands.
    async fn follow(&mut self, session: &mut Session, change: &StatusRecord) -> Result<()> {
        let batch = self.batch;
        match apply_move(session, batch.run, Some(batch.attempt), change, batch.now).await {
            Ok(held) => {
                if change.to == Move::Reset {
                    self.gathered = Gathered::default();
                    self.state.series = 0;
                    self.state.console = Console::default();
                    self.state.last_iteration = 0;
                }
                self.state.status = held.run.status;
                self.state.attempt = held.run.attempt;
                self.state.forgotten = held.forgotten;
                Ok(())
            }
            Err(StoreError::WrongStatus(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn update_run(&mut self, session: &mut Session, update: &RunUpdate) -> Result<()> {
        let held = locked(session, self.batch.run).await?;
        match change(session, held.run, update, self.batch.now).await {
            Ok(_) => {
                self.state.last_iteration = update.last_iteration.unwrap_or(self.state.last_iteration);
                Ok(())
            }
            Err(
                error @ (StoreError::BadName { .. }
                | StoreError::TooLarge { .. }
                | StoreError::Cycle(_)
                | StoreError::Published(_)),
            ) => {
                self.refused.why.push(error.to_string());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes what the batch declares; answers all that its writer declared, where that is
    /// asked for or news.
    async fn write_declared(&self, session: &mut Session, known: Option<Declared>) -> Result<Option<Declared>> {
        let own = &self.gathered.declared;
        if own.is_empty() && self.gathered.points.is_empty() {
            return Ok(known);
        }
        let mut declared = match known {
            Some(known) => known,
            None => Arc::new(load_declared(session, self.state.number, self.batch).await?),
        };
        if !own.is_empty() {
            save_declared(session, self.state.number, self.batch, &self.gathered).await?;
            Arc::make_mut(&mut declared).extend(own.iter().map(|(id, key)| (*id, key.clone())));
        }
        Ok(Some(declared))
    }

    /// Writes summaries and one tail.
    async fn write_series(&mut self, session: &mut Session, declared: &Option<Declared>) -> Result<()> {
        let Some(declared) = declared else {
            return Ok(());
        };
        let (mut series, unknown) = self.gathered.by_series(declared);
        let told = unknown.iter().map(|id| format!("points of series {id}, which the writer did not declare"));
        self.refused.why.extend(told);
        if self.state.series + series.len() as i64 > limits::SERIES_PER_RUN as i64 {
            let there = existing(session, self.state.number).await?;
            self.refused.series = refuse_new(&mut series, &there);
        }
        let tallies: Vec<_> = series.iter().filter_map(|(key, points)| Some((*key, Tally::of(points)?))).collect();
        let upserted = upsert(session, self.state.number, &tallies).await?;
        self.state.series += upserted.new;
        let counted = series.iter().filter(|(key, _)| !is_monitor(&key.metric));
        if let Some(step) = counted.flat_map(|(_, points)| points).map(|point| point.step).max() {
            self.state.last_iteration = self.state.last_iteration.max(step);
        }
        let numbered = |(key, points)| Some((*upserted.numbers.get(key)?, Vec::as_slice(points)));
        let sections: Vec<(i64, &[SeriesPoint])> =
            series.iter().map(|(key, points)| (*key, points)).filter_map(numbered).collect();
        if sections.is_empty() {
            return Ok(());
        }
        let points: usize = sections.iter().map(|(_, points)| points.len()).sum();
        let insert = sql("INSERT INTO tails (run, attempt, points, body) VALUES ($1, $2, $3, $4)")
            .bind(self.state.number)
            .bind(i64::from(self.batch.attempt))
            .bind(points as i64)
            .bind(encode_tail(&sections));
        session.execute(insert).await.map(drop)
    }

    async fn write_rest(&mut self, session: &mut Session) -> Result<()> {
        let Self { state, gathered, .. } = self;
        if let Some(step) = gathered.highest_event() {
            state.last_iteration = state.last_iteration.max(step);
        }
        state.console = console::append(session, state.number, state.console, &gathered.console).await?;
        event::insert(session, state.number, &gathered.events).await?;
        artifact::insert(session, state.number, &gathered.artifacts).await?;
        model::insert(session, state.number, &gathered.models).await
    }
}

/// L04: takes out the series that there is no room for; tells how many.
fn refuse_new(series: &mut BTreeMap<&SeriesKey, Vec<SeriesPoint>>, there: &HashSet<SeriesKey>) -> usize {
    let mut free = limits::SERIES_PER_RUN.saturating_sub(there.len());
    let before = series.len();
    series.retain(|key, _| {
        let known = there.contains(*key);
        let room = known || free > 0;
        free -= usize::from(!known && room);
        room
    });
    before - series.len()
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
