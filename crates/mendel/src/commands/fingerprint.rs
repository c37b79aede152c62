//! `mendel fingerprint`: what classes reach, for the worker and for editors.

use std::path::PathBuf;

use clap::Args;
use mendel_spec::code::Fingerprint;
use serde::Serialize;

use crate::{
    arguments::Global,
    context::{Context, present_folder},
    exit::{Exit, Failure},
    printer::Printer,
    run::staged::code::Code,
};

/// Print what the code of classes is made of.
#[derive(Args)]
pub struct FingerprintCommand {
    /// A folder that modules are imported from; the present one otherwise.
    #[arg(long = "root", value_name = "DIR")]
    roots: Vec<PathBuf>,
    /// Dotted paths of classes.
    #[arg(value_name = "CLASS", required = true)]
    classes: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    class: String,
    #[serde(flatten)]
    fingerprint: Option<Fingerprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl FingerprintCommand {
    /// Reads the sources and prints; a class that cannot be read is told with its error.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let start = present_folder()?;
        let roots = if self.roots.is_empty() { vec![start.clone()] } else { self.roots };
        let project = mendel_snapshot::project_root(&roots[0], &start).folder;
        let mut code = Code::below(&context, &project, &roots);
        let line = |class: String| match code.fingerprint(&class) {
            Ok(print) => Line { class, fingerprint: Some(print), error: None },
            Err(problems) => Line { class, fingerprint: None, error: Some(problems.to_string()) },
        };
        let lines: Vec<_> = self.classes.into_iter().map(line).collect();
        code.keep(printer);
        let document = serde_json::to_string(&serde_json::json!({"classes": lines}));
        printer.out(&document.expect("fingerprints have text keys"));
        printer.out("\n");
        Ok(Exit::Done)
    }
}
