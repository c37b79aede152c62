//! Gives the environment that was detected: as it is, or made once for the same inputs.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use mendel_model::{Digest, EnvironmentLock, EnvironmentManager, Package};

use super::{
    Detected, EnvironmentError, Interpreter, Machine, Place, conda,
    interpreter::interpreter,
    machine::is_program,
    packages::{conda_packages, packages},
    place::Complete,
    venv::VenvPlan,
};

/// An environment that is complete and can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Interpreter and packages.
    pub lock: EnvironmentLock,
    /// The interpreter to start; none where there is no Python.
    pub python: Option<PathBuf>,
    /// Variables to set for user code, such as `PATH` and `VIRTUAL_ENV`.
    pub variables: Vec<(String, OsString)>,
    /// Whether it was made just now.
    pub built: bool,
}

/// Which environment is wanted, and where it is made.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The folder whose files describe it.
    pub folder: &'a Path,
    /// What was detected there.
    pub detected: &'a Detected,
    /// Where environments are kept.
    pub place: &'a Place,
    /// What the machine offers.
    pub machine: &'a Machine,
}

/// Fails if the program that has to make the environment is not installed.
pub fn ensure_available(detected: &Detected, machine: &Machine) -> Result<(), EnvironmentError> {
    match detected.manager {
        EnvironmentManager::None => Ok(()),
        EnvironmentManager::System | EnvironmentManager::Venv => find_python(machine).map(|_| ()),
        EnvironmentManager::Conda if conda::find_tool(machine).is_some() => Ok(()),
        EnvironmentManager::Conda => {
            let file = detected.file.as_deref().and_then(Path::file_name).unwrap_or_default();
            Err(EnvironmentError::ManagerMissing { file: file.to_string_lossy().into_owned() })
        }
    }
}

/// The lock of the environment if it is already there; nothing is made.
pub fn known_lock(request: &Request<'_>) -> Result<Option<EnvironmentLock>, EnvironmentError> {
    Ok(match request.plan()? {
        Plan::Nothing => Some(request.lock(Found::default())),
        Plan::System(found) => Some(request.lock(found.into())),
        Plan::Venv { key, .. } | Plan::Conda { key, .. } => {
            request.place.complete(&key).map(|complete| request.lock(request.found(&complete)))
        }
    })
}

/// The folders in which the packages of the environment lie, if they can be told without making it.
pub fn known_sites(request: &Request<'_>) -> Result<Vec<PathBuf>, EnvironmentError> {
    Ok(match request.plan()? {
        Plan::Nothing => Vec::new(),
        Plan::System(found) => found.sites,
        Plan::Venv { key, .. } | Plan::Conda { key, .. } => match request.place.complete(&key) {
            Some(Complete { folder, made, .. }) => made.site.iter().map(|site| folder.join(site)).collect(),
            None => Vec::new(),
        },
    })
}

/// Makes the environment unless it is there; `say` hears each line of the tools.
pub fn prepare(request: &Request<'_>, rebuild: bool, say: &mut dyn FnMut(&str)) -> Result<Prepared, EnvironmentError> {
    let Request { place, machine, .. } = request;
    let (complete, built) = match request.plan()? {
        Plan::Nothing => {
            let lock = request.lock(Found::default());
            return Ok(Prepared { lock, python: None, variables: Vec::new(), built: false });
        }
        Plan::System(found) => {
            let python = Some(found.executable.clone());
            return Ok(Prepared { lock: request.lock(found.into()), python, variables: Vec::new(), built: false });
        }
        Plan::Venv { key, file, base } => {
            let plan = VenvPlan { requirements: &file, base: &base, machine };
            place.make_once(&key, rebuild, say, &mut |folder, say| plan.make(folder, say))?
        }
        Plan::Conda { key, file } => {
            if rebuild || place.complete(&key).is_none() {
                ensure_available(request.detected, machine)?;
            }
            place.make_once(&key, rebuild, say, &mut |folder, say| conda::make(&file, folder, machine, say))?
        }
    };
    Ok(Prepared {
        lock: request.lock(request.found(&complete)),
        python: complete.made.python.as_ref().map(|python| complete.folder.join(python)),
        variables: request.variables(&complete.folder),
        built,
    })
}

/// How the wanted environment comes about.
enum Plan {
    Nothing,
    System(Interpreter),
    Venv { key: Digest, file: PathBuf, base: Interpreter },
    Conda { key: Digest, file: PathBuf },
}

/// What goes into a lock.
#[derive(Default)]
struct Found {
    python: String,
    interpreter: String,
    packages: Vec<Package>,
}

impl From<Interpreter> for Found {
    fn from(found: Interpreter) -> Self {
        let interpreter = found.executable.to_string_lossy().into_owned();
        Self { python: found.version, interpreter, packages: found.packages }
    }
}

impl Request<'_> {
    fn plan(&self) -> Result<Plan, EnvironmentError> {
        let file = || {
            self.detected.file.clone().ok_or_else(|| EnvironmentError::FileMissing {
                choice: self.detected.because.clone(),
                folder: self.folder.to_owned(),
                missing: "file that lists packages".to_owned(),
            })
        };
        Ok(match self.detected.manager {
            EnvironmentManager::None => Plan::Nothing,
            EnvironmentManager::System => Plan::System(self.present_python()?),
            EnvironmentManager::Venv => {
                let (file, base) = (file()?, self.present_python()?);
                let key = VenvPlan { requirements: &file, base: &base, machine: self.machine }.key()?;
                Plan::Venv { key, file, base }
            }
            EnvironmentManager::Conda => {
                let file = file()?;
                Plan::Conda { key: conda::key(&file)?, file }
            }
        })
    }

    fn present_python(&self) -> Result<Interpreter, EnvironmentError> {
        interpreter(&find_python(self.machine)?, self.folder, self.machine, &self.place.cache)
    }

    /// What is in a complete environment now; someone may have installed into it by hand.
    fn found(&self, complete: &Complete) -> Found {
        let made = &complete.made;
        let site: Vec<PathBuf> = made.site.iter().map(|folder| complete.folder.join(folder)).collect();
        let mut found = match self.detected.manager {
            EnvironmentManager::Conda => conda_packages(&complete.folder, &site),
            _ => packages(site.iter().map(PathBuf::as_path)),
        };
        found.retain(|package| !made.tools.contains(package));
        let interpreter = made.python.as_ref().map(|python| complete.folder.join(python));
        let interpreter = interpreter.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        Found { python: made.version.clone(), interpreter, packages: found }
    }

    fn lock(&self, found: Found) -> EnvironmentLock {
        EnvironmentLock {
            manager: self.detected.manager,
            because: self.detected.because.clone(),
            python: found.python,
            interpreter: found.interpreter,
            packages: found.packages,
        }
    }

    /// What activating the environment at `prefix` would set.
    fn variables(&self, prefix: &Path) -> Vec<(String, OsString)> {
        let name = if self.detected.manager == EnvironmentManager::Conda { "CONDA_PREFIX" } else { "VIRTUAL_ENV" };
        let folders = std::iter::once(prefix.join("bin")).chain(env::split_paths(&self.machine.path));
        let path = env::join_paths(folders).unwrap_or_else(|_| self.machine.path.clone());
        vec![("PATH".to_owned(), path), (name.to_owned(), prefix.as_os_str().to_owned())]
    }
}

/// `MENDEL_PYTHON`, else the first Python on the search path.
fn find_python(machine: &Machine) -> Result<PathBuf, EnvironmentError> {
    if let Some(named) = &machine.python {
        let is_word = named.components().count() == 1 && !named.is_absolute();
        let found = if is_word { named.to_str().and_then(|name| machine.find(name)) } else { None };
        let found = found.or_else(|| Some(named.clone()).filter(|path| is_program(path)));
        let searched = || format!("`MENDEL_PYTHON` is `{}`, which is no program", named.display());
        return found.ok_or_else(|| EnvironmentError::PythonMissing { searched: searched() });
    }
    let found = ["python3", "python"].into_iter().find_map(|name| machine.find(name));
    found.ok_or_else(|| EnvironmentError::PythonMissing {
        searched: "neither `python3` nor `python` is on the path".to_owned(),
    })
}
