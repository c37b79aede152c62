//! Which runs a person means: runs by name, or all of a batch.

use std::collections::HashMap;

use mendel_api::RunQuery;
use mendel_model::{Batch, BatchId, Run, RunId, RunRef};

use crate::{context::Context, exit::Failure};

/// The runs that `references` name, each once, in the order named.
pub async fn members(context: &Context, references: &[String]) -> Result<Vec<Run>, Failure> {
    let mut runs: Vec<Run> = Vec::new();
    for reference in references {
        let found = match batch(context, reference).await? {
            Some(batch) => of_batch(context, &batch).await?,
            None => vec![context.run(reference).await?],
        };
        for run in found {
            if runs.iter().all(|other| other.facts.id != run.facts.id) {
                runs.push(run);
            }
        }
    }
    Ok(runs)
}

/// The batch of that id, where it names no run.
async fn batch(context: &Context, reference: &str) -> Result<Option<Batch>, Failure> {
    let (Ok(id), Ok(run)) = (reference.parse::<BatchId>(), reference.parse::<RunRef>()) else { return Ok(None) };
    match context.client.run(&run).await? {
        Some(_) => Ok(None),
        None => Ok(context.client.batch(id).await?),
    }
}

async fn of_batch(context: &Context, batch: &Batch) -> Result<Vec<Run>, Failure> {
    if batch.members.is_empty() {
        return Err(Failure::input(format!("batch `{}` has no runs", batch.id)));
    }
    let mut runs: HashMap<RunId, Run> = HashMap::new();
    for ids in batch.members.chunks(mendel_model::limits::PAGE_ROWS) {
        let query = RunQuery { ids: ids.to_vec(), ..RunQuery::default() };
        runs.extend(context.client.all_runs(&query).await?.into_iter().map(|run| (run.facts.id, run)));
    }
    // A member that was deleted since is not there any more.
    Ok(batch.members.iter().filter_map(|id| runs.remove(id)).collect())
}
