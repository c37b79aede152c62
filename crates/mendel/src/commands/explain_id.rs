//! `mendel explain-id`

use clap::Args;
use serde::Serialize;

use crate::{
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
    typed::saved::{Row, Saved, shown},
};

/// Show every field of a saved configuration, and whether it is part of its identity.
#[derive(Args)]
pub struct ExplainId {
    /// A saved configuration, the folder of a job, or the identity of one.
    subject: String,
}

#[derive(Serialize)]
struct Document<'a> {
    identity: Option<&'a str>,
    fields: &'a [Row],
}

impl ExplainId {
    /// Reads the configuration and prints it.
    pub fn execute(self, printer: &Printer) -> Result<Exit, Failure> {
        let saved = Saved::read(&self.subject)?;
        let rows = saved.rows();
        printer.answer(&Document { identity: saved.identity(), fields: &rows }, |text| {
            if let Some(identity) = saved.identity() {
                text.push_str(&format!("{identity}\n"));
            }
            for row in &rows {
                let path = if row.path.is_empty() { "class" } else { &row.path };
                let part = if row.counts { "counts".to_owned() } else { format!("left out: {}", row.why) };
                text.push_str(&format!("{} = {}  ({part})\n", safe(path), safe(&shown(&row.value))));
            }
        });
        Ok(Exit::Done)
    }
}
