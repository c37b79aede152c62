//! Which names a function, class or comprehension binds, and so which are free in it.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt, StmtImport, StmtImportFrom,
    visitor::{Visitor, walk_except_handler, walk_expr, walk_pattern, walk_stmt},
};

use super::facts::Origin;

/// What is known of a bound name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role<'a> {
    Parameter,
    /// Bound to new objects only.
    Fresh,
    Local,
    /// Bound once, to what calling that gives.
    Made(&'a Expr),
    /// A function or class within.
    Definition,
    /// Bound by one import and nothing else.
    Import(Origin),
}

/// The names a body binds.
#[derive(Debug, Default)]
pub(super) struct Bindings<'a> {
    pub names: HashMap<&'a str, Role<'a>>,
    pub globals: HashSet<&'a str>,
    pub nonlocals: HashSet<&'a str>,
    /// Names that functions within declare with `nonlocal`.
    rebound: Vec<&'a str>,
}

impl<'a> Bindings<'a> {
    /// The names bound by the statements of one scope.
    pub(super) fn of_body(body: &'a [Stmt]) -> Self {
        let mut bindings = Self::default();
        bindings.visit_body(body);
        let declared: Vec<_> = bindings.globals.iter().chain(&bindings.nonlocals).copied().collect();
        for name in declared {
            bindings.names.remove(name);
        }
        // A function within binds the name again, to anything.
        for name in std::mem::take(&mut bindings.rebound) {
            if let Some(role) = bindings.names.get_mut(name).filter(|role| **role != Role::Parameter) {
                *role = Role::Local;
            }
        }
        bindings
    }

    /// The names bound by one statement.
    pub(super) fn of_statement(stmt: &'a Stmt) -> Self {
        Self::of_body(std::slice::from_ref(stmt))
    }

    /// The targets of a comprehension.
    pub(super) fn of_generators(generators: &'a [Comprehension]) -> Self {
        let mut bindings = Self::default();
        for generator in generators {
            bindings.visit_expr(&generator.target);
        }
        bindings
    }

    /// Adds parameters, which stay what they are even where they are bound again.
    pub(super) fn add_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            self.names.insert(parameter.name().as_str(), Role::Parameter);
        }
    }

    fn bind(&mut self, name: &'a str, role: Role<'a>) {
        self.names
            .entry(name)
            .and_modify(|known| {
                if *known != role || matches!(role, Role::Import(_) | Role::Made(_)) {
                    *known = Role::Local;
                }
            })
            .or_insert(role);
    }

    fn import(&mut self, import: &'a StmtImport) {
        for alias in &import.names {
            let (name, origin) = import_binding(alias);
            self.bind(name, Role::Import(origin));
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        for alias in import.names.iter().filter(|alias| alias.name.as_str() != "*") {
            let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            self.bind(name, Role::Import(from_origin(import, alias.name.as_str())));
        }
    }
}

/// The name that one alias of `import` binds, and what it stands for.
pub(super) fn import_binding(alias: &ruff_python_ast::Alias) -> (&str, Origin) {
    let full = alias.name.as_str();
    let (name, module) = match &alias.asname {
        Some(asname) => (asname.as_str(), full),
        None => {
            let first = full.split('.').next().unwrap_or(full);
            (first, first)
        }
    };
    (name, Origin { level: 0, module: module.to_owned(), member: None })
}

/// What `from … import member` stands for.
pub(super) fn from_origin(import: &StmtImportFrom, member: &str) -> Origin {
    let module = import.module.as_ref().map(|module| module.as_str().to_owned()).unwrap_or_default();
    Origin { level: import.level, module, member: Some(member.to_owned()) }
}

/// Whether `expr` makes an object that nothing else knows.
pub(super) fn is_fresh(expr: &Expr) -> bool {
    match expr {
        Expr::List(_) | Expr::Dict(_) | Expr::Set(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => true,
        Expr::Call(call) => {
            let makers = ["dict", "list", "set", "sorted", "defaultdict", "OrderedDict", "Counter", "deque"];
            matches!(&*call.func, Expr::Name(name) if makers.contains(&name.id.as_str()))
        }
        other => other.is_literal_expr() || other.is_f_string_expr(),
    }
}

/// Collects the names of `nonlocal` statements at any depth.
struct Rebound<'a, 'r>(&'r mut Vec<&'a str>);

impl<'a> Visitor<'a> for Rebound<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Nonlocal(nonlocal) => self.0.extend(nonlocal.names.iter().map(|name| name.as_str())),
            other => walk_stmt(self, other),
        }
    }

    // Statements alone are looked at.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

impl<'a> Visitor<'a> for Bindings<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.as_str(), Role::Definition);
                let mut inner = Rebound(&mut self.rebound);
                inner.visit_body(&function.body);
            }
            Stmt::ClassDef(class) => self.bind(class.name.as_str(), Role::Definition),
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(global) => self.globals.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(nonlocal) => self.nonlocals.extend(nonlocal.names.iter().map(|name| name.as_str())),
            Stmt::Assign(assign) if is_fresh(&assign.value) => {
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => self.bind(name.id.as_str(), Role::Fresh),
                        other => self.visit_expr(other),
                    }
                }
                self.visit_expr(&assign.value);
            }
            Stmt::Assign(assign) if matches!(assign.targets.as_slice(), [Expr::Name(_)]) => {
                let ([Expr::Name(name)], Expr::Call(call)) = (assign.targets.as_slice(), &*assign.value) else {
                    return walk_stmt(self, stmt);
                };
                self.bind(name.id.as_str(), Role::Made(&call.func));
                self.visit_expr(&assign.value);
            }
            other => walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if !matches!(name.ctx, ExprContext::Load) => self.bind(name.id.as_str(), Role::Local),
            // A lambda binds for itself.
            Expr::Lambda(_) => {}
            other => walk_expr(self, other),
        }
    }

    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        // The targets stay inside; a walrus does not.
        self.visit_expr(&comprehension.iter);
        comprehension.ifs.iter().for_each(|condition| self.visit_expr(condition));
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name.as_str(), Role::Local);
        }
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(inner) => inner.name.as_ref(),
            Pattern::MatchStar(inner) => inner.name.as_ref(),
            Pattern::MatchMapping(inner) => inner.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name.as_str(), Role::Local);
        }
        walk_pattern(self, pattern);
    }
}
