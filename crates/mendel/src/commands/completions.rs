//! `mendel completions`

use clap::CommandFactory as _;

use crate::{
    arguments::{Cli, Global},
    exit::{Exit, Failure},
    printer::Printer,
};

/// Print the completions of a shell.
#[derive(clap::Args)]
#[command(after_help = "bash: `mendel completions bash > ~/.local/share/bash-completion/completions/mendel`")]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl Completions {
    #[expect(clippy::unused_async, reason = "every command has the same form")]
    pub async fn execute(self, _: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "mendel", &mut script);
        let script = String::from_utf8_lossy(&script).into_owned();
        printer.answer(&serde_json::json!({"shell": self.shell.to_string(), "script": script}), |text| {
            text.push_str(&script)
        });
        Ok(Exit::Done)
    }
}
