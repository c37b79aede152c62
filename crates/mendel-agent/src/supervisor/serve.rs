//! The supervisor's loop: starts jobs as slots fall free, and ends when all are closed.

use mendel_api::Client;
use tokio::io::AsyncWrite;

use super::Input;
use crate::job::JobBatch;

/// Executes `batch`: commands come from `input`, events go to `events`, and children reach
/// the workspace at `api` (`unix:/path`). Call it from the main thread, since children die
/// with the thread that started them.
pub async fn run(
    batch: JobBatch,
    input: Input,
    events: impl AsyncWrite + Send + Unpin + 'static,
    client: Client,
    api: &str,
) {
    let _ = (batch, input, events, client, api);
    todo!()
}
