//! A request that the store answers: outputs that are missing are put back.

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use mendel_engine::{Action, Plan};
use mendel_model::{Digest, StepResult};

use crate::{context::Context, exit::Failure, printer::Printer, run::prepare::Prepared};

/// Puts back the outputs of every reused result of a task that runs where it was started.
/// Ones that differ by now are kept and named.
pub async fn put_back(context: &Context, task: &Prepared, plan: &Plan, printer: &Printer) -> Result<(), Failure> {
    if task.private {
        return Ok(());
    }
    for step in &plan.steps {
        if let Action::Reuse(result) = &step.action {
            put_back_one(context, &task.root, result, printer).await?;
        }
    }
    Ok(())
}

async fn put_back_one(context: &Context, root: &Path, result: &StepResult, printer: &Printer) -> Result<(), Failure> {
    for output in &result.outputs {
        let path = root.join(&output.path);
        if let Some(link) = &output.link {
            put_back_link(&path, link, &output.path, printer);
            continue;
        }
        match std::fs::read(&path) {
            Ok(bytes) if Digest::of(&bytes) == output.digest => {}
            Ok(_) => printer.note(format_args!("kept `{}`, which differs from what the run wrote", output.path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !output.kept {
                    printer.note(format_args!(
                        "`{}` is missing and was too large to be kept; `--force` computes it again",
                        output.path
                    ));
                    continue;
                }
                context.client.blob_to_file(&output.digest, &path).await?;
                if output.executable {
                    make_executable(&path)?;
                }
                printer.note(format_args!("put back `{}`", output.path));
            }
            Err(error) => printer.note(format_args!("`{}` cannot be read: {error}", output.path)),
        }
    }
    Ok(())
}

fn put_back_link(path: &Path, link: &str, name: &str, printer: &Printer) {
    match fs::read_link(path) {
        Ok(there) if there == Path::new(link) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new("/"));
            match fs::create_dir_all(folder).and_then(|()| symlink(link, path)) {
                Ok(()) => printer.note(format_args!("put back `{name}`")),
                Err(error) => printer.note(format_args!("`{name}` cannot be put back: {error}")),
            }
        }
        Ok(_) | Err(_) => printer.note(format_args!("kept `{name}`, which differs from what the run wrote")),
    }
}

fn make_executable(path: &Path) -> Result<(), Failure> {
    let made = fs::metadata(path).and_then(|facts| {
        let mode = facts.permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode | ((mode & 0o444) >> 2)))
    });
    made.map_err(|error| Failure::trouble(format!("cannot make `{}` executable: {error}", path.display())))
}
