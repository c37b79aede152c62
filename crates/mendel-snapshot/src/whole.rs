//! All files of a project or of one of its folders, for a step that read what nobody can name.
//!
//! Files that stages wrote are left out as long as they are as they were written: else every
//! step would change what the others depend on. What earlier stages wrote for the same input
//! counts.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use mendel_model::{Digest, Manifest};

use crate::{FileStat, Limits, Options, Purpose, SnapshotError, StatIndex, snapshot};

/// Files that say what is asked for; what they say counts where it is used.
const TASK_FILES: [&str; 2] = ["task.yml", "task.yaml"];

/// What follows the name of a folder in the subject of all its files; alone it is that of the project.
const ALL: &str = ".";

/// The files of a project, or of a folder in it, as they are now.
#[derive(Debug)]
pub struct Whole {
    root: PathBuf,
    /// The folder, with `/` at its end; empty for the project itself.
    below: String,
    manifest: Manifest,
    written: WrittenFiles,
}

/// A step, as far as it decides which written files count for it.
#[derive(Debug, Clone, Copy)]
pub struct WholeFor<'a> {
    /// Absolute path of its task.
    pub task: &'a str,
    /// Its input, as JSON.
    pub input: &'a str,
    /// Ids of the stages before it.
    pub earlier: &'a [&'a str],
    /// Whether Python sources are left out, because what reads is no Python.
    pub data_only: bool,
}

impl Whole {
    /// Where the list is of what stages wrote below `root`, in the workspace at `workspace`.
    pub fn list(workspace: &Path, root: &Path) -> PathBuf {
        let name = Digest::of(root.as_os_str().as_encoded_bytes()).to_string();
        workspace.join("written").join(&name[..32])
    }

    /// The folder whose files `subject` stands for; empty for the project, none where it is one thing.
    pub fn folder_of(subject: &str) -> Option<&str> {
        if subject == ALL { Some("") } else { subject.strip_suffix(ALL)?.strip_suffix('/') }
    }

    /// Looks at every file of the folder `below` `root`; `written` names the list of what stages
    /// wrote below `root`.
    pub fn look(root: &Path, below: &str, written: &Path, index: &mut StatIndex) -> Result<Self, SnapshotError> {
        let purpose = Purpose::Script(PathBuf::new());
        let options = Options { purpose, limits: Limits::NONE, git: false, ..Options::default() };
        let folder = root.join(below);
        let manifest = match folder.is_dir() {
            true => snapshot(&folder, &options, index)?.manifest,
            false => Manifest::default(),
        };
        let written = WrittenFiles::read(written).map_err(|source| SnapshotError::read(written, source))?;
        let below = if below.is_empty() { String::new() } else { format!("{below}/") };
        Ok(Self { root: root.to_owned(), below, manifest, written })
    }

    /// The digest of all that counts for `step`.
    pub fn digest(&self, step: WholeFor<'_>) -> Digest {
        let counts = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_source = step.data_only && (name.ends_with(".py") || name.ends_with(".pyi"));
            !TASK_FILES.contains(&name)
                && !is_source
                && !self.written.explain(&self.root, &format!("{}{path}", self.below), step)
        };
        let paths = self.manifest.entries.iter().map(|entry| entry.path.as_str());
        self.manifest.digest_without(&paths.filter(|path| !counts(path)).collect::<HashSet<_>>())
    }
}

/// Which files stages wrote last, for which step, and how they looked.
#[derive(Debug, Default)]
struct WrittenFiles {
    by_path: HashMap<String, Written>,
}

#[derive(Debug)]
struct Written {
    task: String,
    stage: String,
    input: String,
    /// Size, time of the last write in nanoseconds, inode.
    stat: (u64, i64, u64),
}

impl WrittenFiles {
    /// Reads a list of lines with seven parts, each followed by a zero byte. A torn line, or a
    /// name with a line break, is passed over: such a file counts.
    fn read(list: &Path) -> io::Result<Self> {
        let bytes = match fs::read(list) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&bytes);
        Ok(Self { by_path: text.lines().filter_map(Written::parse).collect() })
    }

    /// Whether the file at `path` is what a stage made, and none that `step` may have used.
    fn explain(&self, root: &Path, path: &str, step: WholeFor<'_>) -> bool {
        let Some(written) = self.by_path.get(path) else { return false };
        let used =
            written.task == step.task && written.input == step.input && step.earlier.contains(&written.stage.as_str());
        let now = root.join(path).metadata().map(|facts| FileStat::of(&facts));
        !used && now.is_ok_and(|now| (now.size, now.mtime_ns, now.inode) == written.stat)
    }
}

impl Written {
    fn parse(line: &str) -> Option<(String, Self)> {
        let mut parts = line.strip_suffix('\0')?.split('\0');
        let mut next = || parts.next().map(str::to_owned);
        let (path, task, stage, input) = (next()?, next()?, next()?, next()?);
        let stat = (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
        parts.next().is_none().then_some((path, Self { task, stage, input, stat }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: WholeFor<'_> = WholeFor { task: "/t", input: "1", earlier: &["load"], data_only: false };

    fn listed(root: &Path, path: &str, stage: &str, input: &str) -> String {
        let stat = FileStat::of(&root.join(path).metadata().expect("a file"));
        let parts = [path, "/t", stage, input].map(str::to_owned).into_iter();
        let numbers = [stat.size.to_string(), stat.mtime_ns.to_string(), stat.inode.to_string()];
        parts.chain(numbers).map(|part| format!("{part}\0")).collect::<String>() + "\n"
    }

    #[test]
    fn what_stages_wrote_counts_only_if_it_was_changed_or_came_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("project");
        fs::create_dir(&root).expect("a folder");
        let (list, mut index) = (folder.path().join("written"), StatIndex::in_memory());
        let mut digest = |step| Whole::look(&root, "", &list, &mut index).expect("looked").digest(step);
        fs::write(root.join("data.csv"), "1").expect("written");
        let before = digest(STEP);

        fs::write(root.join("out.csv"), "made").expect("written");
        assert_ne!(digest(STEP), before, "a new file counts");
        fs::write(&list, listed(&root, "out.csv", "save", "1") + "torn\0").expect("written");
        assert_eq!(digest(STEP), before, "what a later stage made does not");
        fs::write(&list, listed(&root, "out.csv", "load", "2")).expect("written");
        assert_eq!(digest(STEP), before, "nor what was made for another input");
        fs::write(&list, listed(&root, "out.csv", "load", "1")).expect("written");
        assert_ne!(digest(STEP), before, "what an earlier stage made does");
        fs::write(&list, listed(&root, "out.csv", "save", "1")).expect("written");
        fs::write(root.join("out.csv"), "edited by hand").expect("written");
        assert_ne!(digest(STEP), before, "and so does what is no more as it was made");
    }

    #[test]
    fn sources_count_only_for_what_may_run_them_and_task_files_never() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("absent");
        let digest =
            |step| Whole::look(folder.path(), "", &list, &mut StatIndex::in_memory()).expect("looked").digest(step);
        let data = WholeFor { data_only: true, ..STEP };
        let before = (digest(STEP), digest(data));
        fs::create_dir(folder.path().join("x")).expect("a folder");
        fs::write(folder.path().join("x/task.yml"), "a: 1").expect("written");
        assert_eq!((digest(STEP), digest(data)), before);
        fs::write(folder.path().join("x/tool.py"), "1").expect("written");
        assert_eq!(digest(data), before.1);
        assert_ne!(digest(STEP), before.0);
    }
}
