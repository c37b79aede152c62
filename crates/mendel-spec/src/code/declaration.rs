//! What a stage says of itself in class attributes, read without running it.

use crate::{Problem, nearest};

use super::{
    Declaration,
    base::{CodeBase, ModuleId, ModuleSource, UnitId},
    facts::{Literal, Ref, Root, Unit, Use},
    links::Target,
};

/// The code of the problem that no module of the project has the name of a stage.
pub const UNKNOWN_MODULE: &str = "unknown_module";

/// Longest chain of names and bases that is followed.
const DEPTH: usize = 30;

/// Modules of base classes that declare nothing but defaults.
const HOSTS: [&str; 5] = ["mendel", "repype", "abc", "typing", "object"];

/// A value that was told.
enum Value {
    None,
    Bool(bool),
    Text(String),
    List(Vec<Value>),
}

impl<S: ModuleSource> CodeBase<S> {
    /// The unit of the class with that dotted path, or of what makes a stage in another way: a decorated
    /// function, or an assignment.
    pub(super) fn stage(&mut self, path: &str) -> Result<UnitId, Problem> {
        let parts: Vec<&str> = path.split('.').collect();
        let mut module = None;
        let mut depth = 0;
        for end in 1..parts.len() {
            match self.find(&parts[..end].join(".")) {
                Some(found) => (module, depth) = (Some(found), end),
                None => break,
            }
        }
        self.check()?;
        let Some(module) = module else {
            let roots: Vec<String> = self.roots.iter().map(|root| format!("`{}`", root.display())).collect();
            let message = if parts.len() < 2 {
                format!("`{path}` names no module: a stage is written `package.module.Class`")
            } else {
                format!("no module `{}` for stage `{path}`", parts[0])
            };
            let hint = format!("it is looked for below {}", roots.join(", "));
            let near = nearest::nearest(parts[0], self.top_names().iter().map(String::as_str)).map(str::to_owned);
            let hint = near.map_or(hint.clone(), |near| format!("did you mean `{near}`? {hint}"));
            return Err(Problem::error(UNKNOWN_MODULE, message).hint(hint));
        };
        if let Some((line, fault)) = &self.modules[module].facts.fault {
            let mut problem = Problem::error("broken_module", format!("stage `{path}` cannot be read: {fault}"))
                .in_file(&self.modules[module].file);
            problem.line = Some(*line as usize);
            return Err(problem);
        }
        let rest: Vec<String> = parts[depth + 1..].iter().map(|&part| part.to_owned()).collect();
        let reference = Ref { root: Root::Name(parts[depth].to_owned()), path: rest, how: Use::Read, line: 0 };
        let found = self.resolve(module, &reference);
        let units: Vec<UnitId> = found
            .iter()
            .filter_map(|found| match found.target {
                Target::Unit(id) => Some(id),
                _ => None,
            })
            .collect();
        let stage = units.iter().find(|id| makes_stage(self.modules[id.0].unit(id.1)));
        stage.copied().ok_or_else(|| self.no_stage(path, module, parts[depth], !units.is_empty()))
    }

    fn no_stage(&mut self, path: &str, module: ModuleId, name: &str, is_there: bool) -> Problem {
        let inner = self.submodules(module);
        let module = &self.modules[module];
        let place = if module.file.is_empty() { &module.name } else { &module.file };
        if is_there {
            let message = format!("`{name}` of stage `{path}` is no stage in module `{}`", module.name);
            let hint = "a stage is a class that derives from `Stage`, or a function with `@stage`";
            return Problem::error("unknown_stage", message).in_file(place).hint(hint);
        }
        let message = format!("module `{}` has no `{name}`, named by stage `{path}`", module.name);
        let stages = module.facts.units.iter().filter(|unit| makes_stage(unit) && !unit.only_imports);
        let names: Vec<&str> = stages
            .filter_map(|unit| unit.parts.first().map(|part| part.name.as_str()))
            .chain(inner.iter().map(String::as_str))
            .filter(|name| !name.is_empty())
            .collect();
        let hint = nearest::suggestion(name, names);
        Problem::error("unknown_stage", message).in_file(place).hint(hint)
    }

    /// What the class declares, if all of it is literal.
    pub(super) fn declaration(&mut self, class: UnitId) -> Option<Declaration> {
        let lineage = self.lineage(class)?;
        let mut of = |name: &str| self.attribute_value(&lineage, name);
        let text = |value| match value {
            Value::Text(text) => Some(Some(text)),
            Value::None => Some(None),
            _ => None,
        };
        let id = match of("id")? {
            Some(value) => text(value)?,
            None => None,
        };
        let mut fields = |name: &str| match of(name)? {
            None | Some(Value::None) => Some(Vec::new()),
            Some(Value::List(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::Text(text) => Some(text),
                    _ => None,
                })
                .collect(),
            Some(_) => None,
        };
        let (inputs, consumes, outputs) = (fields("inputs")?, fields("consumes")?, fields("outputs")?);
        let enabled_by_default = match of("enabled_by_default")? {
            None => true,
            Some(Value::Bool(enabled)) => enabled,
            Some(_) => return None,
        };
        Some(Declaration { id, inputs, consumes, outputs, enabled_by_default })
    }

    /// The class and its bases in the order attributes are looked up; none where it cannot be told.
    fn lineage(&mut self, class: UnitId) -> Option<Vec<UnitId>> {
        let mut lineage = Vec::new();
        let mut open = vec![(class, 0)];
        while let Some((id, depth)) = open.pop() {
            let facts = self.modules[id.0].facts.clone();
            let class = facts.units[id.1].class.as_ref()?;
            let is_plain = !class.decorated
                && !class.metaclass
                && !class.opaque
                && !class
                    .members
                    .iter()
                    .any(|member| matches!(member.as_str(), "__init_subclass__" | "__getattribute__"));
            if !is_plain || depth > DEPTH {
                return None;
            }
            // A base that is met again stands where it was met last.
            lineage.retain(|known| *known != id);
            lineage.push(id);
            let mut bases = Vec::new();
            for base in &class.bases {
                let mut units = Vec::new();
                for found in self.resolve(id.0, base) {
                    match found.target {
                        Target::Unit(base) => units.push(base),
                        Target::External(name) | Target::Builtin(name) => {
                            HOSTS.contains(&name.split('.').next()?).then_some(())?;
                        }
                        Target::Module(_) => {}
                        Target::Whole(_) | Target::Missing(_) => return None,
                    }
                }
                if units.len() > 1 {
                    return None;
                }
                bases.extend(units);
            }
            open.extend(bases.into_iter().rev().map(|base| (base, depth + 1)));
        }
        Some(lineage)
    }

    /// The value of a class attribute: none if it cannot be told, `Some(None)` if nobody sets it.
    fn attribute_value(&mut self, lineage: &[UnitId], name: &str) -> Option<Option<Value>> {
        for id in lineage {
            let facts = self.modules[id.0].facts.clone();
            let class = facts.units[id.1].class.as_ref()?;
            if !class.members.iter().any(|member| member == name) {
                continue;
            }
            let mut values = class.literals.iter().filter(|(known, _)| known == name);
            let (first, second) = (values.next(), values.next());
            return match (first, second) {
                (Some((_, Some(value))), None) => Some(Some(self.value(id.0, value, 0)?)),
                // Declared without a value.
                (None, _) if !is_set_otherwise(&facts.units[id.1], name) => continue,
                _ => None,
            };
        }
        Some(None)
    }

    fn value(&mut self, module: ModuleId, literal: &Literal, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        match literal {
            Literal::None => Some(Value::None),
            Literal::Bool(value) => Some(Value::Bool(*value)),
            Literal::Text(text) => Some(Value::Text(text.clone())),
            Literal::List(items) => {
                let mut values = Vec::new();
                for item in items {
                    match item {
                        Literal::Spread(inner) => match self.value(module, inner, depth + 1)? {
                            Value::List(more) => values.extend(more),
                            _ => return None,
                        },
                        item => values.push(self.value(module, item, depth + 1)?),
                    }
                }
                Some(Value::List(values))
            }
            Literal::Spread(_) => None,
            Literal::Sum(left, right) => {
                match (self.value(module, left, depth + 1)?, self.value(module, right, depth + 1)?) {
                    (Value::List(mut left), Value::List(right)) => {
                        left.extend(right);
                        Some(Value::List(left))
                    }
                    (Value::Text(left), Value::Text(right)) => Some(Value::Text(left + &right)),
                    _ => None,
                }
            }
            Literal::Name(reference) => self.named_value(module, reference, depth),
        }
    }

    /// The value of a module constant, or of an attribute of another class.
    fn named_value(&mut self, module: ModuleId, reference: &Ref, depth: usize) -> Option<Value> {
        let mut units = Vec::new();
        for found in self.resolve(module, reference) {
            match found.target {
                Target::Unit(id) => units.push((id, found.rest)),
                Target::Module(_) => {}
                _ => return None,
            }
        }
        let [((module, index), rest)] = units.as_slice() else { return None };
        let facts = self.modules[*module].facts.clone();
        let unit = &facts.units[*index];
        match (&unit.class, rest) {
            (Some(_), true) => {
                let lineage = self.lineage((*module, *index))?;
                let name = reference.path.last()?;
                self.attribute_value(&lineage, name)?
            }
            (None, false) => self.value(*module, unit.value.as_ref()?, depth + 1),
            _ => None,
        }
    }
}

/// Whether a unit may give a stage: a class, a decorated function, or a value that is computed.
fn makes_stage(unit: &Unit) -> bool {
    match (&unit.class, unit.is_function) {
        (Some(_), _) => true,
        (None, true) => !unit.watchers.is_empty(),
        (None, false) => unit.value.is_none(),
    }
}

/// Whether a member of that name is a method or is set by a statement that is not an assignment.
fn is_set_otherwise(unit: &super::facts::Unit, name: &str) -> bool {
    let class = unit.parts[0].name.as_str();
    unit.parts.iter().skip(1).any(|part| {
        let member = part.name.strip_prefix(class).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
        member.split(", ").any(|other| other == name)
    }) && !unit.class.iter().any(|class| class.literals.iter().any(|(known, _)| known == name))
}
