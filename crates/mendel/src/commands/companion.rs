//! `mendel companion`, started by the first script that needs one.

use std::time::Duration;

use clap::Args;
use mendel_store::Store;

use crate::{
    arguments::Global,
    context::{self, Context, present_folder},
    exit::{Exit, Failure},
};

/// Serve the workspace on a Unix socket until nobody needs it.
#[derive(Args)]
pub struct Companion {
    /// Seconds without a connection after which it ends.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    idle: u64,
}

impl Companion {
    /// Serves; a second one for the same workspace ends at once.
    pub async fn execute(self, global: &Global) -> Result<Exit, Failure> {
        let workspace = context::find(global, &present_folder()?)?;
        // Whoever opens the workspace brings in what earlier processes left.
        let workspace = Context::of(workspace).await?.workspace;
        let socket = workspace.companion_socket();
        workspace.prepare_socket(&socket).map_err(|error| Failure::trouble(error.to_string()))?;
        let store = Store::open_folder(workspace.root()).await?;
        mendel_server::companion(store, &socket, Duration::from_secs(self.idle))
            .await
            .map_err(|error| Failure::trouble(error.to_string()))?;
        Ok(Exit::Done)
    }
}
