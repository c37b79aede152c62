//! What a snapshot leaves out, and where a plain script's project begins.

use std::{fs, path::Path};

use proptest::prelude::*;

use mendel_snapshot::{LeftOut, LeftOutReason, Limits, Options, ProjectRoot, StatIndex, project_root, snapshot};

use crate::{
    Folder,
    git::{git, repository},
    left_out, paths,
};

#[test]
fn ct_08_what_never_belongs_to_a_task_is_left_out() {
    let folder = Folder::holding(&[
        ("main.py", ""),
        (".mendel/mendel.db", ""),
        ("lib/__pycache__/a.pyc", ""),
        (".venv/pyvenv.cfg", ""),
        (".venv/bin/python", ""),
        ("conda/conda-meta/history", ""),
        ("conda/bin/python", ""),
        ("outputs/.coretexignore", ""),
        ("outputs/model.bin", ""),
        ("node_modules/a.js", ""),
    ]);
    let taken = folder.take().unwrap();
    assert_eq!(paths(&taken.manifest), ["main.py", "node_modules/a.js"]);
    assert_eq!(left_out(&taken), [".venv", "conda", "outputs"]);
}

#[test]
fn mendelignore_holds_without_git_and_gitignore_does_not() {
    let folder = Folder::holding(&[
        (".gitignore", "*.log\n"),
        (".mendelignore", "data/\n*.bin\n!keep.bin\n"),
        ("a.log", ""),
        ("a.bin", "12"),
        ("keep.bin", ""),
        ("data/x", ""),
        ("sub/.mendelignore", "local\n"),
        ("sub/local", ""),
        ("sub/data/x", ""),
    ]);
    let taken = folder.take().unwrap();
    let expected = [".gitignore", ".mendelignore", "a.log", "keep.bin", "sub/.mendelignore"];
    assert_eq!(paths(&taken.manifest), expected);
    let of = |path: &str, is_folder, size| LeftOut {
        path: path.to_owned(),
        is_folder,
        size,
        reason: LeftOutReason::Ignored,
    };
    let expected = [of("a.bin", false, 2), of("data", true, 0), of("sub/data", true, 0), of("sub/local", false, 0)];
    assert_eq!(taken.left_out, expected);
}

#[test]
fn gitignore_holds_inside_a_work_tree_from_its_top_down() {
    let folder = repository();
    folder.write(".gitignore", "*.log\n/task/cache/\n");
    folder.write("task/.gitignore", "!keep.log\n/top.txt\n");
    folder.write("task/.mendelignore", "!wanted.log\n");
    folder.write(".git/info/exclude", "private\n");
    for path in ["main.py", "a.log", "keep.log", "wanted.log", "cache/x", "top.txt", "sub/top.txt", "private"] {
        folder.write(&format!("task/{path}"), "");
    }
    let taken = snapshot(&folder.at("task"), &Options::default(), &mut StatIndex::in_memory()).unwrap();
    let expected = [".gitignore", ".mendelignore", "keep.log", "main.py", "sub/top.txt", "wanted.log"];
    assert_eq!(paths(&taken.manifest), expected);
}

#[test]
fn a_repository_within_a_repository_has_its_own_rules() {
    let folder = repository();
    folder.write(".gitignore", "*.log\n");
    folder.write("inner/.git/HEAD", "ref: refs/heads/main\n");
    folder.write("inner/.gitignore", "*.tmp\n");
    folder.write("inner/a.log", "");
    folder.write("inner/a.tmp", "");
    assert_eq!(paths(&folder.take().unwrap().manifest), [".gitignore", "inner/.gitignore", "inner/a.log"]);
}

#[test]
fn a_folder_that_its_surroundings_ignore_is_taken_as_it_is() {
    let folder = repository();
    folder.write(".gitignore", "/tries/\n*.py\n");
    folder.write("tries/one/main.py", "");
    let taken = snapshot(&folder.at("tries/one"), &Options::default(), &mut StatIndex::in_memory()).unwrap();
    assert_eq!(paths(&taken.manifest), ["main.py"]);
}

#[test]
fn a_plain_script_leaves_out_what_does_not_fit() {
    let folder = Folder::holding(&[("main.py", "x"), ("big.bin", "0123456789"), ("data/a", "1"), ("data/b", "1")]);
    folder.link("outside", "/etc/hostname");
    let root = project_root(&folder.path(), &folder.path());
    let options = Options {
        limits: Limits { files: 2, file_bytes: 5, ..Limits::default() },
        ..Options::for_script(&root, &folder.at("main.py"))
    };
    let taken = snapshot(&folder.path(), &options, &mut StatIndex::in_memory()).unwrap();
    assert_eq!(paths(&taken.manifest), ["main.py"]);
    let reasons: Vec<_> = taken.left_out.iter().map(|left| (left.path.as_str(), left.reason)).collect();
    let expected = [
        ("big.bin", LeftOutReason::TooLarge),
        ("data", LeftOutReason::TooLarge),
        ("outside", LeftOutReason::OutsideLink),
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_plain_script_is_taken_even_where_a_rule_leaves_it_out() {
    let folder = Folder::holding(&[
        (".mendelignore", "tries/\n*.tmp.py\n"),
        ("tries/a.py", "1"),
        ("tries/b", ""),
        ("x.tmp.py", ""),
    ]);
    let taken = folder.take_for_script("tries/a.py");
    assert_eq!(paths(&taken.manifest), [".mendelignore", "tries/a.py"]);
    assert_eq!(left_out(&taken), ["x.tmp.py"]);
    assert_eq!(paths(&folder.take_for_script("x.tmp.py").manifest), [".mendelignore", "x.tmp.py"]);
}

#[test]
fn the_project_of_a_script_is_the_nearest_folder_with_a_project_file() {
    let folder = Folder::holding(&[("pyproject.toml", ""), ("a/task.yaml", ""), ("a/b/x.py", ""), ("c/x.py", "")]);
    let root = |path: &str| project_root(&folder.at(path), Path::new("/"));
    assert_eq!(root("a/b"), ProjectRoot { folder: folder.at("a"), marker: Some("task.yaml") });
    assert_eq!(root("c"), ProjectRoot { folder: folder.path(), marker: Some("pyproject.toml") });

    let bare = Folder::holding(&[("sub/x.py", "")]);
    let from = |working: &Path| project_root(&bare.at("sub"), working).folder;
    assert_eq!(from(&bare.path()), bare.path(), "the folder one stands in, above the script");
    assert_eq!(from(&folder.path()), bare.at("sub"), "one that does not lie around it is no project");
    assert_eq!(from(Path::new("/")), bare.at("sub"), "a wide one is no project");
}

#[test]
fn a_folder_as_wide_as_the_system_is_no_project_and_gives_the_script_only() {
    let folder = std::env::temp_dir().canonicalize().unwrap();
    let script = tempfile::Builder::new().suffix(".py").tempfile_in(&folder).unwrap();
    fs::write(script.path(), "print(1)").unwrap();
    let name = script.path().file_name().unwrap();

    let root = project_root(&folder, &folder);
    assert_eq!(root, ProjectRoot { folder: folder.clone(), marker: None });
    let options = Options { git: false, ..Options::for_script(&root, Path::new(name)) };
    let taken = snapshot(&folder, &options, &mut StatIndex::in_memory()).unwrap();
    assert_eq!(paths(&taken.manifest), [name.to_str().unwrap()]);
    assert_eq!(taken.left_out, []);

    let whole = snapshot(
        Path::new("/"),
        &Options::for_script(&project_root(Path::new("/"), Path::new("/")), Path::new("")),
        &mut StatIndex::in_memory(),
    );
    assert!(whole.unwrap().manifest.entries.is_empty());
}

const PATTERNS: [&str; 14] =
    ["a", "b/", "/a", "*.log", "!*.log", "!a", "a/b", "**/b", "a/**", "/a/*", "!/a/b", "# a", "[ab]", "\\!a"];
const PATHS: [&str; 9] = ["a", "b", "x.log", "a/b", "a/x.log", "b/a", "b/b/x.log", "c/a/b", "c/b/a.log"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn inside_a_work_tree_the_snapshot_holds_what_git_would_add(
        files in prop::sample::subsequence(&PATHS[..], 1..9),
        rules in prop::collection::vec((prop::sample::select(&["", "a/", "b/", "c/"][..]), prop::sample::select(&PATTERNS[..])), 0..6),
    ) {
        let folder = repository();
        for file in files.iter().filter(|file| !files.iter().any(|other| other.starts_with(&format!("{file}/")))) {
            folder.write(file, "");
        }
        for (place, pattern) in rules {
            if folder.at(place).is_dir() {
                let file = folder.at(place).join(".gitignore");
                let before = fs::read_to_string(&file).unwrap_or_default();
                fs::write(file, format!("{before}{pattern}\n")).unwrap();
            }
        }
        let listed = git(&folder, &["ls-files", "--others", "--exclude-standard"]);
        let mut expected: Vec<&str> = listed.lines().collect();
        expected.sort_unstable();
        let taken = snapshot(&folder.path(), &Options { git: false, ..Options::default() }, &mut StatIndex::in_memory()).unwrap();
        prop_assert_eq!(paths(&taken.manifest), expected);
    }
}
