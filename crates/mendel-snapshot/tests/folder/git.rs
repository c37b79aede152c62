//! What git says of a folder.

use std::{fs, process::Command};

use mendel_model::Digest;
use mendel_snapshot::git_state;

use crate::Folder;

pub(crate) fn git(folder: &Folder, words: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder.path())
        .args(["-c", "user.name=T", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"])
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn repository() -> Folder {
    let folder = Folder::new();
    git(&folder, &["init", "-q", "-b", "main"]);
    folder
}

fn committed() -> Folder {
    let folder = repository();
    folder.write("main.py", "print(1)\n");
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "first"]);
    folder
}

#[test]
fn f68_a_clean_repository_is_named_with_branch_and_commit() {
    let folder = committed();
    git(&folder, &["remote", "add", "backup", "https://example.invalid/b.git"]);
    git(&folder, &["remote", "add", "origin", "https://me:secret@example.invalid/team/x.git"]);
    folder.write(".mendel/mendel.db", "");
    folder.write("__pycache__/main.pyc", "");
    let report = git_state(&folder.path());
    let state = report.state.unwrap();
    assert_eq!(state.repository, "https://example.invalid/team/x.git");
    assert_eq!(state.branch.as_deref(), Some("main"));
    assert_eq!(state.commit, Some(git(&folder, &["rev-parse", "HEAD"])));
    assert_eq!((state.dirty, state.diff, report.diff), (false, None, None));
    assert_eq!(report.warnings, [""; 0]);
}

#[test]
fn f68_the_patch_of_a_dirty_folder_makes_the_folder_again() {
    let folder = committed();
    folder.write("main.py", "print(2)\n");
    folder.write("new file.py", "a\nb");
    folder.write("empty.py", "");
    fs::write(folder.at("bytes.bin"), [0, 159, 146]).unwrap();

    let taken = folder.take().unwrap();

    let state = taken.manifest.git.unwrap();
    let patch = taken.diff.unwrap();
    assert!(state.dirty);
    assert_eq!(state.diff, Some(Digest::of(&patch)));
    let file = Folder::new();
    fs::write(file.at("patch"), &patch).unwrap();
    fs::remove_file(folder.at("new file.py")).unwrap();
    fs::remove_file(folder.at("empty.py")).unwrap();
    git(&folder, &["checkout", "-q", "."]);
    git(&folder, &["apply", file.at("patch").to_str().unwrap()]);
    assert_eq!(fs::read_to_string(folder.at("main.py")).unwrap(), "print(2)\n");
    assert_eq!(fs::read_to_string(folder.at("new file.py")).unwrap(), "a\nb");
    assert_eq!(fs::read_to_string(folder.at("empty.py")).unwrap(), "");
}

#[test]
fn f68_the_state_is_that_of_the_folder_and_not_of_its_neighbours() {
    let folder = committed();
    folder.write("task/main.py", "");
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "second"]);
    folder.write("main.py", "changed");
    assert!(!git_state(&folder.at("task")).state.unwrap().dirty);
    assert!(git_state(&folder.path()).state.unwrap().dirty);
}

#[test]
fn f68_a_repository_without_commits_has_no_commit_and_a_patch() {
    let folder = repository();
    folder.write("staged.py", "s\n");
    folder.write("new.py", "n\n");
    git(&folder, &["add", "staged.py"]);
    let report = git_state(&folder.path());
    let state = report.state.unwrap();
    assert_eq!((state.commit, state.branch.as_deref(), state.dirty), (None, Some("main"), true));
    assert_eq!(state.repository, folder.path().file_name().unwrap().to_str().unwrap());
    let patch = String::from_utf8(report.diff.unwrap()).unwrap();
    assert!(patch.contains("+s\n") && patch.contains("+n\n"), "{patch}");
}

#[test]
fn f68_a_detached_head_has_no_branch() {
    let folder = committed();
    git(&folder, &["checkout", "-q", "--detach"]);
    let state = git_state(&folder.path()).state.unwrap();
    assert_eq!((state.branch, state.commit.is_some()), (None, true));
}

#[test]
fn f68_a_folder_without_repository_has_no_state_and_no_warning() {
    let report = git_state(&Folder::new().path());
    assert_eq!((report.state, report.warnings.len()), (None, 0));
}

#[test]
fn f68_a_broken_repository_is_a_warning() {
    let folder = committed();
    fs::write(folder.at(".git/HEAD"), "nonsense").unwrap();
    let taken = folder.take().unwrap();
    assert_eq!(taken.manifest.git, None);
    assert!(taken.warnings[0].starts_with("the state of git is not recorded: "), "{:?}", taken.warnings);
    assert_eq!(taken.files.len(), 1);
}

#[test]
fn f68_a_linked_work_tree_and_a_submodule_are_ordinary() {
    let folder = committed();
    let other = Folder::new();
    let tree = other.at("tree");
    git(&folder, &["worktree", "add", "-q", "-b", "side", tree.to_str().unwrap()]);
    folder.write(".git/info/exclude", "*.tmp\n");
    other.write("tree/a.tmp", "");
    let state = git_state(&tree).state.unwrap();
    assert_eq!((state.branch.as_deref(), state.dirty), (Some("side"), false));

    let outer = committed();
    git(
        &outer,
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", folder.path().to_str().unwrap(), "sub"],
    );
    git(&outer, &["commit", "-q", "-m", "sub"]);
    let taken = outer.take().unwrap();
    assert_eq!(crate::paths(&taken.manifest), [".gitmodules", "main.py", "sub/main.py"]);
    assert!(!taken.manifest.git.unwrap().dirty);
}

#[test]
fn f68_a_very_long_patch_is_cut_and_told() {
    let folder = committed();
    folder.write("main.py", &"print('something rather long')\n".repeat(60_000));
    let report = git_state(&folder.path());
    assert_eq!(report.diff.map(|patch| patch.len()), Some(1 << 20));
    assert_eq!(report.warnings.len(), 1);
}
