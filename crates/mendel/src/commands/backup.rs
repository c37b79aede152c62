//! `mendel backup`

use std::{fs, path::PathBuf};

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
        printer.note(format_args!("Copied {} to {}", context.workspace.root().display(), into.display()));
        let answer = json!({"path": into, "workspace": context.workspace.root()});
        printer.answer(&answer, |text| text.push_str(&format!("{}\n", into.display())));
        Ok(Exit::Done)
    }
}
