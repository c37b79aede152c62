//! What is known of an interpreter, without starting it when it was seen before.
//!
//! The first time, Python is started once and tells its version and where it looks for
//! packages. That is trusted while `stat` of the interpreter, of those folders and of the
//! files that choose a version is the same.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use mendel_model::{Canonical, Package};
use mendel_snapshot::FileStat;
use serde::{Deserialize, Serialize};

use super::{EnvironmentError, Machine, packages::packages, place::replace};

const FORMAT: u32 = 1;
const QUIET_NANOSECONDS: i64 = 2_000_000_000;

/// Prints one line after the mark, whatever else start-up files of the user print.
const QUESTION: &str = r#"
import json, os, platform, site, sys
found = lambda path: os.path.isdir(path) and any(n.endswith((".dist-info", ".egg-info")) for n in os.listdir(path))
paths = [p for p in sys.path[1:] if os.path.basename(p) in ("site-packages", "dist-packages") or found(p)]
paths += getattr(site, "getsitepackages", list)()
if getattr(site, "ENABLE_USER_SITE", False):
    paths.append(site.getusersitepackages())
unique = [p for i, p in enumerate(paths) if p not in paths[:i]]
print("mendel:" + json.dumps({"executable": sys.executable, "version": platform.python_version(), "paths": unique}))
"#;

/// A Python interpreter and the packages it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Its own idea of where it is; start this one.
    pub executable: PathBuf,
    /// The language version, such as `3.11.7`.
    pub version: String,
    /// Packages it can import, sorted by name.
    pub packages: Vec<Package>,
    /// The folders that they lie in.
    pub sites: Vec<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    executable: PathBuf,
    version: String,
    paths: Vec<PathBuf>,
}

/// What was learned of an interpreter, and the facts it rests on.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    format: u32,
    facts: Vec<(PathBuf, Option<FileStat>)>,
    answer: Answer,
    packages: Vec<Package>,
}

/// What `python` is and sees when started in `folder`; `cache` remembers it.
pub fn interpreter(
    python: &Path,
    folder: &Path,
    machine: &Machine,
    cache: &Path,
) -> Result<Interpreter, EnvironmentError> {
    interpreter_at(python, folder, machine, cache, now_ns())
}

/// As above, at `now` in nanoseconds since the epoch.
fn interpreter_at(
    python: &Path,
    folder: &Path,
    machine: &Machine,
    cache: &Path,
    now: i64,
) -> Result<Interpreter, EnvironmentError> {
    let choosers = choosers(python, folder);
    let file = cache.join(memory_name(python, &choosers, machine));
    let known = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Memory>(&bytes).ok());
    let known =
        known.filter(|memory| memory.format == FORMAT && memory.facts.iter().all(|(path, fact)| stat(path) == *fact));
    if let Some(Memory { answer, packages, .. }) = known {
        let Answer { executable, version, paths: sites } = answer;
        return Ok(Interpreter { executable, version, packages, sites });
    }
    let facts_of = |paths: &[PathBuf]| paths.iter().map(|path| (path.clone(), stat(path))).collect::<Vec<_>>();
    // Facts are noted before the question they answer: a change meanwhile then shows.
    let mut facts = facts_of(&[python.to_owned()]);
    facts.extend(facts_of(&choosers));
    let answer = ask(python, folder, machine)?;
    let mut places = vec![answer.executable.clone()];
    places.extend(answer.executable.parent().and_then(Path::parent).map(|prefix| prefix.join("pyvenv.cfg")));
    places.extend(answer.paths.iter().cloned());
    facts.extend(facts_of(&places));
    let packages = packages(answer.paths.iter().map(PathBuf::as_path));
    let found = Interpreter {
        executable: answer.executable.clone(),
        version: answer.version.clone(),
        packages: packages.clone(),
        sites: answer.paths.clone(),
    };
    // What changed just now may change again within the clock's grain, unseen.
    let quiet = |fact: &FileStat| fact.ctime_ns.max(fact.mtime_ns) < now - QUIET_NANOSECONDS;
    if facts.iter().filter_map(|(_, fact)| fact.as_ref()).all(quiet) {
        let memory = Memory { format: FORMAT, facts, answer, packages };
        if let Ok(bytes) = serde_json::to_vec(&memory) {
            // A cache that cannot be written costs a start of Python next time and nothing else.
            let _ = replace(&file, &bytes);
        }
    }
    Ok(found)
}

fn stat(path: &Path) -> Option<FileStat> {
    path.metadata().ok().map(|metadata| FileStat::of(&metadata))
}

fn now_ns() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |span| span.as_nanos());
    i64::try_from(now).unwrap_or(i64::MAX)
}

fn memory_name(python: &Path, choosers: &[PathBuf], machine: &Machine) -> String {
    let mut form = Canonical::new("interpreter");
    form.text(&python.to_string_lossy());
    for path in choosers {
        form.text(&path.to_string_lossy());
    }
    for (name, value) in &machine.python_variables {
        form.text(name).text(&value.to_string_lossy());
    }
    format!("python-{}.json", &form.finish().to_string()[..32])
}

/// The files by which a shim of a version manager chooses the interpreter for `folder`.
fn choosers(python: &Path, folder: &Path) -> Vec<PathBuf> {
    let is_script = fs::File::open(python).is_ok_and(|mut file| {
        let mut start = [0; 2];
        std::io::Read::read_exact(&mut file, &mut start).is_ok() && start == *b"#!"
    });
    if !is_script {
        return Vec::new();
    }
    let names = [".python-version", ".tool-versions", "mise.toml", ".mise.toml"];
    let mut files: Vec<PathBuf> = folder.ancestors().flat_map(|folder| names.map(|name| folder.join(name))).collect();
    files.extend(python.parent().and_then(Path::parent).map(|root| root.join("version")));
    files
}

fn ask(python: &Path, folder: &Path, machine: &Machine) -> Result<Answer, EnvironmentError> {
    let broken = |said: String| EnvironmentError::PythonBroken { path: python.to_owned(), said };
    let mut command = Command::new(python);
    command.args(["-B", "-c", QUESTION]).current_dir(folder).stdin(Stdio::null()).env("PATH", &machine.path);
    let output = command.output().map_err(|error| broken(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().rev().find_map(|line| line.strip_prefix("mendel:"));
    match answer.and_then(|line| serde_json::from_str::<Answer>(line).ok()) {
        Some(answer) if output.status.success() && !answer.executable.as_os_str().is_empty() => Ok(answer),
        _ => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let last = complaint.lines().rev().find(|line| !line.trim().is_empty());
            Err(broken(last.map_or_else(|| output.status.to_string(), str::to_owned)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A stand-in for Python that notes each start, with one folder of packages.
    struct StandIn {
        folder: tempfile::TempDir,
    }

    impl StandIn {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let stand_in = Self { folder };
            fs::create_dir_all(stand_in.at("bin")).unwrap();
            fs::create_dir_all(stand_in.at("site/alpha-1.0.dist-info")).unwrap();
            let answer = serde_json::json!({
                "executable": stand_in.at("bin/python3"), "version": "3.12.1", "paths": [stand_in.at("site")],
            });
            let starts = stand_in.at("starts");
            let script = format!("#!/bin/sh\necho noise\necho x >> {}\necho 'mendel:{answer}'\n", starts.display());
            fs::write(stand_in.at("bin/python3"), script).unwrap();
            fs::set_permissions(stand_in.at("bin/python3"), fs::Permissions::from_mode(0o755)).unwrap();
            stand_in
        }

        fn at(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        fn learn(&self, now: i64) -> Interpreter {
            let machine = Machine { path: "/usr/bin:/bin".into(), ..Machine::default() };
            let project = self.at("project");
            fs::create_dir_all(&project).unwrap();
            interpreter_at(&self.at("bin/python3"), &project, &machine, &self.at("cache"), now).unwrap()
        }

        fn starts(&self) -> usize {
            fs::read_to_string(self.at("starts")).unwrap().lines().count()
        }
    }

    #[test]
    fn an_interpreter_that_was_seen_is_not_started_again() {
        let python = StandIn::new();
        let first = python.learn(i64::MAX);
        assert_eq!(first.version, "3.12.1");
        assert_eq!(first.packages, [Package { name: "alpha".to_owned(), version: "1.0".to_owned() }]);
        assert_eq!(python.learn(i64::MAX), first);
        assert_eq!(python.starts(), 1);
    }

    #[test]
    fn a_package_installed_by_hand_is_seen() {
        let python = StandIn::new();
        python.learn(i64::MAX);
        fs::create_dir(python.at("site/beta-2.0.dist-info")).unwrap();
        assert_eq!(python.learn(i64::MAX).packages.len(), 2);
        assert_eq!(python.starts(), 2);
    }

    #[test]
    fn a_shim_is_asked_again_when_the_project_chooses_another_version() {
        let python = StandIn::new();
        python.learn(i64::MAX);
        fs::write(python.at("project/.python-version"), "3.9").unwrap();
        python.learn(i64::MAX);
        fs::write(python.at("version"), "3.10").unwrap();
        python.learn(i64::MAX);
        assert_eq!(python.starts(), 3);
    }

    #[test]
    fn what_changed_just_now_is_not_remembered() {
        let python = StandIn::new();
        python.learn(now_ns());
        python.learn(now_ns());
        assert_eq!(python.starts(), 2);
    }

    #[test]
    fn a_damaged_memory_is_asked_for_again() {
        let python = StandIn::new();
        python.learn(i64::MAX);
        for entry in python.at("cache").read_dir().unwrap() {
            fs::write(entry.unwrap().path(), "{").unwrap();
        }
        python.learn(i64::MAX);
        assert_eq!(python.starts(), 2);
    }

    #[test]
    fn an_interpreter_that_does_not_work_is_told_with_its_last_words() {
        let python = StandIn::new();
        fs::write(python.at("bin/python3"), "#!/bin/sh\necho 'shim: version not installed' >&2\nexit 127\n").unwrap();
        let machine = Machine::default();
        let error = interpreter(&python.at("bin/python3"), &python.at(""), &machine, &python.at("cache")).unwrap_err();
        assert!(error.to_string().ends_with("shim: version not installed"), "{error}");
    }
}
