//! `GET /api/v1/batches/{id}`

use axum::{Json, extract::State};
use mendel_model::{Batch, BatchId};

use crate::{App, problem::Problem, request::Named};

/// Show a batch
pub(crate) async fn show_batch(State(app): State<App>, Named(id): Named<BatchId>) -> Result<Json<Batch>, Problem> {
    let batch = app.store.batch(id).await?;
    batch.map(Json).ok_or_else(|| Problem::no("batch", id))
}
