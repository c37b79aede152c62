//! `mendel snapshot`

use std::{io, path::PathBuf};

use mendel_api::Client;
use mendel_model::{Digest, Manifest};
use serde_json::json;

use super::show::load;
use crate::{
    arguments::{Global, RunArgument},
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{text::count, value::bytes},
};

/// Restore the files a run was made of.
#[derive(clap::Args)]
pub struct Snapshot {
    #[command(flatten)]
    run: RunArgument,
    /// The folder to write them to: a new or an empty one.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
}

impl Snapshot {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let run = context.run(&self.run.run).await?;
        let Some(manifest) = load::manifest(&context.client, &run).await? else {
            return Err(Failure::input(format!("run @{} has no snapshot", run.number)));
        };
        let is_empty = match std::fs::read_dir(&self.out) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(Failure::input(format!("`{}` cannot be used: {error}", self.out.display()))),
        };
        if !is_empty {
            return Err(Failure::input_hint(format!("`{}` is not empty", self.out.display()), "name a new folder"));
        }
        let (files, size) = (manifest.entries.len(), manifest.size());
        restore(&context.client, manifest, self.out.clone()).await?;
        let answer = json!({"id": run.facts.id, "path": self.out, "files": files, "bytes": size, "snapshot": run.facts.snapshot});
        printer.note(format_args!("Restored {} ({}) of run @{}", count(files, "file"), bytes(size), run.number));
        printer.answer(&answer, |text| text.push_str(&format!("{}\n", self.out.display())));
        Ok(Exit::Done)
    }
}

/// Writes the tree into `folder`. Files are written on a thread of their own, which asks
/// this one for the bytes.
async fn restore(client: &Client, manifest: Manifest, folder: PathBuf) -> Result<(), Failure> {
    let (ask, mut asked) = tokio::sync::mpsc::channel::<(Digest, tokio::sync::oneshot::Sender<io::Result<Vec<u8>>>)>(1);
    let writer = tokio::task::spawn_blocking(move || {
        let mut fetch = |digest: &Digest| {
            let (answer, answered) = tokio::sync::oneshot::channel();
            let gone = |_| io::Error::other("the asking side went away");
            ask.blocking_send((*digest, answer)).map_err(|_| io::Error::other("the asking side went away"))?;
            answered.blocking_recv().map_err(gone)?
        };
        mendel_snapshot::restore(&manifest, &folder, &mut fetch)
    });
    while let Some((digest, answer)) = asked.recv().await {
        let bytes =
            client.blob(&digest).await.map(|bytes| bytes.to_vec()).map_err(|error| io::Error::other(error.to_string()));
        // A writer that stopped at an error of its own waits for no answer; its error is told below.
        let _ = answer.send(bytes);
    }
    let restored = writer.await.map_err(|error| Failure::trouble(format!("the snapshot was not restored: {error}")))?;
    restored.map_err(|error| Failure::trouble(with_cause(&error)))
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
