//! Ignore rules: which paths of a folder do not belong to its snapshot.
//!
//! `.mendelignore` speaks before git, the nearer file before the farther one, and the
//! patterns of the project file as if they lay in one of its folder. Git's rules count inside a work tree only, and end where another repository begins. A folder that
//! its own surroundings ignore is taken as it is: the user asked for it by name.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path},
};

/// Folders that never belong to a snapshot and are never missed by a run.
const NEVER: [&str; 3] = [".git", ".mendel", "__pycache__"];

/// An empty file of this name leaves its folder out.
pub const LEAVE_OUT_MARKER: &str = ".coretexignore";

/// Patterns of gitignore kind that a project file gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns {
    /// The folder they hold below.
    pub folder: PathBuf,
    /// One pattern each.
    pub lines: Vec<String>,
}

/// The rules that hold in one folder, and those it inherits.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    parent: Option<Arc<Rules>>,
    mendel: Option<Gitignore>,
    git: Vec<Gitignore>,
    is_repository: bool,
    in_repository: bool,
}

/// Which of the files that matter for rules lie in a folder.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RuleFiles {
    pub(crate) mendel: bool,
    pub(crate) git: bool,
    pub(crate) repository: bool,
}

impl RuleFiles {
    fn of(folder: &Path) -> Self {
        let has = |name: &str| folder.join(name).symlink_metadata().is_ok();
        Self { mendel: has(".mendelignore"), git: has(".gitignore"), repository: has(".git") }
    }
}

/// Whether `name` is left out wherever it is.
pub(crate) fn is_never_taken(name: &str) -> bool {
    NEVER.contains(&name)
}

impl Rules {
    /// The rules that `root` inherits: those of `patterns`, and of the work tree it lies in.
    pub(crate) fn around(root: &Path, patterns: &Patterns) -> Arc<Self> {
        let first = Arc::new(Self { mendel: compile(patterns), ..Self::default() });
        let top = work_tree(root);
        let mut chain: Vec<&Path> = match &top {
            Some(repository) => root.ancestors().skip(1).take_while(|folder| folder.starts_with(repository)).collect(),
            None => Vec::new(),
        };
        chain.reverse();
        let mut rules = Arc::clone(&first);
        for folder in chain {
            rules = rules.enter(folder, RuleFiles::of(folder));
        }
        let top = top.unwrap_or_else(|| patterns.folder.clone());
        let mut way = root.ancestors().take_while(|path| *path != top && path.starts_with(&top));
        if way.any(|path| rules.ignore(path, true)) { Arc::default() } else { rules }
    }

    /// The rules inside `folder`, which holds `files`.
    pub(crate) fn enter(self: &Arc<Self>, folder: &Path, files: RuleFiles) -> Arc<Self> {
        let in_repository = self.in_repository || files.repository;
        if !(files.mendel || files.repository || files.git && in_repository) {
            return Arc::clone(self);
        }
        let mut git = Vec::new();
        if files.git && in_repository {
            git.extend(read(folder, &folder.join(".gitignore")));
        }
        if files.repository {
            let exclude = git_folder(folder).map(|folder| folder.join("info/exclude"));
            git.extend(exclude.and_then(|file| read(folder, &file)));
            git.extend(gitconfig_excludes_path().and_then(|file| read(folder, &file)));
        }
        let mendel = files.mendel.then(|| read(folder, &folder.join(".mendelignore"))).flatten();
        Arc::new(Self { parent: Some(Arc::clone(self)), mendel, git, is_repository: files.repository, in_repository })
    }

    /// Whether the rules leave out `path`.
    pub(crate) fn ignore(&self, path: &Path, is_folder: bool) -> bool {
        let mendel = self.chain().filter_map(|level| level.mendel.as_ref());
        if let Some(verdict) = verdict(mendel, path, is_folder) {
            return verdict;
        }
        let mut past = false;
        let git = self.chain().take_while(|level| {
            let inside = !past;
            past |= level.is_repository;
            inside
        });
        verdict(git.flat_map(|level| &level.git), path, is_folder).unwrap_or(false)
    }

    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |level| level.parent.as_deref())
    }
}

fn verdict<'a>(rules: impl Iterator<Item = &'a Gitignore>, path: &Path, is_folder: bool) -> Option<bool> {
    // Rules say nothing of the folder they lie in, or of what is elsewhere.
    for rule in rules.filter(|rule| path != rule.path() && path.starts_with(rule.path())) {
        match rule.matched(path, is_folder) {
            Match::None => {}
            Match::Ignore(_) => return Some(true),
            Match::Whitelist(_) => return Some(false),
        }
    }
    None
}

fn compile(patterns: &Patterns) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(&patterns.folder);
    for line in &patterns.lines {
        // What is no pattern was refused where the project file was read.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The patterns in `file`; lines that are no patterns are passed over, as git does.
fn read(folder: &Path, file: &Path) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(folder);
    let _ = builder.add(file);
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The root of the git work tree that `folder` lies in.
pub(crate) fn work_tree(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|path| path.join(".git").exists()).map(Path::to_owned)
}

/// The folder of a repository's shared data; in linked work trees and submodules `.git` is a file.
fn git_folder(work_tree: &Path) -> Option<PathBuf> {
    let place = work_tree.join(".git");
    if place.is_dir() {
        return Some(place);
    }
    let text = fs::read_to_string(&place).ok()?;
    let folder = work_tree.join(text.strip_prefix("gitdir:")?.trim());
    let shared = fs::read_to_string(folder.join("commondir")).ok();
    Some(shared.map_or_else(|| folder.clone(), |text| folder.join(text.trim())))
}
