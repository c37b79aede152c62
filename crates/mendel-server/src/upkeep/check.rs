//! `POST /api/v1/upkeep/check`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_store::Damage;

use crate::{App, problem::Problem};

/// Look for damage
///
/// Nothing is changed.
pub(crate) async fn check(State(app): State<App>) -> Result<Json<Vec<api::Damage>>, Problem> {
    Ok(Json(told(app.store.check().await?)))
}

pub(super) fn told(damages: Vec<Damage>) -> Vec<api::Damage> {
    damages.into_iter().map(tell).collect()
}

fn tell(damage: Damage) -> api::Damage {
    let (subject, message) = match damage {
        Damage::Database(words) => ("database".to_owned(), words),
        Damage::Blob(digest) => (format!("blob {digest}"), "its bytes do not fit its digest".to_owned()),
        Damage::MissingBlob { digest, named_by } => {
            (format!("blob {digest}"), format!("it is missing and named by {named_by}"))
        }
        Damage::Series { run, key: None } => (format!("run {run}"), "points cannot be read".to_owned()),
        Damage::Series { run, key: Some(key) } => {
            (format!("run {run}"), format!("points of `{}` cannot be read", key.path()))
        }
    };
    api::Damage { subject, message }
}
