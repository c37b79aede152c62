//! The modules below the import roots, found and read as they are asked for.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::Problem;

use super::{
    facts::{Import, Literal, ModuleFacts, Unit},
    links::Links,
};

/// What a [`ModuleSource`] has of a file.
pub enum Given {
    /// Facts kept from the same bytes.
    Facts(Arc<ModuleFacts>),
    /// The bytes of the file, to be read.
    Bytes(Vec<u8>),
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name without its folder.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Where modules come from; whoever implements it decides what is kept, and how it knows that a file is unchanged.
pub trait ModuleSource {
    /// The file at `path`, or none where there is none.
    fn open(&mut self, path: &Path) -> io::Result<Option<Given>>;
    /// Takes the facts that were read from the bytes of `path`.
    fn keep(&mut self, path: &Path, facts: &Arc<ModuleFacts>);
    /// What lies directly in `folder`; nothing where it is no folder.
    fn entries(&mut self, folder: &Path) -> io::Result<Vec<Entry>>;
}

pub(super) type ModuleId = usize;
pub(super) type UnitId = (ModuleId, usize);

/// A module of the project.
pub(super) struct Module {
    pub name: String,
    /// Below its import root, with `/`; empty for a folder without `__init__.py`.
    pub file: String,
    /// Where its submodules lie; empty where it is not a package.
    pub folders: Vec<PathBuf>,
    pub facts: Arc<ModuleFacts>,
    /// The units that bind each name.
    pub bindings: HashMap<String, Vec<usize>>,
    /// Units and imports of `from … import *`.
    pub stars: Vec<(usize, usize)>,
    /// What `__all__` lists; none where there is no such list or it cannot be told.
    pub exports: Option<BTreeSet<String>>,
    /// What its parts are called in a fingerprint, in the order of the names, with unit and part.
    pub symbols: Vec<(Arc<str>, usize, usize)>,
    /// What is known of its units by now.
    pub links: Vec<Option<Arc<Links>>>,
    pub effects: Vec<Option<bool>>,
}

impl Module {
    pub(super) fn unit(&self, index: usize) -> &Unit {
        &self.facts.units[index]
    }

    pub(super) fn import(&self, (unit, import): (usize, usize)) -> &Import {
        &self.facts.units[unit].imports[import]
    }

    pub(super) fn is_package(&self) -> bool {
        !self.folders.is_empty()
    }

    /// Whether `from … import *` brings `name`.
    pub(super) fn exports(&self, name: &str) -> bool {
        match &self.exports {
            Some(listed) => listed.contains(name),
            None => self.bindings.contains_key("__all__") || !name.starts_with('_'),
        }
    }

    /// The package its relative imports begin at.
    pub(super) fn package(&self) -> &str {
        if self.is_package() { &self.name } else { self.name.rsplit_once('.').map_or("", |(package, _)| package) }
    }
}

/// The project's code, as far as it was looked at.
pub struct CodeBase<S> {
    pub(super) roots: Vec<PathBuf>,
    source: S,
    pub(super) modules: Vec<Module>,
    by_name: HashMap<String, Option<ModuleId>>,
    folders: HashMap<PathBuf, Arc<Vec<Entry>>>,
    pub(super) quiet: HashMap<UnitId, bool>,
    pub(super) scopes: HashMap<String, Arc<Vec<ModuleId>>>,
    pub(super) members: HashMap<String, Arc<HashMap<String, Vec<UnitId>>>>,
    /// The first file that could not be read.
    failure: Option<(PathBuf, io::Error)>,
}

impl<S: ModuleSource> CodeBase<S> {
    /// The code below `roots`, of which the first that has a module wins.
    pub fn new(roots: Vec<PathBuf>, source: S) -> Self {
        Self {
            roots,
            source,
            modules: Vec::new(),
            by_name: HashMap::new(),
            folders: HashMap::new(),
            quiet: HashMap::new(),
            scopes: HashMap::new(),
            members: HashMap::new(),
            failure: None,
        }
    }

    /// The source as it is now.
    pub fn source(&mut self) -> &mut S {
        &mut self.source
    }

    /// The source, with all it was given to keep.
    pub fn into_source(self) -> S {
        self.source
    }

    /// Fails if a file could not be read since the last call.
    pub(super) fn check(&mut self) -> Result<(), Problem> {
        match self.failure.take() {
            None => Ok(()),
            Some((path, error)) => {
                let message = format!("cannot read `{}`: {error}", path.display());
                Err(Problem::error("code_unreadable", message).in_file(&path.display().to_string()))
            }
        }
    }

    /// The module called `name`, if it is the project's.
    pub(super) fn find(&mut self, name: &str) -> Option<ModuleId> {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        let found = self.look(name);
        self.by_name.insert(name.to_owned(), found);
        found
    }

    fn look(&mut self, name: &str) -> Option<ModuleId> {
        let (folders, last) = match name.rsplit_once('.') {
            Some((package, last)) => {
                let package = self.find(package)?;
                (self.modules[package].folders.clone(), last)
            }
            None => (self.roots.clone(), name),
        };
        if last.is_empty() {
            return None;
        }
        let mut bare = Vec::new();
        for folder in folders {
            let entries = self.entries(&folder);
            let has = |wanted: &str, is_folder| {
                entries.iter().any(|entry| entry.name == wanted && entry.is_folder == is_folder)
            };
            if has(last, true) {
                let inner = folder.join(last);
                if self.entries(&inner).iter().any(|entry| entry.name == "__init__.py") {
                    let path = inner.join("__init__.py");
                    return self.load(name, &path, vec![inner]);
                }
                bare.push(inner);
            }
            let file = format!("{last}.py");
            if has(&file, false) {
                return self.load(name, &folder.join(file), Vec::new());
            }
            // Compiled modules count by their bytes.
            let compiled = entries.iter().find(|entry| {
                let rest = entry.name.strip_prefix(last).unwrap_or_default();
                rest.starts_with('.') && (rest.ends_with(".so") || rest.ends_with(".pyd"))
            });
            if let Some(compiled) = compiled {
                return self.load(name, &folder.join(&compiled.name), Vec::new());
            }
        }
        bare.retain(|folder| self.has_python(folder, 0));
        if bare.is_empty() {
            return None;
        }
        Some(self.add(name, String::new(), bare, Arc::new(ModuleFacts::read(b""))))
    }

    fn has_python(&mut self, folder: &Path, depth: usize) -> bool {
        let entries = self.entries(folder);
        entries.iter().any(|entry| !entry.is_folder && entry.name.ends_with(".py"))
            || (depth < 3
                && entries.iter().any(|entry| entry.is_folder && self.has_python(&folder.join(&entry.name), depth + 1)))
    }

    fn load(&mut self, name: &str, path: &Path, folders: Vec<PathBuf>) -> Option<ModuleId> {
        let facts = match self.source.open(path) {
            Ok(None) => return None,
            Ok(Some(Given::Facts(facts))) if facts.is_current() => facts,
            Ok(Some(Given::Facts(_))) => {
                let error = io::Error::other("kept facts of another version");
                self.failure.get_or_insert((path.to_owned(), error));
                return None;
            }
            Ok(Some(Given::Bytes(bytes))) => {
                let facts = Arc::new(ModuleFacts::read(&bytes));
                self.source.keep(path, &facts);
                facts
            }
            Err(error) => {
                self.failure.get_or_insert((path.to_owned(), error));
                return None;
            }
        };
        let below = self.roots.iter().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path);
        let file = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        Some(self.add(name, file, folders, facts))
    }

    fn add(&mut self, name: &str, file: String, folders: Vec<PathBuf>, facts: Arc<ModuleFacts>) -> ModuleId {
        let mut bindings: HashMap<String, Vec<usize>> = HashMap::new();
        let mut stars = Vec::new();
        for (index, unit) in facts.units.iter().enumerate() {
            for name in &unit.names {
                bindings.entry(name.clone()).or_default().push(index);
            }
            let found = unit.imports.iter().enumerate().filter(|(_, import)| import.name.is_none());
            stars.extend(found.map(|(import, _)| (index, import)));
        }
        let exports = match bindings.get("__all__").map(Vec::as_slice) {
            Some([unit]) => facts.units[*unit].value.as_ref().and_then(texts),
            _ => None,
        };
        let mut symbols = Vec::new();
        for (index, unit) in facts.units.iter().enumerate() {
            for (part, fact) in unit.parts.iter().enumerate() {
                let name = if fact.name.is_empty() { "(top level)" } else { &fact.name };
                symbols.push((format!("{file}:{name}").into(), index, part));
            }
        }
        symbols.sort();
        let (links, effects) = (vec![None; facts.units.len()], vec![None; facts.units.len()]);
        let name = name.to_owned();
        self.modules.push(Module { name, file, folders, facts, bindings, stars, exports, symbols, links, effects });
        self.modules.len() - 1
    }

    fn entries(&mut self, folder: &Path) -> Arc<Vec<Entry>> {
        if let Some(known) = self.folders.get(folder) {
            return known.clone();
        }
        let mut entries = match self.source.entries(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.failure.get_or_insert((folder.to_owned(), error));
                Vec::new()
            }
        };
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let entries = Arc::new(entries);
        self.folders.insert(folder.to_owned(), entries.clone());
        entries
    }

    /// Names of the modules that lie directly in the roots.
    pub(super) fn top_names(&mut self) -> Vec<String> {
        self.names_in(self.roots.clone())
    }

    /// Names of the modules that lie directly in a package.
    pub(super) fn submodules(&mut self, module: ModuleId) -> Vec<String> {
        self.names_in(self.modules[module].folders.clone())
    }

    fn names_in(&mut self, folders: Vec<PathBuf>) -> Vec<String> {
        let mut names = BTreeSet::new();
        for folder in folders {
            for entry in self.entries(&folder).iter() {
                let name = if entry.is_folder { Some(entry.name.as_str()) } else { entry.name.strip_suffix(".py") };
                names.extend(name.filter(|name| is_identifier(name) && !name.starts_with('_')).map(str::to_owned));
            }
        }
        names.into_iter().collect()
    }

    /// All modules below the package `name`, itself included; below the roots directly where `name` is empty.
    pub(super) fn below(&mut self, name: &str) -> Arc<Vec<ModuleId>> {
        if let Some(known) = self.scopes.get(name) {
            return known.clone();
        }
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(package) = open.pop() {
            let folders = match package.as_str() {
                "" => self.roots.clone(),
                package => match self.find(package) {
                    Some(id) => {
                        found.push(id);
                        self.modules[id].folders.clone()
                    }
                    None => continue,
                },
            };
            for folder in folders {
                for entry in self.entries(&folder).iter() {
                    let module = match (entry.is_folder, entry.name.strip_suffix(".py")) {
                        (false, Some(stem)) if stem != "__init__" => stem,
                        // Only files lie directly in a root; a folder there is a package of its own.
                        (true, _) if !package.is_empty() => &entry.name,
                        _ => continue,
                    };
                    let full = if package.is_empty() { module.to_owned() } else { format!("{package}.{module}") };
                    if is_identifier(module) && seen.insert(full.clone()) {
                        open.push(full);
                    }
                }
            }
        }
        found.sort_by(|a, b| self.modules[*a].name.cmp(&self.modules[*b].name));
        let found = Arc::new(found);
        self.scopes.insert(name.to_owned(), found.clone());
        found
    }

    /// The package that everything belongs to which is as near to `module` as can be told.
    pub(super) fn home(&self, module: ModuleId) -> String {
        let module = &self.modules[module];
        match module.name.split_once('.') {
            Some((first, _)) => first.to_owned(),
            None if module.is_package() => module.name.clone(),
            None => String::new(),
        }
    }
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
}

/// The texts of a list that names nothing else.
fn texts(value: &Literal) -> Option<BTreeSet<String>> {
    match value {
        Literal::List(items) => items
            .iter()
            .map(|item| match item {
                Literal::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        Literal::Sum(left, right) => Some(texts(left)?.into_iter().chain(texts(right)?).collect()),
        _ => None,
    }
}
