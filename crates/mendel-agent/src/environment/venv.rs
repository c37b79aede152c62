//! Virtual environments from `requirements.txt`: by `uv` where there is one, else by
//! `python -m venv` and pip.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use mendel_model::{Canonical, Digest};

use super::{
    EnvironmentError, Interpreter, Machine,
    machine::is_program,
    packages::packages,
    place::{Made, site_folders},
    process::run,
    requirement::requirements_digest,
};

/// What a virtual environment is made from.
pub(super) struct VenvPlan<'a> {
    pub(super) requirements: &'a Path,
    pub(super) base: &'a Interpreter,
    pub(super) machine: &'a Machine,
}

impl VenvPlan<'_> {
    /// Equal keys, equal environments: requirements, version and place of the interpreter.
    pub(super) fn key(&self) -> Result<Digest, EnvironmentError> {
        let mut form = Canonical::new("environment inputs");
        form.text("venv").text(&self.base.version).text(&self.base.executable.to_string_lossy());
        form.digest(&requirements_digest(self.requirements)?);
        Ok(form.finish())
    }

    /// Makes it in `folder`, which does not exist yet.
    pub(super) fn make(&self, folder: &Path, say: &mut dyn FnMut(&str)) -> Result<Made, EnvironmentError> {
        let python = folder.join("bin/python");
        let with_uv = match self.uv() {
            Some(uv) => self.make_with_uv(&uv, folder, &python, say)?,
            None => false,
        };
        let mut tools = Vec::new();
        if !with_uv {
            self.run("venv", Command::new(&self.base.executable).args(["-m", "venv"]).arg(folder), say)?;
            tools = packages(
                site_folders(folder)
                    .iter()
                    .map(|site| folder.join(site))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(PathBuf::as_path),
            );
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--requirement"]).arg(self.requirements);
            self.run("pip", &mut install, say)?;
        }
        let python = Some(PathBuf::from("bin/python"));
        Ok(Made { python, version: self.base.version.clone(), site: site_folders(folder), tools })
    }

    /// False if `uv` cannot make environments for this interpreter, which pip may still do.
    fn make_with_uv(
        &self,
        uv: &Path,
        folder: &Path,
        python: &Path,
        say: &mut dyn FnMut(&str),
    ) -> Result<bool, EnvironmentError> {
        let mut create = Command::new(uv);
        create.args(["venv", "--no-project", "--python"]).arg(&self.base.executable).arg(folder);
        if let Err(error) = self.run("uv", &mut create, say) {
            say(&format!("{error}; trying with pip"));
            if folder.exists() {
                fs::remove_dir_all(folder)
                    .map_err(|source| EnvironmentError::Write { path: folder.to_owned(), source })?;
            }
            return Ok(false);
        }
        let mut install = Command::new(uv);
        install.args(["pip", "install", "--python"]).arg(python).arg("--requirements").arg(self.requirements);
        self.run("uv", &mut install, say)?;
        Ok(true)
    }

    /// On the search path, or installed beside the interpreter.
    fn uv(&self) -> Option<PathBuf> {
        let beside = self.base.executable.parent().map(|folder| folder.join("uv"));
        self.machine.find("uv").or_else(|| beside.filter(|path| is_program(path)))
    }

    fn run(&self, tool: &str, command: &mut Command, say: &mut dyn FnMut(&str)) -> Result<(), EnvironmentError> {
        command.env("PATH", &self.machine.path).env("NO_COLOR", "1");
        command.env("UV_PYTHON_DOWNLOADS", "never").env("UV_NO_PROGRESS", "1");
        command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").env("PIP_NO_INPUT", "1").env("PIP_PROGRESS_BAR", "off");
        if let Some(folder) = self.requirements.parent().filter(|folder| folder.is_dir()) {
            command.current_dir(folder);
        }
        let file = self.requirements.file_name().unwrap_or_default().to_string_lossy().into_owned();
        run(command, say).map_err(|said| EnvironmentError::Build { tool: tool.to_owned(), file, said })
    }
}
