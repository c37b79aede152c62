//! A run made ready to be executed again from its snapshot, whatever became of its folder.

use std::path::{Path, PathBuf};

use mendel_agent::environment::{self, EnvironmentChoice, Machine};
use mendel_model::{Digest, EnvironmentManager, EnvironmentPolicy, Identity, Manifest, Param, Run, TaskKind};
use mendel_snapshot::{Options, Purpose};
use mendel_spec::{Assignment, ParamSchema, ReadOptions};

use crate::{
    context::Context,
    exit::Failure,
    run::{
        data,
        options::RunOptions,
        prepare::{self, Cell, MEANS, Prepared},
        script,
    },
};

/// The task that `run` was, with the values it had and `--set` laid over them.
pub async fn prepare(context: &Context, run: &Run, options: &RunOptions) -> Result<Prepared, Failure> {
    let facts = &run.facts;
    let Some(snapshot) = facts.snapshot.filter(|_| facts.kind != TaskKind::Manual) else {
        return Err(Failure::input_hint(
            format!("run @{} has no snapshot to replay", run.number),
            "only runs that `mendel run` made have one",
        ));
    };
    let given = options.given()?;
    if !given.grids.is_empty() || given.declared {
        return Err(Failure::input_hint(
            "a run is replayed once",
            "`--set` changes a value; `mendel run --grid` makes many",
        ));
    }
    let sets: Vec<_> = given.sets.into_iter().chain(given.either).collect();
    let root = restore(context, snapshot).await?;
    let cell = match facts.kind {
        TaskKind::Folder => folder_cell(run, &root, &sets, options)?,
        _ => script_cell(run, &root, &sets)?,
    };
    let choice = match facts.environment.as_ref().map(|lock| lock.manager) {
        Some(EnvironmentManager::System) => EnvironmentChoice::System,
        Some(EnvironmentManager::None) | None => EnvironmentChoice::None,
        Some(EnvironmentManager::Venv) => EnvironmentChoice::Venv,
        Some(EnvironmentManager::Conda) => EnvironmentChoice::Conda,
    };
    let choice = options.env.as_deref().map(str::parse).transpose()?.unwrap_or(choice);
    let coretex = cell.means.is_empty() && is_coretex(&root);
    let mut task = Prepared {
        kind: facts.kind,
        name: options.name.clone().unwrap_or_else(|| facts.name.clone()),
        description: facts.comment.clone(),
        project: options.project.clone().unwrap_or_else(|| facts.project.clone()),
        folder: root.join(&facts.script.working_folder),
        entry: facts.script.entry.clone(),
        typed: typed(run, &root),
        private: true,
        coretex,
        policy: EnvironmentPolicy::default(),
        detected: environment::detect(&root, &choice, &Machine::of_this_process())?,
        inputs: None,
        snapshot: Options { purpose: Purpose::Task, git: false, ..Options::default() },
        tags: facts.tags.iter().chain(&options.tags).cloned().collect(),
        jobs: Some(1),
        parser_note: None,
        origin: Some(facts.id),
        monitor: !options.no_monitor,
        keep_outputs: options.keep_outputs,
        outputs: Vec::new(),
        cells: vec![cell],
        is_grid: false,
        root,
    };
    data::find(context, &mut task, Some(run)).await?;
    Ok(task)
}

/// The snapshot as a folder; the same one serves every replay and is never run in.
async fn restore(context: &Context, snapshot: Digest) -> Result<PathBuf, Failure> {
    let folder = context.workspace.cache().join("snapshots").join(snapshot.to_string());
    let manifest = manifest(context, snapshot).await?;
    let mut blobs = std::collections::HashMap::new();
    for entry in &manifest.entries {
        if let mendel_model::EntryKind::File { digest, .. } = &entry.kind {
            blobs.insert(*digest, context.client.blob(digest).await?);
        }
    }
    let trouble = |error: &dyn std::fmt::Display| Failure::trouble(format!("the snapshot cannot be restored: {error}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| trouble(&error))?;
    }
    std::fs::create_dir_all(&folder).map_err(|error| trouble(&error))?;
    let mut fetch = |digest: &Digest| {
        blobs.get(digest).map(|bytes| bytes.to_vec()).ok_or_else(|| std::io::Error::other("not stored"))
    };
    mendel_snapshot::restore(&manifest, &folder, &mut fetch).map_err(|error| trouble(&error))?;
    folder.canonicalize().map_err(|error| trouble(&error))
}

/// The manifest that a run's snapshot names.
pub async fn manifest(context: &Context, snapshot: Digest) -> Result<Manifest, Failure> {
    let bytes = context.client.blob(&snapshot).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::trouble(format!("snapshot `{snapshot}` is not a manifest: {error}")))
}

fn folder_cell(run: &Run, root: &Path, sets: &[Assignment], options: &RunOptions) -> Result<Cell, Failure> {
    let task = mendel_spec::read_folder_with(root, &ReadOptions { entry: Some(&run.facts.script.entry) })?;
    let params = overridden(run, &task.schema, sets)?;
    let means: Vec<String> =
        run.facts.documents.get(MEANS).cloned().map_or_else(
            || prepare::means(options.no_compat),
            |means| serde_json::from_value(means).unwrap_or_default(),
        );
    let identity = Identity::of_script(&run.facts.script.entry, "", &params, &means);
    Ok(Cell { means, ..Cell::of(params, Vec::new(), Some(identity)) })
}

/// The values the run had; those that `sets` names are read as the snapshot declares them.
fn overridden(run: &Run, schema: &ParamSchema, sets: &[Assignment]) -> Result<Vec<Param>, Failure> {
    if sets.is_empty() {
        return Ok(run.facts.params.clone());
    }
    let mut relaxed = schema.clone();
    relaxed.inputs.iter_mut().for_each(|param| param.required = false);
    let resolved = mendel_spec::resolve(&relaxed, None, sets)?;
    let named = |param: &Param| sets.iter().any(|set| set.name == param.name);
    let fresh: Vec<_> = resolved.into_iter().filter(named).collect();
    let kept = run.facts.params.iter().filter(|param| !named(param)).cloned();
    Ok(kept.chain(fresh).collect())
}

fn script_cell(run: &Run, root: &Path, sets: &[Assignment]) -> Result<Cell, Failure> {
    let script = &run.facts.script;
    let entry = root.join(&script.entry);
    let source = std::fs::read(&entry).unwrap_or_default();
    let parser = mendel_spec::parser_of(&script::code(&entry, &source)?);
    let words = match (&parser, sets.is_empty()) {
        (_, true) => script.arguments.clone(),
        (Some(parser), false) => {
            let mut schema = parser.schema();
            schema.inputs.iter_mut().for_each(|param| param.required = false);
            let given = mendel_spec::resolve(&schema, None, sets)?;
            mendel_spec::words_for(parser, &script.arguments, &given)?
        }
        (None, false) => [script.arguments.clone(), mendel_spec::plain_words(sets)].concat(),
    };
    let interpreted = parser.and_then(|parser| mendel_spec::interpret(&parser, &words).ok());
    let params = interpreted.unwrap_or_else(|| if sets.is_empty() { run.facts.params.clone() } else { Vec::new() });
    let identity = match (sets.is_empty(), params.is_empty()) {
        (true, _) => run.facts.identity,
        (false, false) => Some(Identity::of_script(&script.entry, &script.working_folder, &params, &[])),
        (false, true) => Some(Identity::of_script(&script.entry, &script.working_folder, &[], &words)),
    };
    Ok(Cell::of(params, words, identity))
}

/// The entry relative to the folder the run starts in.
fn typed(run: &Run, root: &Path) -> PathBuf {
    match run.facts.kind {
        TaskKind::Command => PathBuf::from(&run.facts.script.entry),
        _ => root.join(&run.facts.script.entry),
    }
}

fn is_coretex(root: &Path) -> bool {
    mendel_spec::read_folder(root).is_ok_and(|task| task.document.contains_key("param_groups"))
}
