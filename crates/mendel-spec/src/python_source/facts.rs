//! What has to be known of a whole module before its parser is read.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{
    Expr, ExprCall, ExprContext, Stmt,
    visitor::{Visitor, walk_expr, walk_stmt},
};

use super::literal::Constants;

/// Facts of a module.
#[derive(Default)]
pub(super) struct Facts<'a> {
    /// Names of the module `argparse`.
    modules: HashSet<&'a str>,
    /// Names of the class `ArgumentParser`.
    classes: HashSet<&'a str>,
    /// Names of `BooleanOptionalAction`.
    booleans: HashSet<&'a str>,
    /// Constants of the module.
    pub constants: Constants<'a>,
    /// For each function called by its bare name: whether every call hands on the words of the command line.
    pub calls: HashMap<&'a str, bool>,
    /// In which function each parser is made; none for the module itself.
    pub made_in: Vec<Option<&'a str>>,
    /// Something that makes reading hopeless.
    pub hopeless: bool,
    functions: Vec<(&'a str, usize)>,
    depth: usize,
    assigned: HashMap<&'a str, usize>,
    argv_uses: usize,
    argv_fine: usize,
}

impl<'a> Facts<'a> {
    /// Collects the facts of `body`.
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut facts = Self::default();
        for stmt in body {
            facts.imports(stmt);
        }
        facts.visit_body(body);
        // Whoever looks at the words itself may do anything with them.
        facts.hopeless |= facts.argv_uses > facts.argv_fine;
        let assigned = std::mem::take(&mut facts.assigned);
        facts.constants.retain(|name, _| assigned.get(name) == Some(&1));
        facts
    }

    /// Whether `call` makes a parser.
    pub(super) fn makes_parser(&self, call: &ExprCall) -> bool {
        match &*call.func {
            Expr::Name(name) => self.classes.contains(name.id.as_str()),
            func => self.is_member(func, "ArgumentParser"),
        }
    }

    /// Whether `expr` is `BooleanOptionalAction`.
    pub(super) fn is_boolean_optional(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => self.booleans.contains(name.id.as_str()),
            expr => self.is_member(expr, "BooleanOptionalAction"),
        }
    }

    /// Whether `expr` is `argparse.member`.
    pub(super) fn is_member(&self, expr: &Expr, member: &str) -> bool {
        let Expr::Attribute(attribute) = expr else { return false };
        let Expr::Name(module) = &*attribute.value else { return false };
        attribute.attr.as_str() == member && self.modules.contains(module.id.as_str())
    }

    fn imports(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    if alias.name.as_str() == "argparse" {
                        self.modules.insert(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                    }
                }
            }
            Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module.as_str() == "argparse") => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    match alias.name.as_str() {
                        "ArgumentParser" => {
                            self.classes.insert(name);
                        }
                        "BooleanOptionalAction" => {
                            self.booleans.insert(name);
                        }
                        "*" => self.hopeless = true,
                        _ => {}
                    }
                }
            }
            Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module.as_str() == "sys") => {
                self.hopeless |= import.names.iter().any(|alias| matches!(alias.name.as_str(), "argv" | "*"));
            }
            Stmt::FunctionDef(function) => function.body.iter().for_each(|stmt| self.imports(stmt)),
            Stmt::If(branch) => branch.body.iter().for_each(|stmt| self.imports(stmt)),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Facts<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                *self.assigned.entry(function.name.as_str()).or_default() += 1;
                self.functions.push((function.name.as_str(), self.depth));
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
                self.functions.pop();
                return;
            }
            Stmt::ClassDef(_) => {
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
                return;
            }
            Stmt::Assign(assign) if self.depth == 0 => {
                if let [Expr::Name(name)] = assign.targets.as_slice() {
                    self.constants.insert(name.id.as_str(), &assign.value);
                }
            }
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    *self.assigned.entry(name.id.as_str()).or_default() += 1;
                }
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if !matches!(name.ctx, ExprContext::Load) => {
                *self.assigned.entry(name.id.as_str()).or_default() += 1;
            }
            Expr::Attribute(_) if is_argv(expr) => self.argv_uses += 1,
            Expr::Subscript(subscript) if is_argv(&subscript.value) => {
                self.argv_fine += usize::from(is_words(expr) || is_zero(&subscript.slice));
            }
            Expr::Call(call) => {
                if self.makes_parser(call) {
                    // A method, or a function within a function, is not followed.
                    let place = match self.functions.as_slice() {
                        [] if self.depth == 0 => Some(None),
                        [(name, 0)] if self.depth == 1 => Some(Some(*name)),
                        _ => None,
                    };
                    match place {
                        Some(place) => self.made_in.push(place),
                        None => self.hopeless = true,
                    }
                }
                if let Expr::Name(name) = &*call.func {
                    let fine = call.arguments.keywords.is_empty()
                        && match &*call.arguments.args {
                            [] => true,
                            [one] => is_words(one) || one.is_none_literal_expr(),
                            _ => false,
                        };
                    *self.calls.entry(name.id.as_str()).or_insert(true) &= fine;
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

fn is_argv(expr: &Expr) -> bool {
    let Expr::Attribute(attribute) = expr else { return false };
    attribute.attr.as_str() == "argv" && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "sys")
}

fn is_number(expr: &Expr, number: i64) -> bool {
    super::literal::literal(expr, &Constants::new()).and_then(|value| value.as_i64()) == Some(number)
}

fn is_zero(expr: &Expr) -> bool {
    is_number(expr, 0)
}

/// Whether `expr` is `sys.argv[1:]`.
pub(super) fn is_words(expr: &Expr) -> bool {
    let Expr::Subscript(subscript) = expr else { return false };
    let Expr::Slice(slice) = &*subscript.slice else { return false };
    is_argv(&subscript.value)
        && slice.lower.as_ref().is_some_and(|lower| is_number(lower, 1))
        && slice.upper.is_none()
        && slice.step.is_none()
}
