//! `mendel results`
//!
//! What the stages of a task made of each input, and the same as files.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use clap::Args;
use mendel_model::{Identity, InputId, RunId, StageField, StepResult, TaskKind};
use serde_json::{Map, Value, json};

use crate::{
    arguments::Global,
    commands::audit,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Column, Table, terminal_width},
        text::{count, safe},
    },
    run::staged::record::{self, Completion, RecordedStep, note_key},
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

/// One input with its fields, each with what made it.
struct Stored {
    id: InputId,
    fields: Vec<(StageField, Option<Maker>)>,
    /// Its hyperparameters as they were used, defaults and rules included.
    config: Value,
}

/// The stage that made a field, and the run in which it did.
struct Maker {
    stage: String,
    run: RunId,
    /// Whether an audit found that it makes something else each time.
    is_nondeterministic: bool,
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
    let Some(completion) = completion else {
        return Err(Failure::input_hint(
            format!("`{}` was never completed", path.display()),
            "`mendel run` completes it; `mendel status` tells how it stands",
        ));
    };
    of_completion(context, completion.whole(&context.client).await?).await
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
        return of_completion(context, completion).await;
    }
    // Overtaken or unfinished: what it computed itself.
    let mut inputs: BTreeMap<InputId, Made> = BTreeMap::new();
    let results = context.client.results_of_run(run.facts.id).await?;
    let doubtful = nondeterministic(context, results.iter().map(|result| result.identity)).await?;
    for result in results {
        if let Some(input) = result.input.clone() {
            inputs.entry(input).or_default().add(result, &doubtful);
        }
    }
    let stored = inputs.into_iter().map(|(id, made)| Stored {
        id,
        config: Value::Object(made.config),
        fields: made.fields.into_values().map(|(field, maker)| (field, Some(maker))).collect(),
    });
    Ok(stored.collect())
}

/// What stages made of one input. A field that a later stage changed is what that one made.
#[derive(Default)]
struct Made {
    fields: BTreeMap<String, (StageField, Maker)>,
    config: Map<String, Value>,
}

impl Made {
    fn add(&mut self, result: StepResult, doubtful: &HashSet<Identity>) {
        let name = result.step.split('[').next().unwrap_or_default().to_owned();
        let Some(stage) = result.stage else { return };
        self.config.insert(name.clone(), stage.config);
        for field in stage.fields {
            let is_nondeterministic = doubtful.contains(&result.identity);
            let maker = Maker { stage: name.clone(), run: result.run, is_nondeterministic };
            self.fields.insert(field.name.clone(), (field, maker));
        }
    }
}

/// Those meanings whose results an audit found to differ from one time to the next.
async fn nondeterministic(
    context: &Context,
    identities: impl Iterator<Item = Identity>,
) -> Result<HashSet<Identity>, Failure> {
    let identities: Vec<_> = identities.collect();
    let keys: Vec<_> = identities.iter().map(audit::note_key).collect();
    let notes = context.client.notes(&keys).await?;
    let found =
        identities.into_iter().zip(notes).filter(|(_, note)| note.as_ref().is_some_and(audit::is_nondeterministic));
    Ok(found.map(|(identity, _)| identity).collect())
}

async fn of_completion(context: &Context, completion: Completion) -> Result<Vec<Stored>, Failure> {
    let order: Vec<&str> = completion.pipeline.iter().map(|stage| stage.id.as_str()).collect();
    let mut fields = completion.fields;
    let mut configs = completion.configs;
    let mut stored = Vec::with_capacity(completion.inputs.len());
    let steps: Vec<RecordedStep> = completion.steps.values().flat_map(BTreeMap::values).copied().collect();
    let identities: Vec<_> = steps.iter().map(|step| step.identity).collect();
    let results = context.client.results_of(&identities).await?;
    let doubtful = nondeterministic(context, identities.iter().copied()).await?;
    let made_by = |step: &RecordedStep, field: &StageField, results: &[StepResult]| {
        let mut made =
            results.iter().filter(|result| result.run == step.run).filter_map(|result| result.stage.as_ref());
        made.any(|made| made.fields.iter().any(|made| made.name == field.name && made.digest == field.digest))
    };
    let found: HashMap<Identity, Vec<StepResult>> = identities.into_iter().zip(results).collect();
    for id in completion.inputs {
        let key = id.json();
        let steps = completion.steps.get(&key);
        let maker = |field: &StageField| {
            let stages = order.iter().rev().filter_map(|stage| Some((*stage, steps?.get(*stage)?)));
            let mut stages = stages
                .filter(|(_, step)| found.get(&step.identity).is_some_and(|results| made_by(step, field, results)));
            stages.next().map(|(stage, step)| Maker {
                stage: stage.to_owned(),
                run: step.run,
                is_nondeterministic: doubtful.contains(&step.identity),
            })
        };
        let own = fields.remove(&key).unwrap_or_default();
        let fields = own.into_iter().map(|field| (maker(&field), field)).map(|(maker, field)| (field, maker)).collect();
        stored.push(Stored { config: configs.remove(&key).unwrap_or_default(), id, fields });
    }
    Ok(stored)
}

fn document(stored: &Stored) -> Value {
    let fields = stored.fields.iter().map(|(field, maker)| {
        let told = json!({
            "type": field.format, "size": field.size, "hash": field.digest, "kept": field.kept,
            "stage": maker.as_ref().map(|maker| &maker.stage), "run": maker.as_ref().map(|maker| maker.run),
            "nondeterministic": maker.as_ref().is_some_and(|maker| maker.is_nondeterministic),
        });
        (field.name.clone(), told)
    });
    json!({"id": stored.id, "config": stored.config, "fields": Value::Object(fields.collect::<Map<_, _>>())})
}

fn table(stored: &[Stored], printer: &Printer) -> String {
    let columns = ["INPUT", "FIELD", "TYPE", "SIZE", "DIGEST"].map(|head| Column::text(head, 0));
    let mut table = Table::new(columns.into());
    for one in stored {
        for (field, maker) in &one.fields {
            let digest = match maker.as_ref().is_some_and(|maker| maker.is_nondeterministic) {
                true => format!("{} (nondeterministic)", field.digest.short()),
                false => field.digest.short(),
            };
            let size = if field.kept { field.size.to_string() } else { format!("{} (not kept)", field.size) };
            table.row(vec![
                safe(&one.id.to_string()).into_owned().into(),
                safe(&field.name).into_owned().into(),
                field.format.clone().into(),
                size.into(),
                digest.into(),
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
