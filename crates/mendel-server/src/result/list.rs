//! `GET /api/v1/results?identity=`

use axum::{Json, extract::State};
use mendel_model::{Identity, StepResult};

use super::find::seen;
use crate::{App, access::Caller, problem::Problem, request::Asked};

/// List results
///
/// Those under an identity that may be reused, newest first.
pub(crate) async fn list_results(
    State(app): State<App>,
    caller: Caller,
    Asked(pairs): Asked,
) -> Result<Json<Vec<StepResult>>, Problem> {
    let identity: Option<Identity> = pairs.parse("identity")?;
    let missing = || Problem::invalid("bad_query", "`identity` is missing").field("identity");
    let mut found = app.store.results(&[identity.ok_or_else(missing)?]).await?;
    seen(&app, &caller, &mut found).await?;
    Ok(Json(found.into_iter().flatten().collect()))
}
