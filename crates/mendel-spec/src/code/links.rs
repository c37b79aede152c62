//! What the references of a unit lead to.

use std::{collections::HashSet, sync::Arc};

use mendel_model::Digest;

use super::{
    base::{CodeBase, ModuleId, ModuleSource, UnitId},
    facts::{Attribute, Origin, Ref, Root, Use},
};

/// Where a reference leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    Unit(UnitId),
    /// A module that is imported.
    Module(ModuleId),
    /// Everything a module holds.
    Whole(ModuleId),
    /// A name of something that is not the project's, with its module.
    External(String),
    /// A name that no module binds.
    Builtin(String),
    /// A name the project should have and has not.
    Missing(String),
}

/// A target, and whether attributes of it follow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Found {
    pub target: Target,
    pub rest: bool,
}

/// Something that cannot be known, so that more counts than may be needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Doubt {
    /// The file below its import root.
    pub file: String,
    /// Its line, counted from 1.
    pub line: u32,
    /// What cannot be known, and what counts therefore.
    pub text: String,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// The references of a unit, followed.
#[derive(Debug)]
pub(super) struct Links {
    pub targets: Vec<Target>,
    /// Those of annotations, for code that looks at them.
    pub annotations: Vec<Target>,
    pub doubts: Vec<Doubt>,
    /// Attributes of objects whose class is not known, with their lines; none for a computed name.
    pub wanted: Vec<(Option<String>, u32)>,
    /// What each part of the unit is called in a fingerprint.
    pub names: Vec<Arc<str>>,
    /// Of the unit and of where its references lead: without docstrings and annotations, and with them.
    pub digest: Digest,
    pub full: Digest,
    /// Whether something that is not the project's may look at annotations and docstrings.
    pub is_watched: bool,
}

/// Functions that evaluate text in the module around.
const EVALUATORS: [&str; 3] = ["eval", "exec", "globals"];

/// Ways to any module by a name that is computed.
const IMPORTERS: [&str; 11] = [
    "__import__",
    "importlib.import_module",
    "importlib.reload",
    "importlib.util",
    "importlib.machinery",
    "runpy",
    "imp",
    "pkgutil.iter_modules",
    "pkgutil.walk_packages",
    "pkgutil.resolve_name",
    "sys.modules",
];

impl<S: ModuleSource> CodeBase<S> {
    /// The references of a unit, followed once.
    pub(super) fn links(&mut self, id: UnitId) -> Arc<Links> {
        if let Some(known) = self.links.get(&id) {
            return known.clone();
        }
        let links = Arc::new(self.follow(id));
        self.links.insert(id, links.clone());
        links
    }

    fn follow(&mut self, (module, index): UnitId) -> Links {
        let facts = self.modules[module].facts.clone();
        let unit = &facts.units[index];
        let blank = Digest::of(b"");
        let mut links = Links {
            targets: Vec::new(),
            annotations: Vec::new(),
            doubts: Vec::new(),
            wanted: Vec::new(),
            names: Vec::new(),
            digest: blank,
            full: blank,
            is_watched: false,
        };
        let (mut plain, mut full) = (Vec::new(), Vec::new());
        for part in &unit.parts {
            plain.extend(part.digest.as_bytes());
            full.extend(part.full.as_bytes());
        }
        let place = self.place((module, index));
        plain.extend(place.as_bytes());
        full.extend(place.as_bytes());
        for reference in &unit.refs {
            let found = self.resolve(module, reference);
            let is_annotation = reference.how == Use::Annotation;
            let mut text = spelled(reference);
            for Found { target, .. } in found {
                text.push_str(&self.target_text(&target));
                self.doubt(module, reference, &target, &mut links);
                if is_annotation { links.annotations.push(target) } else { links.targets.push(target) }
            }
            text.push('\n');
            full.extend(text.as_bytes());
            if !is_annotation {
                plain.extend(text.as_bytes());
            }
        }
        // In the order of the references, which is the same whatever was looked at before.
        for targets in [&mut links.targets, &mut links.annotations] {
            let mut seen = HashSet::new();
            targets.retain(|target| seen.insert(target.clone()));
        }
        links.wanted = unit
            .attributes
            .iter()
            .filter(|attribute| !self.is_of_known_class(module, attribute))
            .map(|attribute| (attribute.name.clone(), attribute.line))
            .collect();
        let file = &self.modules[module].file;
        let name_of = |name: &str| format!("{file}:{}", if name.is_empty() { "(top level)" } else { name }).into();
        links.names = unit.parts.iter().map(|part| name_of(&part.name)).collect();
        links.full = Digest::of(&full);
        links.is_watched = unit.watchers.iter().any(|watcher| {
            self.resolve(module, watcher)
                .iter()
                .any(|found| !matches!(found.target, Target::Unit(_) | Target::Module(_)))
        });
        links.digest = if links.is_watched { links.full } else { Digest::of(&plain) };
        links
    }

    /// Whether the object with that attribute is of a class that is reached anyway, or of none of the project's.
    fn is_of_known_class(&mut self, module: ModuleId, attribute: &Attribute) -> bool {
        let Some(via) = &attribute.via else { return false };
        let found = self.resolve(module, via);
        !found.is_empty()
            && found.iter().all(|found| match &found.target {
                Target::External(name) => !name.contains("load") && !name.contains("open"),
                Target::Module(_) => true,
                Target::Unit((module, unit)) => self.modules[*module].unit(*unit).class.as_ref().is_some_and(|class| {
                    let is_usual = !class.metaclass && !class.members.iter().any(|member| member == "__new__");
                    attribute.is_made && !found.rest && is_usual
                }),
                _ => false,
            })
    }

    /// Where a unit stands: its file, its names and, where others bind the same name, its turn.
    pub(super) fn place(&self, (module, index): UnitId) -> String {
        let module = &self.modules[module];
        let mut place = format!("\0{}:", module.file);
        for name in &module.unit(index).names {
            place.push_str(name);
            if let Some([_, _, ..]) = module.bindings.get(name).map(Vec::as_slice) {
                let turn = module.bindings[name].iter().position(|other| *other == index).unwrap_or_default();
                place.push_str(&format!("#{turn}"));
            }
            place.push(',');
        }
        place
    }

    fn target_text(&self, target: &Target) -> String {
        match target {
            Target::Unit(id) => format!(" unit {}", self.place(*id)),
            Target::Module(id) => format!(" module {}", self.modules[*id].file),
            Target::Whole(id) => format!(" whole {}", self.modules[*id].file),
            Target::External(name) => format!(" external {name}"),
            Target::Builtin(name) => format!(" builtin {name}"),
            Target::Missing(name) => format!(" missing {name}"),
        }
    }

    /// Adds what a target leaves open.
    fn doubt(&mut self, module: ModuleId, reference: &Ref, target: &Target, links: &mut Links) {
        if reference.how == Use::Annotation {
            return;
        }
        let text = match target {
            Target::Whole(id) => {
                let name = self.modules[*id].name.clone();
                match reference.how {
                    Use::Named => return,
                    Use::Below => {
                        let package = name_of(reference);
                        format!("a module below `{package}` is imported by a computed name: every module there counts")
                    }
                    Use::Dynamic => format!("a computed name is looked up in module `{name}`: all of it counts"),
                    _ => format!("module `{name}` is handed on as a value: all of it counts"),
                }
            }
            Target::External(name) | Target::Builtin(name) if reference.how != Use::Understood => {
                if EVALUATORS.contains(&name.as_str()) {
                    links.targets.push(Target::Whole(module));
                    format!("`{name}` may use any name of its module: all of it counts")
                } else if IMPORTERS.iter().any(|importer| is_below(name, importer)) {
                    let home = self.home(module);
                    links.targets.extend(self.below(&home).iter().map(|id| Target::Whole(*id)));
                    let scope = if home.is_empty() { "beside it".to_owned() } else { format!("of `{home}`") };
                    format!("`{name}` may import any module: every module {scope} counts")
                } else {
                    return;
                }
            }
            Target::Missing(name) => format!("`{name}` is not found below the import roots"),
            _ => return,
        };
        links.doubts.push(Doubt { file: self.modules[module].file.clone(), line: reference.line, text });
    }

    /// Where `reference` leads from `module`.
    pub(super) fn resolve(&mut self, module: ModuleId, reference: &Ref) -> Vec<Found> {
        let mut search = Search { found: Vec::new(), seen: HashSet::new() };
        match &reference.root {
            Root::Name(name) => {
                if !self.in_module(module, name, &reference.path, &mut search) {
                    let name = with_path(name, &reference.path);
                    search.add(Target::Builtin(name), false);
                }
            }
            Root::Import(origin) if reference.how == Use::Below => {
                let Some(package) = self.absolute(module, origin) else { return Vec::new() };
                match self.find(&package) {
                    Some(_) => self.below(&package).iter().for_each(|id| search.add(Target::Whole(*id), false)),
                    None => search.add(Target::External(package), false),
                }
            }
            Root::Import(origin) => match reference.how {
                Use::Load => self.load_only(module, origin, &mut search),
                _ => self.in_origin(module, origin, &reference.path, &mut search),
            },
        }
        search.found
    }

    /// Follows `name` and `path` from within a module; false if the module does not bind the name.
    fn in_module(&mut self, module: ModuleId, name: &str, path: &[String], search: &mut Search) -> bool {
        if !search.seen.insert((module, name.to_owned(), path.len())) {
            return true;
        }
        let mut is_bound = false;
        let units = self.modules[module].bindings.get(name).cloned().unwrap_or_default();
        let facts = self.modules[module].facts.clone();
        for index in units {
            is_bound = true;
            let unit = &facts.units[index];
            for import in unit.imports.iter().filter(|import| import.name.as_deref() == Some(name)) {
                self.in_origin(module, &import.origin, path, search);
                if let Some(loads) = &import.loads {
                    self.chain_of_modules(loads, search);
                }
            }
            if !unit.only_imports {
                search.add(Target::Unit((module, index)), !path.is_empty());
            }
        }
        let stars = self.modules[module].stars.clone();
        for star in stars {
            let origin = self.modules[module].import(star).origin.clone();
            let Some(source) = self.absolute(module, &origin) else { continue };
            match self.find(&source) {
                Some(source) if self.modules[source].exports(name) => {
                    is_bound |= self.member(source, name, path, search);
                }
                _ => {}
            }
        }
        is_bound
    }

    fn in_origin(&mut self, module: ModuleId, origin: &Origin, path: &[String], search: &mut Search) {
        let Some(base) = self.absolute(module, origin) else {
            return search
                .add(Target::Missing(format!("{}{}", ".".repeat(origin.level as usize), origin.module)), false);
        };
        let path: Vec<String> = origin.member.iter().filter(|member| *member != "*").chain(path).cloned().collect();
        let Some(id) = self.find(&base) else {
            let is_relative = origin.level > 0;
            return search.add(self.not_found(with_path(&base, &path), &base, is_relative), false);
        };
        self.chain_of_modules(&base, search);
        self.in_attributes(id, &path, search);
    }

    fn in_attributes(&mut self, id: ModuleId, path: &[String], search: &mut Search) {
        let Some((name, rest)) = path.split_first() else {
            return search.add(Target::Whole(id), false);
        };
        if !self.member(id, name, rest, search) {
            let module = &self.modules[id];
            let full = format!("{}.{name}", module.name);
            let target = match () {
                () if module.facts.fault.is_some() || module.bindings.contains_key("__getattr__") => Target::Whole(id),
                () if module.file.is_empty() => Target::External(full),
                () if name.starts_with("__") => return,
                // It may come from a star import of something installed, or be set by an effect.
                () if !module.stars.is_empty() => Target::Builtin(full),
                () => Target::Missing(full),
            };
            search.add(target, false);
        }
    }

    /// Follows an attribute of a module: a name it binds, a submodule, or both.
    fn member(&mut self, id: ModuleId, name: &str, rest: &[String], search: &mut Search) -> bool {
        let mut is_found = self.in_module(id, name, rest, search);
        if self.modules[id].is_package() {
            let full = format!("{}.{name}", self.modules[id].name);
            if let Some(inner) = self.find(&full) {
                is_found = true;
                search.add(Target::Module(inner), false);
                if search.seen.insert((inner, String::new(), rest.len())) {
                    self.in_attributes(inner, rest, search);
                }
            }
        }
        is_found
    }

    /// The modules that importing `origin` runs.
    fn load_only(&mut self, module: ModuleId, origin: &Origin, search: &mut Search) {
        let Some(base) = self.absolute(module, origin) else { return };
        match self.find(&base) {
            Some(_) => self.chain_of_modules(&base, search),
            None => {
                let target = self.not_found(base.clone(), &base, origin.level > 0);
                return search.add(target, false);
            }
        }
        if let Some(member) = &origin.member
            && let Some(inner) = self.find(&format!("{base}.{member}"))
        {
            search.add(Target::Module(inner), false);
        }
    }

    fn chain_of_modules(&mut self, name: &str, search: &mut Search) {
        let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]).collect::<Vec<_>>();
        for end in ends {
            match self.find(&name[..end]) {
                Some(id) => search.add(Target::Module(id), false),
                None => return,
            }
        }
    }

    fn not_found(&mut self, full: String, base: &str, is_relative: bool) -> Target {
        let first = base.split('.').next().unwrap_or(base);
        let is_ours = is_relative || self.find(first).is_some_and(|id| !self.modules[id].file.is_empty());
        if is_ours { Target::Missing(full) } else { Target::External(full) }
    }

    /// The full name of the module an import looks in.
    pub(super) fn absolute(&self, module: ModuleId, origin: &Origin) -> Option<String> {
        if origin.level == 0 {
            return Some(origin.module.clone());
        }
        let mut package = self.modules[module].package();
        for _ in 1..origin.level {
            package = package.rsplit_once('.')?.0;
        }
        match (package, origin.module.as_str()) {
            ("", _) => None,
            (package, "") => Some(package.to_owned()),
            (package, module) => Some(format!("{package}.{module}")),
        }
    }
}

/// A search that goes through each name once.
struct Search {
    found: Vec<Found>,
    seen: HashSet<(ModuleId, String, usize)>,
}

impl Search {
    fn add(&mut self, target: Target, rest: bool) {
        let found = Found { target, rest };
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }
}

fn is_below(name: &str, importer: &str) -> bool {
    name.strip_prefix(importer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn with_path(name: &str, path: &[String]) -> String {
    path.iter().fold(name.to_owned(), |name, part| name + "." + part)
}

fn name_of(reference: &Ref) -> String {
    let root = match &reference.root {
        Root::Name(name) => name.clone(),
        Root::Import(origin) => {
            let dots = ".".repeat(origin.level as usize);
            let member = origin.member.iter().map(|member| format!(":{member}")).collect::<String>();
            format!("{dots}{}{member}", origin.module)
        }
    };
    with_path(&root, &reference.path)
}

/// A reference as it enters a digest.
fn spelled(reference: &Ref) -> String {
    format!("{} {:?}", name_of(reference), reference.how)
}
