//! Everything a stage's class reaches, and the digest of it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use mendel_model::Digest;

use crate::Problem;

use super::{
    Fingerprint, SymbolFact,
    base::{CodeBase, ModuleId, ModuleSource, UnitId},
    links::{Doubt, Target},
};

/// Units that were reached, by module.
#[derive(Default)]
struct Marks(Vec<Vec<bool>>);

impl Marks {
    fn contains(&self, (module, unit): UnitId) -> bool {
        self.0.get(module).and_then(|units| units.get(unit)).copied().unwrap_or(false)
    }

    /// Marks a unit of a module of `count` units; false if it was marked.
    fn insert(&mut self, (module, unit): UnitId, count: usize) -> bool {
        if self.0.len() <= module {
            self.0.resize(module + 1, Vec::new());
        }
        self.0[module].resize(count, false);
        !std::mem::replace(&mut self.0[module][unit], true)
    }

    fn iter(&self) -> impl Iterator<Item = UnitId> {
        let marked = |units: &[bool]| (0..units.len()).filter(|unit| units[*unit]).collect::<Vec<_>>();
        self.0
            .iter()
            .enumerate()
            .flat_map(move |(module, units)| marked(units).into_iter().map(move |unit| (module, unit)))
    }
}

/// What was reached so far.
#[derive(Default)]
struct Closure {
    units: Marks,
    open: Vec<Target>,
    /// Modules that run, and those that count as a whole.
    modules: HashSet<ModuleId>,
    whole: HashSet<ModuleId>,
    /// Statements that run with their module and change something, in the order they run.
    events: Vec<UnitId>,
    external: BTreeSet<String>,
    doubts: BTreeSet<Doubt>,
    /// Attributes of unknown objects.
    wanted: BTreeMap<String, (ModuleId, u32)>,
    is_any_wanted: bool,
    /// Whether docstrings, annotations and names of locals count.
    full: bool,
}

impl<S: ModuleSource> CodeBase<S> {
    /// The fingerprint of the class with that dotted path.
    pub fn fingerprint(&mut self, class: &str) -> Result<Fingerprint, Problem> {
        let stage = self.stage(class)?;
        let mut closure = self.closure(stage, false);
        if closure.units.iter().any(|(module, unit)| self.modules[module].unit(unit).reflective) {
            closure = self.closure(stage, true);
        }
        let declaration = self.declaration(stage);
        self.check()?;
        Ok(self.finish(class, closure, declaration))
    }

    fn closure(&mut self, stage: UnitId, full: bool) -> Closure {
        let mut closure = Closure { full, ..Closure::default() };
        let home = self.home(stage.0);
        self.enter(stage.0, &mut closure);
        closure.open.push(Target::Unit(stage));
        loop {
            while let Some(target) = closure.open.pop() {
                self.visit(target, &mut closure);
            }
            if !self.add_possible_classes(&home, &mut closure) {
                return closure;
            }
        }
    }

    fn visit(&mut self, target: Target, closure: &mut Closure) {
        match target {
            Target::Unit(id) => self.visit_unit(id, closure),
            Target::Module(module) => self.enter(module, closure),
            Target::Whole(module) => {
                self.enter(module, closure);
                if closure.whole.insert(module) {
                    let units = self.modules[module].facts.units.len();
                    closure.open.extend((0..units).rev().map(|unit| Target::Unit((module, unit))));
                }
            }
            Target::External(name) => {
                closure.external.insert(name.split('.').next().unwrap_or(&name).to_owned());
            }
            Target::Builtin(_) | Target::Missing(_) => {}
        }
    }

    fn visit_unit(&mut self, id: UnitId, closure: &mut Closure) {
        if !closure.units.insert(id, self.modules[id.0].facts.units.len()) {
            return;
        }
        self.enter(id.0, closure);
        let links = self.links(id);
        let annotations = links.annotations.iter().filter(|_| closure.full || links.is_watched);
        let is_new = |target: &&Target| match target {
            Target::Unit(id) => !closure.units.contains(*id),
            Target::Module(module) => !closure.modules.contains(module),
            Target::Whole(module) => !closure.whole.contains(module),
            Target::External(name) => !closure.external.contains(name.split('.').next().unwrap_or(name)),
            Target::Builtin(_) | Target::Missing(_) => false,
        };
        closure.open.extend(links.targets.iter().chain(annotations).rev().filter(is_new).cloned());
        closure.doubts.extend(links.doubts.iter().cloned());
        for (name, line) in &links.wanted {
            self.want(id.0, name.as_deref(), *line, closure);
        }
    }

    /// An attribute of an object whose class is not known.
    fn want(&mut self, module: ModuleId, name: Option<&str>, line: u32, closure: &mut Closure) {
        match name {
            Some(name) if closure.wanted.contains_key(name) => {}
            Some(name) => {
                closure.wanted.insert(name.to_owned(), (module, line));
            }
            None => {
                closure.is_any_wanted = true;
                closure.doubts.insert(Doubt {
                    file: self.modules[module].file.clone(),
                    line,
                    text: "a computed attribute of an unknown object: every class imported here counts".to_owned(),
                });
            }
        }
    }

    /// Adds the classes that unknown objects may belong to; false if all are there.
    fn add_possible_classes(&mut self, home: &str, closure: &mut Closure) -> bool {
        let mut more = BTreeMap::new();
        let members = self.members_below(home);
        for (name, place) in &closure.wanted {
            for id in members.get(name).into_iter().flatten().filter(|id| !closure.units.contains(**id)) {
                more.entry(*id).or_insert((name.clone(), *place));
            }
        }
        let mut reached: Vec<ModuleId> = closure.modules.iter().copied().collect();
        reached.sort_by(|a, b| self.modules[*a].name.cmp(&self.modules[*b].name));
        for module in reached {
            let facts = self.modules[module].facts.clone();
            for (index, unit) in facts.units.iter().enumerate() {
                let id = (module, index);
                let Some(class) = unit.class.as_ref().filter(|_| !closure.units.contains(id)) else { continue };
                if closure.is_any_wanted {
                    closure.open.push(Target::Unit(id));
                } else if let Some((name, place)) =
                    class.members.iter().find_map(|member| closure.wanted.get_key_value(member))
                {
                    more.entry(id).or_insert((name.clone(), *place));
                }
            }
        }
        let mut more: Vec<_> = more.into_iter().collect();
        more.sort_by(|(a, _), (b, _)| (&self.modules[a.0].name, a.1).cmp(&(&self.modules[b.0].name, b.1)));
        for (id, (name, (module, line))) in more {
            let class = &self.modules[id.0].unit(id.1).parts[0].name;
            let text = format!("an object with `.{name}` may be a `{}.{class}`: it counts", self.modules[id.0].name);
            closure.doubts.insert(Doubt { file: self.modules[module].file.clone(), line, text });
            closure.open.push(Target::Unit(id));
        }
        !closure.open.is_empty()
    }

    /// The classes of a package by the names of their members.
    fn members_below(&mut self, home: &str) -> Arc<HashMap<String, Vec<UnitId>>> {
        if let Some(known) = self.members.get(home) {
            return known.clone();
        }
        let mut members: HashMap<String, Vec<UnitId>> = HashMap::new();
        let modules = if home.is_empty() { Arc::default() } else { self.below(home) };
        for module in modules.iter() {
            for (index, unit) in self.modules[*module].facts.units.iter().enumerate() {
                for member in unit.class.iter().flat_map(|class| &class.members) {
                    members.entry(member.clone()).or_default().push((*module, index));
                }
            }
        }
        let members = Arc::new(members);
        self.members.insert(home.to_owned(), members.clone());
        members
    }

    /// A module runs: the packages around it, then its statements, and with them the modules it imports.
    fn enter(&mut self, module: ModuleId, closure: &mut Closure) {
        if closure.modules.contains(&module) {
            return;
        }
        if let Some((package, _)) = self.modules[module].name.clone().rsplit_once('.')
            && let Some(package) = self.find(package)
        {
            self.enter(package, closure);
        }
        if !closure.modules.insert(module) {
            return;
        }
        let facts = self.modules[module].facts.clone();
        if let Some((line, fault)) = &facts.fault {
            let text = format!("cannot be read as Python ({fault}): every byte of it counts");
            closure.doubts.insert(Doubt { file: self.modules[module].file.clone(), line: *line, text });
        }
        for (index, unit) in facts.units.iter().enumerate() {
            for import in &unit.imports {
                self.run_import(module, import, closure);
            }
            if self.is_effect((module, index)) {
                closure.events.push((module, index));
                closure.open.push(Target::Unit((module, index)));
            }
        }
    }

    fn run_import(&mut self, module: ModuleId, import: &super::facts::Import, closure: &mut Closure) {
        let origin = &import.origin;
        let base = match &import.loads {
            Some(loads) => Some(loads.clone()),
            None => self.absolute(module, origin),
        };
        let Some(base) = base else { return };
        let Some(id) = self.find(&base) else {
            let first = base.split('.').next().unwrap_or(&base);
            if self.find(first).is_none() && first != "__future__" {
                closure.external.insert(first.to_owned());
            }
            return;
        };
        self.enter(id, closure);
        if let Some(member) = &origin.member
            && self.modules[id].is_package()
            && let Some(inner) = self.find(&format!("{base}.{member}"))
        {
            self.enter(inner, closure);
        }
    }

    fn finish(&mut self, class: &str, closure: Closure, declaration: Option<super::Declaration>) -> Fingerprint {
        let full = closure.full;
        let mut parts: Vec<Digest> = Vec::new();
        let mut symbols: Vec<(Arc<str>, SymbolFact)> = Vec::new();
        let mut add = |name: Arc<str>, digest: Digest, line: u32| match symbols.last_mut() {
            Some((last, known)) if *last == name => {
                known.digest = Digest::of(&[*known.digest.as_bytes(), *digest.as_bytes()].concat());
                known.line = known.line.min(line);
            }
            _ => symbols.push((name, SymbolFact { digest, line })),
        };
        if !closure.events.is_empty() {
            let order: String = closure.events.iter().map(|id| self.place(*id)).collect();
            add("(order of what runs at import)".into(), Digest::of(order.as_bytes()), 1);
        }
        let mut modules: Vec<ModuleId> = closure.modules.iter().copied().collect();
        modules.sort_unstable_by(|a, b| self.modules[*a].file.cmp(&self.modules[*b].file));
        for id in &modules {
            let module = &self.modules[*id];
            for (name, unit, part) in module.symbols.iter().filter(|(_, unit, _)| closure.units.contains((*id, *unit)))
            {
                let links = module.links[*unit].as_ref();
                let part = &module.unit(*unit).parts[*part];
                let is_full = full || links.is_some_and(|links| links.is_watched);
                add(name.clone(), if is_full { part.full } else { part.digest }, part.line);
            }
            let content = module.facts.content;
            if module.facts.fault.is_some() {
                parts.push(Digest::of(&[module.file.as_bytes(), content.as_bytes()].concat()));
                add(format!("{}:(bytes)", module.file).into(), content, 1);
            } else if full {
                parts.push(Digest::of(&[module.file.as_bytes(), module.facts.doc.as_bytes()].concat()));
            }
        }
        let digest_of = |links: &super::links::Links| if full { links.full } else { links.digest };
        for id in closure.units.iter() {
            parts.push(digest_of(&self.links(id)));
        }
        // Not by place in the file: moving a function is no change.
        parts.sort_unstable();
        let mut bytes = class.as_bytes().to_vec();
        bytes.push(0);
        bytes.push(u8::from(full));
        parts.iter().for_each(|part| bytes.extend(part.as_bytes()));
        bytes.push(1);
        closure.events.iter().for_each(|id| bytes.extend(digest_of(&self.links(*id)).as_bytes()));
        Fingerprint {
            digest: Digest::of(&bytes),
            symbols: symbols.into_iter().collect(),
            files: modules.iter().map(|id| self.modules[*id].file.clone()).filter(|file| !file.is_empty()).collect(),
            external: closure.external.into_iter().collect(),
            doubts: closure.doubts.into_iter().collect(),
            declaration,
        }
    }
}
