//! `GET /api/v1/runs/{id}/buckets?metric=&variant=&buckets=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::RunId;
use mendel_store::Bucket;

use super::points::key;
use crate::{
    App,
    problem::Problem,
    request::{Asked, Named},
};

const DEFAULT_BUCKETS: usize = 1000;

/// Read stretches of a series
///
/// For a chart: each with its extremes, so that nothing that stands out is lost.
pub(crate) async fn read_buckets(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
) -> Result<Json<Vec<api::Bucket>>, Problem> {
    let wanted = pairs.parse("buckets")?.unwrap_or(DEFAULT_BUCKETS);
    if !(1..=api::BUCKETS_MAX).contains(&wanted) {
        let message = format!("`buckets` is {wanted}; between 1 and {} are possible", api::BUCKETS_MAX);
        return Err(Problem::invalid("bad_query", message).field("buckets"));
    }
    let buckets = app.store.sampled(id, &key(&pairs)?, wanted).await?;
    Ok(Json(buckets.into_iter().map(told).collect()))
}

fn told(bucket: Bucket) -> api::Bucket {
    let extreme = |(value, step)| api::Extreme { value, step };
    let mean = (bucket.finite > 0).then(|| bucket.sum / bucket.finite as f64);
    api::Bucket {
        first: extreme((bucket.first.value, bucket.first.step)),
        last: extreme((bucket.last.value, bucket.last.step)),
        min: bucket.min.map(extreme),
        max: bucket.max.map(extreme),
        mean: mean.filter(|mean| mean.is_finite()),
        count: bucket.count,
    }
}
