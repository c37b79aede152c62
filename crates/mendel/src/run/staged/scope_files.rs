//! Files that stages of a completed task wrote through scopes: which are no longer as they were written,
//! and how they are put back.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use mendel_api::ClientError;
use mendel_model::{Digest, InputId, ScopeFile};
use mendel_spec::fill_scope;
use serde::Serialize;

use super::{StagedTask, record::Completion};
use crate::{
    context::Context,
    exit::Failure,
    printer::Printer,
    render::text::{count, safe},
};

/// Files that are named one by one.
const NAMED: usize = 5;

/// A file of a scope that is not as its stage wrote it.
#[derive(Debug, Clone, Serialize)]
pub struct LostFile {
    /// Where it belongs.
    pub path: PathBuf,
    /// Whether it is there, but has other bytes.
    pub changed: bool,
    #[serde(skip)]
    file: ScopeFile,
}

/// Where the files that `completion` remembers belong now.
pub fn places<'c>(task: &'c StagedTask, completion: &'c Completion) -> impl Iterator<Item = (PathBuf, &'c ScopeFile)> {
    let inputs: BTreeMap<String, &InputId> = task.inputs.iter().map(|input| (input.json(), input)).collect();
    let files = completion.files.iter().filter_map(move |(input, files)| Some((*inputs.get(input)?, files)));
    files.flat_map(|(input, files)| files.iter().map(move |file| (input, file))).filter_map(|(input, file)| {
        let pattern = task.scopes.get(&file.scope)?;
        let path = PathBuf::from(fill_scope(&file.scope, pattern, input).ok()?);
        Some((if file.path_suffix.is_empty() { path } else { path.join(&file.path_suffix) }, file))
    })
}

/// Looks at the files of completed tasks.
pub struct ScopeFiles {
    /// Paths that tasks filled differently: whoever runs last has its file there.
    contested: HashSet<PathBuf>,
}

impl ScopeFiles {
    /// Those of all tasks with their completions.
    pub fn of<'a>(tasks: impl Iterator<Item = (&'a StagedTask, &'a Completion)>) -> Self {
        let mut known: HashMap<PathBuf, Digest> = HashMap::new();
        let mut contested = HashSet::new();
        for (path, file) in tasks.flat_map(|(task, completion)| places(task, completion)) {
            if known.get(&path).is_some_and(|digest| *digest != file.digest) {
                contested.insert(path);
            } else {
                known.insert(path, file.digest);
            }
        }
        Self { contested }
    }

    /// The files of a task that are gone or have other bytes.
    pub fn lost(
        &self,
        task: &StagedTask,
        completion: &Completion,
        digest: &mut dyn FnMut(&Path) -> Result<Option<Digest>, Failure>,
    ) -> Result<Vec<LostFile>, Failure> {
        let mut lost = Vec::new();
        for (path, file) in places(task, completion) {
            let now = digest(&path)?;
            let is_contested = now.is_some() && self.contested.contains(&path);
            if now != Some(file.digest) && !is_contested {
                lost.push(LostFile { path, changed: now.is_some(), file: file.clone() });
            }
        }
        Ok(lost)
    }
}

/// What is said of lost files before they are put back.
pub fn causes(lost: &[LostFile]) -> Vec<String> {
    let one = |file: &LostFile| {
        let how = if file.changed { "is not as its stage wrote it" } else { "is missing" };
        format!("`{}` {how}, `mendel run` puts it back", file.path.display())
    };
    let mut causes: Vec<_> = lost.iter().take(NAMED).map(one).collect();
    if lost.len() > NAMED {
        causes.push(format!("and {} more", count(lost.len() - NAMED, "file")));
    }
    causes
}

/// Puts the files of an up-to-date task back; false where the store no longer has one of them.
pub async fn put_back(context: &Context, shown: &str, lost: &[LostFile], printer: &Printer) -> Result<bool, Failure> {
    for LostFile { path, file, .. } in lost {
        match context.client.blob_to_file(&file.digest, path).await {
            Ok(_) => {
                let mode = fs::set_permissions(path, fs::Permissions::from_mode(file.mode));
                mode.map_err(|error: io::Error| {
                    Failure::trouble(format!("cannot set the mode of `{}`: {error}", path.display()))
                })?;
            }
            Err(ClientError::Refused { message, .. }) => {
                printer.note(format_args!("{}: `{}`: {message}; it is computed again", safe(shown), path.display()));
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let folders: BTreeSet<_> = lost.iter().filter_map(|file| file.path.parent()).collect();
    for file in lost.iter().take(NAMED) {
        let how = if file.changed { ", which had been changed" } else { "" };
        printer.note(format_args!("{}: put back `{}`{how}", safe(shown), file.path.display()));
    }
    if lost.len() > NAMED {
        let more = count(lost.len() - NAMED, "more file");
        let folders: Vec<_> = folders.iter().take(NAMED).map(|folder| format!("`{}`", folder.display())).collect();
        printer.note(format_args!("{}: put back {more} in {}", safe(shown), folders.join(", ")));
    }
    Ok(true)
}
