//! Lists of runs, and the run a person means.

use std::collections::HashMap;

use mendel_model::{Run, RunId, RunRef, limits};

use super::{
    COLUMNS, Held, add_metrics,
    filter::{Binds, condition, order},
    read, whole,
};
use crate::{
    Found, Result, RunPage, RunQuery, Store,
    database::{Session, Sql, Value, placeholders, sql},
};

/// Ids told when a part of one fits several.
const MANY: usize = 10;

impl Store {
    /// A page of runs, and how many there are on all pages.
    pub async fn runs(&self, query: &RunQuery) -> Result<RunPage> {
        let mut binds = Binds::default();
        let wanted = wanted(query, &mut binds)?;
        let filtered = binds.0.clone();
        let order = order(&query.sort, &mut binds)?;
        let limit = match query.limit {
            0 => limits::PAGE_ROWS,
            limit => limit.min(limits::PAGE_ROWS),
        };
        let (limit, offset) = (binds.add(limit as i64), binds.add(query.offset as i64));
        let page = format!("SELECT r.number FROM runs r WHERE {wanted} ORDER BY {order} LIMIT {limit} OFFSET {offset}");
        let total = format!("SELECT count(*) FROM runs r WHERE {wanted}");

        let mut session = self.database.read().await?;
        let total = session.one(sql(total).bind_all(filtered)).await?.count(0)? as usize;
        let rows = session.all(sql(page).bind_all(binds.0)).await?;
        let numbers: Vec<i64> = rows.iter().map(|row| row.int(0)).collect::<Result<_>>()?;
        let mut runs = numbered(&mut session, &numbers).await?;
        add_metrics(&mut session, &mut runs).await?;
        Ok(RunPage { runs, total })
    }

    /// The run a person means.
    pub async fn find_run(&self, reference: &RunRef) -> Result<Found> {
        let mut session = self.database.read().await?;
        let ids = match reference {
            RunRef::Id(id) => vec![*id],
            RunRef::Number(number) => {
                ids(&mut session, sql("SELECT id FROM runs WHERE number = $1").bind(*number)).await?
            }
            RunRef::Part(part) => {
                let text = "SELECT id FROM runs WHERE (id >= $1 AND id < $2) OR id LIKE $3 ORDER BY id LIMIT $4";
                let (after, ending) = (format!("{part}g"), format!("%{part}"));
                ids(&mut session, sql(text).bind(part).bind(after).bind(ending).bind(MANY as i64)).await?
            }
        };
        match ids[..] {
            [] => Ok(Found::None),
            [id] => Ok(whole(&mut session, id).await?.map_or(Found::None, |run| Found::One(Box::new(run)))),
            _ => Ok(Found::Many(ids)),
        }
    }
}

/// The runs of these numbers, in their order.
async fn numbered(session: &mut Session, numbers: &[i64]) -> Result<Vec<Run>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT {COLUMNS} FROM runs r JOIN run_facts f ON f.run = r.number WHERE r.number IN ({})",
        placeholders(1, numbers.len())
    );
    let rows = session.all(sql(text).bind_all(numbers.iter().map(|number| Value::from(*number)))).await?;
    let runs: Vec<Run> = rows.iter().map(|row| read(row).map(|Held { run, .. }| run)).collect::<Result<_>>()?;
    let mut by_number: HashMap<i64, Run> = runs.into_iter().map(|run| (run.number, run)).collect();
    Ok(numbers.iter().filter_map(|number| by_number.remove(number)).collect())
}

async fn ids(session: &mut Session, statement: Sql) -> Result<Vec<RunId>> {
    session.all(statement).await?.iter().map(|row| row.parsed(0)).collect()
}

/// The condition that a query is.
fn wanted(query: &RunQuery, binds: &mut Binds) -> Result<String> {
    let mut parts = vec!["1 = 1".to_owned()];
    if let Some(filter) = &query.filter {
        parts.push(condition(filter, binds)?);
    }
    if let Some(project) = &query.project {
        parts.push(format!("r.project = {}", binds.add(project)));
    }
    if let Some(projects) = &query.projects {
        // Within nothing there is nothing.
        let names: Vec<_> = projects.iter().map(|project| binds.add(project)).collect();
        parts.push(if names.is_empty() { "1 = 0".to_owned() } else { format!("r.project IN ({})", names.join(",")) });
    }
    if let Some(identity) = query.identity {
        parts.push(format!("r.identity = {}", binds.add(identity)));
    }
    if let Some(parent) = query.parent {
        parts.push(format!("r.parent = {}", binds.add(parent)));
    }
    if let Some(archived) = query.archived {
        parts.push(format!("r.archived = {}", binds.add(archived)));
    }
    if !query.status.is_empty() {
        let names: Vec<_> = query.status.iter().map(|status| binds.add(*status)).collect();
        parts.push(format!("r.status IN ({})", names.join(",")));
    }
    if !query.ids.is_empty() {
        let ids: Vec<_> = query.ids.iter().map(|id| binds.add(*id)).collect();
        parts.push(format!("r.id IN ({})", ids.join(",")));
    }
    Ok(parts.join(" AND "))
}
