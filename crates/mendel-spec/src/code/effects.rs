//! Whether importing a module does more than bind its names.
//!
//! A statement whose calls are known to change nothing counts only where its names are used; any
//! other counts for whoever imports the module.

use std::collections::HashSet;

use super::{
    base::{CodeBase, ModuleId, ModuleSource, UnitId},
    facts::{Ref, Run},
    links::{Found, Target},
};

/// Packages whose functions hand back a value and change nothing of the project's.
const CALM: [&str; 44] = [
    "abc",
    "array",
    "ast",
    "base64",
    "calendar",
    "cmath",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "inspect",
    "itertools",
    "json",
    "logging",
    "math",
    "numbers",
    "numpy",
    "operator",
    "os",
    "pandas",
    "pathlib",
    "platform",
    "re",
    "scipy",
    "shutil",
    "skimage",
    "statistics",
    "string",
    "struct",
    "tempfile",
    "textwrap",
    "time",
    "torch",
    "types",
    "typing",
    "typing_extensions",
    "uuid",
    "warnings",
];

/// What makes a stage of a function, and keeps nothing of it.
const STAGE_MAKERS: [&str; 3] = ["mendel.stage", "mendel.pipeline.stage", "mendel.pipeline.function.stage"];

/// Builtins that change what they are given, or run any text.
const RESTLESS: [&str; 7] = ["setattr", "delattr", "exec", "eval", "__import__", "next", "globals"];

/// Methods of lists, dicts and texts that only look.
const LOOKING: [&str; 10] = ["get", "keys", "values", "items", "copy", "index", "count", "join", "format", "split"];

/// Members of a base class that run when a class is derived from it.
const REGISTERING: [&str; 1] = ["__init_subclass__"];

impl<S: ModuleSource> CodeBase<S> {
    /// Whether a unit counts for whoever imports its module.
    pub(super) fn is_effect(&mut self, id: UnitId) -> bool {
        if let Some(known) = self.modules[id.0].effects[id.1] {
            return known;
        }
        let facts = self.modules[id.0].facts.clone();
        let unit = &facts.units[id.1];
        let is_effect = unit.effect
            || (unit.class.is_some() && self.is_registering(id, 0))
            || unit.runs.iter().any(|run| !self.is_quiet_run(id.0, run));
        self.modules[id.0].effects[id.1] = Some(is_effect);
        is_effect
    }

    /// Whether making the class runs code of a base or a metaclass.
    fn is_registering(&mut self, (module, index): UnitId, depth: usize) -> bool {
        let facts = self.modules[module].facts.clone();
        let Some(class) = &facts.units[index].class else { return true };
        if class.metaclass || class.opaque || depth > 50 {
            return true;
        }
        class.bases.iter().any(|base| {
            self.resolve(module, base).iter().any(|found| match found.target {
                Target::Unit(base) => {
                    let facts = self.modules[base.0].facts.clone();
                    let unit = &facts.units[base.1];
                    match &unit.class {
                        Some(class) => {
                            REGISTERING.iter().any(|name| class.members.iter().any(|member| member == name))
                                || self.is_registering(base, depth + 1)
                        }
                        None => true,
                    }
                }
                _ => false,
            })
        })
    }

    fn is_quiet_run(&mut self, module: ModuleId, run: &Run) -> bool {
        let is_calm = run.handed.iter().all(|handed| self.is_harmless(module, handed));
        self.resolve(module, &run.callee).iter().all(|found| match &found.target {
            // What is installed may keep the functions it is given.
            Target::External(name) => {
                let is_calm = is_calm_package(name) || STAGE_MAKERS.contains(&name.as_str());
                is_calm || (!is_setting(name) && run.handed.is_empty())
            }
            Target::Builtin(name) => !RESTLESS.contains(&name.as_str()),
            Target::Unit(_) => is_calm && self.is_quiet_callee(found, &mut HashSet::new()),
            Target::Module(_) => true,
            Target::Whole(_) | Target::Missing(_) => false,
        })
    }

    /// Whether it is safe to hand `handed` to a function of the project that is quiet itself.
    fn is_harmless(&mut self, module: ModuleId, handed: &Ref) -> bool {
        self.resolve(module, handed).iter().all(|found| match found.target {
            Target::Unit((module, index)) => {
                let unit = self.modules[module].unit(index);
                let is_definition = unit.class.is_some() || unit.is_function;
                unit.immutable || is_definition
            }
            Target::Whole(_) | Target::Missing(_) => false,
            Target::Module(_) | Target::External(_) | Target::Builtin(_) => true,
        })
    }

    fn is_quiet_callee(&mut self, found: &Found, seen: &mut HashSet<UnitId>) -> bool {
        let Target::Unit(id) = found.target else { return true };
        let facts = self.modules[id.0].facts.clone();
        let unit = &facts.units[id.1];
        if found.rest {
            return unit.immutable;
        }
        if unit.immutable {
            return true;
        }
        (unit.class.is_some() || unit.is_function) && self.is_quiet(id, seen)
    }

    /// Whether calling a function, or making an instance of a class, changes nothing but its own value.
    ///
    /// `seen` are the callers, which are quiet together if nothing any of them calls is not.
    fn is_quiet(&mut self, id: UnitId, seen: &mut HashSet<UnitId>) -> bool {
        if let Some(known) = self.quiet.get(&id) {
            return *known;
        }
        let is_first = seen.is_empty();
        if !seen.insert(id) {
            return true;
        }
        let facts = self.modules[id.0].facts.clone();
        let unit = &facts.units[id.1];
        let is_quiet = !unit.noisy
            && unit.calls.iter().all(|call| {
                let looks = call.path.last().is_some_and(|name| LOOKING.contains(&name.as_str()));
                self.resolve(id.0, call).iter().all(|found| match &found.target {
                    Target::External(name) => is_calm_package(name),
                    Target::Builtin(name) => !RESTLESS.contains(&name.as_str()),
                    Target::Unit(callee) if found.rest && looks => self.modules[callee.0].unit(callee.1).fresh,
                    Target::Unit(_) => self.is_quiet_callee(found, seen),
                    Target::Module(_) => true,
                    Target::Whole(_) | Target::Missing(_) => false,
                })
            })
            && unit.class.as_ref().is_none_or(|class| {
                !class.metaclass
                    && !class.opaque
                    && class.bases.iter().all(|base| {
                        self.resolve(id.0, base).iter().all(|found| match found.target {
                            Target::Unit(base) => self.is_quiet(base, seen),
                            Target::Whole(_) | Target::Missing(_) => false,
                            _ => true,
                        })
                    })
            });
        if !is_quiet {
            self.quiet.insert(id, false);
        } else if is_first {
            self.quiet.extend(seen.iter().map(|id| (*id, true)));
        }
        is_quiet
    }
}

fn is_calm_package(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    CALM.contains(&first) && !is_setting(name)
}

/// Whether the function changes the state of its package, to judge by its name.
fn is_setting(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    ["set", "seed", "register", "add", "push", "update", "append", "patch", "basicConfig", "chdir", "put", "filter"]
        .iter()
        .any(|word| last.starts_with(word))
}
