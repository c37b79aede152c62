//! How a child is started: its words, its environment, and what binds its life to ours.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::Stdio,
};

use nix::{
    sys::{
        prctl::set_pdeathsig,
        signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, killpg, sigaction},
    },
    unistd::{Pid, getppid},
};
use tokio::process::{Child, Command};

use crate::job::{Job, Launch};

/// The module that goes through the stages of a pipeline.
const STAGE_WORKER: &str = "mendel.pipeline.worker";
/// The module that executes a task made of a class.
const TASK_WORKER: &str = "mendel.typed.worker";

/// A child that is about to be started.
#[derive(Debug)]
pub(super) struct Preparation {
    /// The folder it starts in.
    pub(super) folder: PathBuf,
    /// What is started in place of the script that the job names.
    pub(super) stand_in: Option<PathBuf>,
    /// Variables of Mendel's own, on top of those of the job.
    pub(super) variables: BTreeMap<&'static str, OsString>,
    /// The folder put first in `PYTHONPATH`, if one is.
    pub(super) python_path: Option<PathBuf>,
}

/// Starts the process of `job`. Call it from the thread that lives longest: when the
/// calling thread ends, the child is killed.
pub(super) fn start(job: &Job, preparation: &Preparation) -> io::Result<Child> {
    let (program, words) = words(job, preparation)?;
    let mut command = command(job, preparation, program);
    command.args(words).args(&job.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(&preparation.variables);
    command.spawn()
}

/// Starts a module of ours with the Python of `job`, which belongs to no run. Call it from the
/// thread that lives longest.
pub(super) fn start_module(
    job: &Job,
    preparation: &Preparation,
    module: &str,
    (input, output): (Stdio, Stdio),
) -> io::Result<Child> {
    let mut command = command(job, preparation, python(job)?);
    command.args(["-m", module]).stdin(input).stdout(output).stderr(Stdio::inherit()).kill_on_drop(true);
    command.spawn()
}

/// A command in the environment of `job`, in a group of its own, that dies with us.
fn command(job: &Job, preparation: &Preparation, program: OsString) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&preparation.folder).process_group(0);
    set_environment(&mut command, job, preparation);
    let parent = Pid::this();
    // SAFETY: the closure makes system calls only; it allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(move || bind_to(parent));
    }
    command
}

/// Sends `signal` to the process group of a child; one that is gone is no error.
pub(super) fn signal_group(group: u32, signal: Signal) {
    if let Ok(group) = i32::try_from(group) {
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

/// Runs in the child, between fork and exec.
fn bind_to(parent: Pid) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != parent {
        return Err(io::Error::from_raw_os_error(nix::libc::ESRCH));
    }
    // A command started in the background of a script ignores Ctrl-C, and so would the child.
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT, Signal::SIGHUP] {
        // SAFETY: the default action is no handler, so nothing of ours can be called.
        unsafe { sigaction(signal, &default) }?;
    }
    Ok(())
}

fn words(job: &Job, preparation: &Preparation) -> io::Result<(OsString, Vec<OsString>)> {
    match &job.launch {
        Launch::Script { path, .. } => {
            let script = preparation.stand_in.as_deref().unwrap_or(path);
            Ok((python(job)?, vec![script.into()]))
        }
        Launch::Stages { .. } => Ok((python(job)?, vec!["-m".into(), STAGE_WORKER.into()])),
        Launch::Typed { .. } => Ok((python(job)?, vec!["-m".into(), TASK_WORKER.into()])),
        Launch::Command { program } => Ok((program.into(), Vec::new())),
        Launch::Shell { path, .. } => {
            let mut words = shebang(&preparation.folder.join(path))?;
            words.push(path.into());
            let program = words.remove(0);
            Ok((program, words))
        }
    }
}

fn python(job: &Job) -> io::Result<OsString> {
    job.environment.python.clone().map_or_else(|| first_python(job), |python| Ok(python.into()))
}

fn first_python(job: &Job) -> io::Result<OsString> {
    let own = match job.environment.variables.get("PATH") {
        Some(path) => path.clone().map(OsString::from),
        None => std::env::var_os("PATH"),
    };
    let folders: Vec<_> = std::env::split_paths(&own.unwrap_or_default()).collect();
    let found = ["python3", "python"].iter().find_map(|name| {
        let mut places = folders.iter().map(|folder| folder.join(name));
        places.find(|place| place.is_file())
    });
    found
        .map(PathBuf::into_os_string)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no `python3` on the path"))
}

/// The words of the `#!` line of a script, else `sh`.
fn shebang(path: &Path) -> io::Result<Vec<OsString>> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?.take(4096)).read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    let words: Vec<OsString> = match line.strip_prefix("#!") {
        // Like the kernel: one program, and everything after it as one word.
        Some(rest) => rest.trim().splitn(2, char::is_whitespace).map(|word| word.trim().into()).collect(),
        None => Vec::new(),
    };
    match words.first() {
        Some(program) if !program.is_empty() => Ok(words),
        _ => Ok(vec!["sh".into()]),
    }
}

fn set_environment(command: &mut Command, job: &Job, preparation: &Preparation) {
    for (name, value) in &job.environment.variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("PWD", &preparation.folder);
    let inherited = match job.environment.variables.get("PYTHONPATH") {
        Some(value) => value.clone().map(OsString::from),
        None => std::env::var_os("PYTHONPATH"),
    };
    if let Some(first) = &preparation.python_path {
        command.env("PYTHONPATH", python_path(first, inherited.as_deref()));
    }
    if !matches!(job.launch, Launch::Script { .. }) && std::env::var_os("PYTHONUNBUFFERED").is_none() {
        // A Python started by a command would keep its lines back, since it sees a pipe.
        command.env("PYTHONUNBUFFERED", "1");
    }
}

/// An empty rest adds nothing, since an empty entry would mean the working folder.
fn python_path(first: &Path, rest: Option<&OsStr>) -> OsString {
    let mut path = first.as_os_str().to_owned();
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_script_is_started_by_its_first_line_else_by_sh() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |text: &str| {
            let path = folder.path().join("a.sh");
            std::fs::write(&path, text).expect("written");
            shebang(&path).expect("read")
        };
        assert_eq!(of("#!/usr/bin/env bash -e\necho"), ["/usr/bin/env", "bash -e"]);
        assert_eq!(of("#! /bin/bash\n"), ["/bin/bash"]);
        assert_eq!(of("echo\n"), ["sh"]);
        assert_eq!(of(""), ["sh"]);
    }

    #[test]
    fn the_python_path_of_the_user_follows_ours() {
        assert_eq!(python_path(Path::new("/w"), None), "/w");
        assert_eq!(python_path(Path::new("/w"), Some(OsStr::new(""))), "/w");
        assert_eq!(python_path(Path::new("/w"), Some(OsStr::new("/a:/b"))), "/w:/a:/b");
    }
}
