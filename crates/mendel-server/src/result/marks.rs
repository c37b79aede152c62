//! `GET /api/v1/results/marks?after=&most=`

use axum::extract::State;
use mendel_api::Marks;

use crate::{App, problem::Problem, request::Asked};

/// More are never told: whoever wants to know asks for the identities it means.
const MOST: usize = 4_000_000;

/// List marks of the identities that have results
///
/// Of those put after a position: the position to go on from and the marks, eight bytes each,
/// little-endian. The body is empty where there are more than `most`.
pub(crate) async fn list_marks(State(app): State<App>, Asked(pairs): Asked) -> Result<Vec<u8>, Problem> {
    let after = pairs.parse("after")?.unwrap_or(0);
    let most: usize = pairs.parse("most")?.unwrap_or(MOST);
    let found = app.store.marks(after, most.min(MOST)).await?;
    Ok(found.map(|(position, marks)| Marks { position, marks }.encode()).unwrap_or_default())
}
