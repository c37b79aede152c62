//! `mendel backup`

use std::{fs, path::PathBuf};

use mendel_journal::Workspace;
use serde_json::json;

use crate::{
    arguments::Global,
    context::{Context, present_folder},
    exit::{Exit, Failure},
    printer::Printer,
};

/// Copy the whole workspace into a folder, while it is in use.
#[derive(clap::Args)]
pub struct Backup {
    /// A new or empty folder. `--workspace DIR` works on the copy.
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

impl Backup {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let into = present_folder()?.join(&self.into);
        if fs::read_dir(&into).is_ok_and(|mut entries| entries.next().is_some()) || into.is_file() {
            return Err(Failure::input_hint(format!("`{}` is not empty", self.into.display()), "name a new folder"));
        }
        let context = Context::here(global).await?;
        context.client.backup(&into).await?;
        // With its identity the copy is a workspace, and the same one.
        let failed = |error: &dyn std::error::Error| Failure::trouble(format!("the copy has no identity: {error}"));
        context.workspace.create().map_err(|error| failed(&error))?;
        let copy = Workspace::at(&into).identity_file();
        fs::copy(context.workspace.identity_file(), copy).map_err(|error| failed(&error))?;
        printer.note(format_args!("Copied {} to {}", context.workspace.root().display(), into.display()));
        let answer = json!({"path": into, "workspace": context.workspace.root()});
        printer.answer(&answer, |text| text.push_str(&format!("{}\n", into.display())));
        Ok(Exit::Done)
    }
}
