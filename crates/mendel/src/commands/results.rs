//! `mendel results`
//!
//! What the stages of a task made of each input, and the same as files.

use std::path::{Path, PathBuf};

use clap::Args;
use mendel_model::{InputId, StageField, TaskKind};
use serde_json::{Map, Value, json};

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Column, Table, terminal_width},
        text::{count, safe},
    },
    run::staged::record::{self, Completion, note_key},
};

/// Show what was stored of each input, or write it out as files.
#[derive(Args)]
pub struct Results {
    /// A task folder, or a run.
    #[arg(default_value = ".", value_name = "PATH|RUN")]
    subject: String,
    /// Only this input; may be given again.
    #[arg(long, value_name = "ID")]
    input: Vec<String>,
    /// Only this field; may be given again.
    #[arg(long, value_name = "NAME")]
    field: Vec<String>,
    /// Write the values below this folder.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

/// One input with its fields, each with the run that it is from.
struct Stored {
    id: InputId,
    fields: Vec<(StageField, Option<String>)>,
}

impl Results {
    /// Finds what is stored, and prints it or writes it out.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let path = Path::new(&self.subject);
        let stored = match !self.subject.starts_with('@') && path.exists() {
            true => of_task(&context, path).await?,
            false => of_run(&context, &self.subject).await?,
        };
        let stored = self.narrowed(stored)?;
        if let Some(folder) = &self.export {
            let written = export(&context, &stored, folder).await?;
            printer.note(format_args!("{} written below `{}`", count(written, "file"), folder.display()));
        }
        let inputs: Vec<Value> = stored.iter().map(document).collect();
        printer.answer(&json!({"inputs": inputs}), |text| text.push_str(&table(&stored, printer)));
        Ok(Exit::Done)
    }

    fn narrowed(&self, stored: Vec<Stored>) -> Result<Vec<Stored>, Failure> {
        let is = |id: &InputId| self.input.is_empty() || self.input.contains(&id.to_string());
        for wanted in &self.input {
            if !stored.iter().any(|one| one.id.to_string() == *wanted) {
                let all: Vec<_> = stored.iter().take(20).map(|one| one.id.to_string()).collect();
                return Err(Failure::input_hint(
                    format!("there is no input `{wanted}`"),
                    format!("stored are {}", all.join(", ")),
                ));
            }
        }
        let mut stored: Vec<_> = stored.into_iter().filter(|one| is(&one.id)).collect();
        for wanted in &self.field {
            let names = || stored.iter().flat_map(|one| &one.fields).map(|(field, _)| field.name.as_str());
            if !names().any(|name| name == wanted) {
                let near = mendel_spec::nearest(wanted, names())
                    .map_or_else(|| "`mendel results` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
                return Err(Failure::input_hint(format!("there is no field `{wanted}`"), near));
            }
        }
        for one in &mut stored {
            one.fields.retain(|(field, _)| self.field.is_empty() || self.field.contains(&field.name));
        }
        Ok(stored)
    }
}

async fn of_task(context: &Context, path: &Path) -> Result<Vec<Stored>, Failure> {
    let folder = path.canonicalize().map_err(|error| Failure::input(format!("`{}`: {error}", path.display())))?;
    let note = context.client.note(&note_key(&folder.display().to_string())).await?;
    let completion: Option<Completion> = note.and_then(|note| serde_json::from_value(note).ok());
    match completion {
        Some(completion) => Ok(stored(completion.whole(&context.client).await?)),
        None => Err(Failure::input_hint(
            format!("`{}` was never completed", path.display()),
            "`mendel run` completes it; `mendel status` tells how it stands",
        )),
    }
}

async fn of_run(context: &Context, reference: &str) -> Result<Vec<Stored>, Failure> {
    let run = context.run(reference).await?;
    if run.facts.kind != TaskKind::Staged {
        return Err(Failure::input_hint(
            format!("run @{} is no pipeline, and has no fields", run.number),
            format!("`mendel show @{} --artifacts` lists what it made", run.number),
        ));
    }
    if let Some(completion) = record::of_run(&context.client, &run).await? {
        return Ok(stored(completion));
    }
    // Overtaken or unfinished: what it computed itself.
    let mut inputs: std::collections::BTreeMap<InputId, Vec<_>> = std::collections::BTreeMap::new();
    for result in context.client.results_of_run(run.facts.id).await? {
        if let (Some(input), Some(stage)) = (result.input, result.stage) {
            let made = stage.fields.into_iter().map(|field| (field, Some(run.facts.id.to_string())));
            inputs.entry(input).or_default().extend(made);
        }
    }
    Ok(inputs.into_iter().map(|(id, fields)| Stored { id, fields }).collect())
}

fn stored(completion: Completion) -> Vec<Stored> {
    let run = completion.run.map(|run| run.to_string());
    let mut fields = completion.fields;
    let inputs = completion.inputs.into_iter().map(|id| {
        let own = fields.remove(&id.json()).unwrap_or_default();
        Stored { id, fields: own.into_iter().map(|field| (field, run.clone())).collect() }
    });
    inputs.collect()
}

fn document(stored: &Stored) -> Value {
    let fields = stored.fields.iter().map(|(field, run)| {
        let told = json!({
            "type": field.format, "size": field.size, "hash": field.digest, "kept": field.kept, "run": run,
        });
        (field.name.clone(), told)
    });
    json!({"id": stored.id, "fields": Value::Object(fields.collect::<Map<_, _>>())})
}

fn table(stored: &[Stored], printer: &Printer) -> String {
    let columns = ["INPUT", "FIELD", "TYPE", "SIZE", "DIGEST"].map(|head| Column::text(head, 0));
    let mut table = Table::new(columns.into());
    for one in stored {
        for (field, _) in &one.fields {
            let size = if field.kept { field.size.to_string() } else { format!("{} (not kept)", field.size) };
            table.row(vec![
                safe(&one.id.to_string()).into_owned().into(),
                safe(&field.name).into_owned().into(),
                field.format.clone().into(),
                size.into(),
                field.digest.short().into(),
            ]);
        }
    }
    table.show(terminal_width(), Paint(printer.has_colour()))
}

/// Writes each value to `FOLDER/INPUT/FIELD.FORMAT`.
async fn export(context: &Context, stored: &[Stored], folder: &Path) -> Result<usize, Failure> {
    let mut written = 0;
    for one in stored {
        for (field, _) in one.fields.iter().filter(|(field, _)| field.kept) {
            let place = folder.join(part(&one.id.to_string())).join(format!("{}.{}", part(&field.name), field.format));
            let around = place.parent().unwrap_or(folder);
            std::fs::create_dir_all(around)
                .map_err(|error| Failure::trouble(format!("cannot make `{}`: {error}", around.display())))?;
            context.client.blob_to_file(&field.digest, &place).await?;
            written += 1;
        }
    }
    Ok(written)
}

/// A name that is one part of a path.
fn part(name: &str) -> String {
    let safe = name.replace(['/', '\0'], "_");
    if safe.is_empty() || safe.starts_with('.') { format!("_{safe}") } else { safe }
}
