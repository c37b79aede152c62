//! Conda environments from `environment.yml`, made by whichever compatible tool is there.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use mendel_model::{Canonical, Digest};

use super::{
    EnvironmentError, Machine,
    machine::is_program,
    packages::conda_packages,
    place::{Made, site_folders},
    process::run,
    requirement::conda_digest,
};

/// The tools, the fastest first.
const TOOLS: [&str; 3] = ["micromamba", "mamba", "conda"];

/// The tool that makes conda environments, if any is installed.
pub(super) fn find_tool(machine: &Machine) -> Option<PathBuf> {
    let on_path = TOOLS.iter().find_map(|name| machine.find(name));
    on_path.or_else(|| machine.conda.iter().find(|path| is_program(path)).cloned())
}

/// Equal keys, equal environments: the file and the requirements it names.
pub(super) fn key(file: &Path) -> Result<Digest, EnvironmentError> {
    let mut form = Canonical::new("environment inputs");
    form.text("conda").digest(&conda_digest(file)?);
    Ok(form.finish())
}

/// Makes the environment that `file` describes in `folder`, which does not exist yet.
pub(super) fn make(
    file: &Path,
    folder: &Path,
    machine: &Machine,
    say: &mut dyn FnMut(&str),
) -> Result<Made, EnvironmentError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(tool) = find_tool(machine) else { return Err(EnvironmentError::ManagerMissing { file: name }) };
    let tool_name = tool.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut command = Command::new(&tool);
    if tool_name.starts_with("micromamba") {
        command.arg("create");
    } else {
        command.args(["env", "create"]);
    }
    command.arg("--prefix").arg(folder).arg("--file").arg(file);
    // Every one of them understands these; not every version understands `--yes` here.
    command.env("CONDA_ALWAYS_YES", "true").env("MAMBA_ALWAYS_YES", "true");
    command.env("CONDA_QUIET", "true").env("NO_COLOR", "1").env("PATH", &machine.path);
    if let Some(parent) = file.parent().filter(|parent| parent.is_dir()) {
        command.current_dir(parent);
    }
    run(&mut command, say).map_err(|said| EnvironmentError::Build { tool: tool_name, file: name, said })?;
    let python = PathBuf::from("bin/python");
    let version = conda_packages(folder, &[] as &[PathBuf]).into_iter().find(|package| package.name == "python");
    Ok(Made {
        python: folder.join(&python).exists().then_some(python),
        version: version.map(|package| package.version).unwrap_or_default(),
        site: site_folders(folder),
        tools: Vec::new(),
    })
}
