//! `mendel diff-id`

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::{
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
    typed::saved::{Saved, shown},
};

/// Show the fields that make the identities of two saved configurations differ.
#[derive(Args)]
pub struct DiffId {
    /// A saved configuration, the folder of a job, or the identity of one.
    #[arg(value_name = "A")]
    before: String,
    /// What to compare it with.
    #[arg(value_name = "B")]
    after: String,
}

#[derive(Serialize)]
struct Document<'a> {
    a: Option<&'a str>,
    b: Option<&'a str>,
    equal: bool,
    fields: Vec<Change>,
}

/// A field that counts and differs; none where it is not there or left out.
#[derive(Serialize)]
struct Change {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl DiffId {
    /// Compares and prints.
    pub fn execute(self, printer: &Printer) -> Result<Exit, Failure> {
        let (before, after) = (Saved::read(&self.before)?, Saved::read(&self.after)?);
        let (a, b) = (before.identity(), after.identity());
        let fields = changes(&before, &after);
        let document = Document { a, b, equal: a.is_some() && a == b, fields };
        printer.answer(&document, |text| {
            for change in &document.fields {
                let path = if change.path.is_empty() { "class" } else { &change.path };
                let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "left out".to_owned(), shown);
                let (before, after) = (side(&change.before), side(&change.after));
                text.push_str(&format!("{}: {} → {}\n", safe(path), safe(&before), safe(&after)));
            }
            if document.equal {
                text.push_str("the identities are equal\n");
            }
        });
        Ok(Exit::Done)
    }
}

fn changes(before: &Saved, after: &Saved) -> Vec<Change> {
    let counted = |saved: &Saved| -> BTreeMap<String, Value> {
        saved.rows().into_iter().filter(|row| row.counts).map(|row| (row.path, row.value)).collect()
    };
    let (mut before, mut after) = (counted(before), counted(after));
    let paths: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    paths
        .into_iter()
        .map(|path| Change { before: before.remove(&path), after: after.remove(&path), path })
        .filter(|change| change.before != change.after)
        .collect()
}
