//! Where the code stood in git, asked of the `git` program.
//!
//! Nothing here can fail a run: what git does not say, or not soon enough, is left out
//! and told as a warning. Addresses are kept without credentials.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use mendel_model::{Digest, GitState};

use crate::rules::{is_never_taken, work_tree};

/// Time for all questions together.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of a patch that are kept.
const PATCH_BYTES: usize = 1 << 20;
/// Bytes of an answer that are read; a status longer than this is not worth more.
const ANSWER_BYTES: usize = 8 << 20;
/// New files are part of the patch when they are text and not larger than this.
const NEW_FILE_BYTES: u64 = 64 << 10;

/// What git said of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitReport {
    /// The state, when the folder is in a work tree.
    pub state: Option<GitState>,
    /// The patch of uncommitted changes; its digest is in the state.
    pub diff: Option<Vec<u8>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Asks git about `folder`; never fails and never takes more than a few seconds.
pub fn git_state(folder: &Path) -> GitReport {
    ask("git", folder, PATIENCE)
}

fn ask(program: &str, folder: &Path, patience: Duration) -> GitReport {
    let Some(top) = work_tree(folder) else { return GitReport::default() };
    let start = Instant::now();
    let git = Git { program, folder, until: start + patience };
    let mut report = GitReport::default();
    // New files may be millions; then it is asked again without them, in what time is left.
    let first = Git { until: start + patience * 2 / 3, ..git }.status("all");
    let status = first.or_else(|problem| {
        report.warnings.push(problem);
        git.status("no")
    });
    let Ok(status) = status else { return report };
    let repository = git.repository().or_else(|| Some(top.file_name()?.to_string_lossy().into_owned()));
    let mut state = GitState {
        repository: repository.unwrap_or_default(),
        dirty: status.tracked_changes || !status.new_files.is_empty(),
        commit: status.commit,
        branch: status.branch,
        diff: None,
    };
    if state.dirty {
        let base = if state.commit.is_some() { "HEAD" } else { "--cached" };
        let question = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", base, "--", "."];
        match git.ask(&question, PATCH_BYTES) {
            Ok(answer) => {
                let mut patch = answer.text;
                let cut = answer.cut || add_new_files(&top, &status.new_files, &mut patch);
                if cut {
                    report.warnings.push("the patch of uncommitted changes is long; its first MiB is kept".to_owned());
                }
                state.diff = (!patch.is_empty()).then(|| Digest::of(&patch));
                report.diff = (!patch.is_empty()).then_some(patch);
            }
            Err(problem) => report.warnings.push(problem),
        }
    }
    report.state = Some(state);
    report
}

#[derive(Debug, Default, PartialEq)]
struct Status {
    commit: Option<String>,
    branch: Option<String>,
    tracked_changes: bool,
    /// Paths below the top of the work tree.
    new_files: Vec<String>,
}

impl Status {
    fn read(answer: &[u8]) -> Self {
        let mut status = Self::default();
        let mut parts = answer.split(|byte| *byte == 0);
        while let Some(part) = parts.next() {
            let text = String::from_utf8_lossy(part);
            if let Some(commit) = text.strip_prefix("# branch.oid ") {
                status.commit = Some(commit.to_owned()).filter(|commit| commit != "(initial)");
            } else if let Some(branch) = text.strip_prefix("# branch.head ") {
                status.branch = Some(branch.to_owned()).filter(|branch| branch != "(detached)");
            } else if let Some(path) = text.strip_prefix("? ") {
                if !path.split('/').any(is_never_taken) {
                    status.new_files.push(path.to_owned());
                }
            } else if text.starts_with(['1', '2', 'u']) {
                status.tracked_changes = true;
                if text.starts_with('2') {
                    // A renamed file is followed by its old name.
                    parts.next();
                }
            }
        }
        status
    }
}

struct Answer {
    text: Vec<u8>,
    cut: bool,
}

#[derive(Clone, Copy)]
struct Git<'a> {
    program: &'a str,
    folder: &'a Path,
    until: Instant,
}

impl Git<'_> {
    fn status(&self, new_files: &str) -> Result<Status, String> {
        let new_files = format!("--untracked-files={new_files}");
        let answer = self.ask(&["status", "--porcelain=v2", "--branch", "-z", &new_files, "--", "."], ANSWER_BYTES)?;
        Ok(Status::read(&answer.text))
    }

    /// The address of the first remote, `origin` before others.
    fn repository(&self) -> Option<String> {
        let answer = self.ask(&["config", "--get-regexp", r"^remote\..*\.url$"], ANSWER_BYTES).ok()?;
        let text = String::from_utf8_lossy(&answer.text).into_owned();
        let lines: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let origin = lines.iter().find(|(key, _)| *key == "remote.origin.url");
        origin.or(lines.first()).map(|(_, address)| without_credentials(address))
    }

    /// The standard output of one question, up to `most` bytes; else why there is none.
    fn ask(&self, words: &[&str], most: usize) -> Result<Answer, String> {
        let missing = |reason: &dyn std::fmt::Display| format!("the state of git is not recorded: {reason}");
        let mut command = Command::new(self.program);
        command.arg("-C").arg(self.folder).args(["-c", "core.fsmonitor=false", "-c", "core.quotepath=false"]);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| missing(&format!("cannot start `git` ({error})")))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (sender, receiver) = mpsc::channel();
        let reader = sender.clone();
        thread::spawn(move || reader.send((true, read_up_to(output, most))));
        thread::spawn(move || sender.send((false, read_up_to(errors, 64 << 10))));
        let (mut said, mut complaint) = (None, None);
        while said.is_none() || complaint.is_none() {
            let left = self.until.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left) {
                Ok((true, answer)) if answer.cut => {
                    said = Some(answer);
                    break;
                }
                Ok((true, answer)) => said = Some(answer),
                Ok((false, answer)) => complaint = Some(answer),
                Err(_) => break,
            }
        }
        if said.as_ref().is_none_or(|answer| answer.cut) || complaint.is_none() {
            // It is still running and no longer needed; its absence is as good as its end.
            let _ = child.kill();
        }
        let status = child.wait().map_err(|error| missing(&error))?;
        match (said, complaint) {
            (Some(answer), _) if answer.cut || status.success() => Ok(answer),
            (Some(_), Some(complaint)) => Err(missing(&explain(&complaint.text))),
            _ => Err(missing(&"git took too long")),
        }
    }
}

fn read_up_to(stream: Option<impl std::io::Read>, most: usize) -> Answer {
    let mut text = Vec::new();
    if let Some(stream) = stream {
        // A broken pipe ends the answer; whether it was whole shows in the exit status.
        let _ = stream.take(most as u64 + 1).read_to_end(&mut text);
    }
    let cut = text.len() > most;
    text.truncate(most);
    Answer { text, cut }
}

fn explain(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    if text.contains("dubious ownership") {
        return "git does not trust the owner of the repository; `git config --global --add safe.directory FOLDER` does"
            .to_owned();
    }
    text.lines().next().unwrap_or("git failed without a word").to_owned()
}

/// Adds new text files to `patch`; true if some did not fit.
fn add_new_files(top: &Path, paths: &[String], patch: &mut Vec<u8>) -> bool {
    for path in paths {
        let place = top.join(path);
        let small = place.symlink_metadata().is_ok_and(|stat| stat.is_file() && stat.len() <= NEW_FILE_BYTES);
        let Some(text) = small.then(|| fs::read_to_string(&place).ok()).flatten() else { continue };
        if text.contains('\0') || path.contains(['\n', '"']) {
            continue;
        }
        let added = new_file_patch(path, &text);
        if patch.len() + added.len() > PATCH_BYTES {
            return true;
        }
        patch.extend_from_slice(added.as_bytes());
    }
    false
}

fn new_file_patch(path: &str, text: &str) -> String {
    let mut patch = format!("diff --git a/{path} b/{path}\nnew file mode 100644\n");
    if text.is_empty() {
        return patch;
    }
    let lines = text.split_inclusive('\n');
    patch.push_str(&format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{} @@\n", lines.clone().count()));
    for line in lines {
        patch.push('+');
        patch.push_str(line);
    }
    if !text.ends_with('\n') {
        patch.push_str("\n\\ No newline at end of file\n");
    }
    patch
}

/// A remote address without user names, passwords and tokens.
fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let (user, host) = host.rsplit_once('@').map_or((None, host), |(user, host)| (Some(user), host));
    let user = user.filter(|_| scheme.contains("ssh")).and_then(|user| user.split(':').next());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let path = path.map(|path| path.split(['?', '#']).next().unwrap_or_default());
    let path = path.map(|path| format!("/{path}")).unwrap_or_default();
    format!("{scheme}://{user}{host}{path}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A work tree, and a program in git's place that runs `script`.
    fn stand_in(script: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let program = folder.path().join("stand-in");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let program = program.to_str().unwrap().to_owned();
        (folder, program)
    }

    #[test]
    fn f68_a_git_that_hangs_is_given_up() {
        let (folder, program) = stand_in("exec sleep 600");
        let report = ask(&program, folder.path(), Duration::from_millis(60));
        assert_eq!(report.state, None);
        assert_eq!(report.warnings, ["the state of git is not recorded: git took too long"]);
    }

    #[test]
    fn f68_a_missing_git_is_a_warning_only_where_there_is_a_repository() {
        let (folder, _) = stand_in("");
        let report = ask("/nowhere/git", folder.path(), PATIENCE);
        assert!(report.warnings[0].contains("cannot start `git`"), "{:?}", report.warnings);
        assert_eq!(ask("/nowhere/git", tempfile::tempdir().unwrap().path(), PATIENCE), GitReport::default());
    }

    #[test]
    fn f68_a_repository_of_someone_else_is_explained() {
        let (folder, program) =
            stand_in("echo \"fatal: detected dubious ownership in repository at '/x'\" >&2; exit 128");
        let report = ask(&program, folder.path(), PATIENCE);
        assert!(report.warnings[0].contains("safe.directory"), "{:?}", report.warnings);
    }

    #[test]
    fn an_address_is_kept_without_credentials() {
        let cases = [
            ("https://user:token@example.invalid/a/b.git", "https://example.invalid/a/b.git"),
            ("https://token@example.invalid", "https://example.invalid"),
            ("https://example.invalid/a?access_token=x", "https://example.invalid/a"),
            ("ssh://git:pw@example.invalid:22/a", "ssh://git@example.invalid:22/a"),
            ("git@example.invalid:a/b.git", "git@example.invalid:a/b.git"),
            ("https://u:p@ss@example.invalid/a", "https://example.invalid/a"),
            ("/srv/git/a.git", "/srv/git/a.git"),
        ];
        for (address, expected) in cases {
            assert_eq!(without_credentials(address), expected);
        }
    }

    #[test]
    fn a_status_is_read_with_renames_and_odd_names() {
        let answer =
            b"# branch.oid abc\0# branch.head main\x002 R. N... 100644 100644 100644 a b R100 new\0? old\0? x y\0";
        let status = Status::read(answer);
        assert_eq!(status.commit.as_deref(), Some("abc"));
        assert_eq!((status.tracked_changes, status.new_files), (true, vec!["x y".to_owned()]));
    }
}
