//! `mendel schema`

use crate::{
    arguments::Global,
    exit::{Exit, Failure},
    printer::Printer,
};

/// Print the JSON Schema of a file, for editors.
#[derive(clap::Args)]
pub struct Schema {
    /// `task` for `task.yaml`, `project` for `mendel.toml`.
    #[arg(default_value = "task", value_enum)]
    file: File,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum File {
    Task,
    Project,
}

impl Schema {
    #[expect(clippy::unused_async, reason = "every command has the same form")]
    pub async fn execute(self, _: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let schema = match self.file {
            File::Task => mendel_spec::task_file_schema(),
            File::Project => mendel_spec::project_file_schema(),
        };
        printer.answer(&schema, |text| text.push_str(&format!("{schema:#}\n")));
        Ok(Exit::Done)
    }
}
