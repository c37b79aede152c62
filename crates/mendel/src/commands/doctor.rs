//! `mendel doctor`

use serde_json::json;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::{count, safe},
};

/// Check that everything stored is whole.
#[derive(clap::Args)]
pub struct Doctor {
    /// Take what is damaged out of use, so that the rest goes on.
    #[arg(long)]
    repair: bool,
}

impl Doctor {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let quarantined = match self.repair {
            true => context.client.repair().await?,
            false => Vec::new(),
        };
        let damage = context.client.check().await?;
        let ok = damage.is_empty();
        let answer = json!({
            "ok": ok,
            "workspace": context.workspace.root(),
            "damage": damage,
            "quarantined": quarantined,
        });
        printer.answer(&answer, |text| {
            text.push_str(&format!("workspace {}\n", context.workspace.root().display()));
            for found in &quarantined {
                text.push_str(&format!("taken out of use: {}: {}\n", safe(&found.subject), safe(&found.message)));
            }
            for found in &damage {
                text.push_str(&format!("damaged: {}: {}\n", safe(&found.subject), safe(&found.message)));
            }
            if ok {
                text.push_str("everything is whole\n");
            }
        });
        if !ok && !self.repair {
            printer
                .note(format_args!("hint: `mendel doctor --repair` takes {} out of use", count(damage.len(), "thing")));
        }
        Ok(if ok { Exit::Done } else { Exit::Trouble })
    }
}
