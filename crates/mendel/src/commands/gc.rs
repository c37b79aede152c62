//! `mendel gc`

use serde_json::json;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{text::count, value::bytes},
};

/// Remove stored bytes that nothing refers to.
#[derive(clap::Args)]
pub struct Gc {
    /// Only tell what would be removed.
    #[arg(long)]
    dry_run: bool,
}

impl Gc {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let garbage = context.client.collect_garbage(self.dry_run).await?;
        let answer = json!({"blobs": garbage.blobs, "bytes": garbage.bytes, "dry_run": self.dry_run});
        printer.answer(&answer, |text| {
            let did = if self.dry_run { "would be removed" } else { "removed" };
            let blobs = usize::try_from(garbage.blobs).unwrap_or(usize::MAX);
            text.push_str(&format!("{} ({}) {did}\n", count(blobs, "blob"), bytes(garbage.bytes)));
        });
        Ok(Exit::Done)
    }
}
