//! The canonical form of statements.

use ruff_python_ast::{
    Decorator, ExceptHandler, Expr, Stmt, StmtAnnAssign, StmtClassDef, StmtFunctionDef, StmtImport, StmtImportFrom,
    StmtTry,
};
use ruff_text_size::Ranged;

use super::{
    chain::{chain, innermost},
    facts::{Origin, Ref, Root, Run, Use},
    scope::{Bindings, Role, from_origin, import_binding},
    walk::{Meaning, Walker},
};

/// Methods that run when an instance is made.
const MAKING: [&str; 4] = ["__init__", "__new__", "__post_init__", "__set_name__"];

/// Decorators that are known not to look at annotations or docstrings.
const BLIND: [&str; 21] = [
    "property",
    "setter",
    "getter",
    "deleter",
    "staticmethod",
    "classmethod",
    "wraps",
    "lru_cache",
    "cache",
    "cached_property",
    "contextmanager",
    "abstractmethod",
    "override",
    "final",
    "overload",
    "total_ordering",
    "no_grad",
    "njit",
    "jit",
    "vectorize",
    "dataclass",
];

impl<'a> Walker<'a, '_> {
    /// Reads statements; those that do nothing are passed over.
    pub(super) fn block(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
        self.tag(0);
    }

    /// Reads a statement.
    pub(super) fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => {
                self.class_head(class);
                self.class_body(class, |walker| walker.block(&class.body));
            }
            Stmt::Pass(_) => {}
            Stmt::Expr(inner) if inner.value.is_literal_expr() => {
                self.hidden(|walker| {
                    walker.tag(100);
                    walker.expr(&inner.value);
                });
            }
            Stmt::Expr(inner) => {
                self.done(&inner.value);
                self.tag(100);
                self.expr(&inner.value);
            }
            Stmt::Assign(_) | Stmt::AugAssign(_) | Stmt::AnnAssign(_) | Stmt::Delete(_) | Stmt::TypeAlias(_) => {
                self.assignment(stmt);
            }
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Return(inner) => {
                self.tag(101);
                self.optional(inner.value.as_deref(), Self::expr);
            }
            Stmt::Raise(inner) => {
                self.effect |= self.deferred == 0;
                self.tag(102);
                self.optional(inner.exc.as_deref(), Self::expr);
                self.optional(inner.cause.as_deref(), Self::expr);
            }
            Stmt::Assert(inner) => {
                self.tag(103);
                self.expr(&inner.test);
                self.optional(inner.msg.as_deref(), Self::expr);
            }
            Stmt::Global(inner) => self.declaration(104, &inner.names),
            Stmt::Nonlocal(inner) => self.declaration(105, &inner.names),
            Stmt::Break(_) => self.tag(106),
            Stmt::Continue(_) => self.tag(107),
            Stmt::IpyEscapeCommand(_) => {
                self.tag(108);
                self.text(&self.source[stmt.range()]);
            }
            _ => self.compound(stmt),
        }
    }

    fn declaration(&mut self, tag: u8, names: &'a [ruff_python_ast::Identifier]) {
        self.noisy |= self.on_call;
        self.tag(tag);
        self.list(names, |walker, name| walker.spelled(name.as_str()));
    }

    fn compound(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::For(inner) => {
                self.tag(110);
                self.flag(inner.is_async);
                self.written(&inner.target);
                self.expr(&inner.target);
                self.expr(&inner.iter);
                self.block(&inner.body);
                self.block(&inner.orelse);
            }
            Stmt::While(inner) => {
                self.tag(111);
                self.expr(&inner.test);
                self.block(&inner.body);
                self.block(&inner.orelse);
            }
            Stmt::If(inner) => {
                self.tag(112);
                self.expr(&inner.test);
                self.block(&inner.body);
                self.list(&inner.elif_else_clauses, |walker, clause| {
                    walker.optional(clause.test.as_ref(), Self::expr);
                    walker.block(&clause.body);
                });
            }
            Stmt::With(inner) => {
                self.tag(113);
                self.flag(inner.is_async);
                self.list(&inner.items, |walker, item| {
                    walker.expr(&item.context_expr);
                    walker.optional(item.optional_vars.as_deref(), |walker, target| {
                        walker.written(target);
                        walker.expr(target);
                    });
                });
                self.block(&inner.body);
            }
            Stmt::Match(inner) => {
                self.tag(114);
                self.expr(&inner.subject);
                self.list(&inner.cases, |walker, case| {
                    walker.pattern(&case.pattern);
                    walker.optional(case.guard.as_deref(), Self::expr);
                    walker.block(&case.body);
                });
            }
            Stmt::Try(inner) => self.attempt(inner),
            _ => {}
        }
    }

    fn attempt(&mut self, inner: &'a StmtTry) {
        self.tag(115);
        self.flag(inner.is_star);
        self.block(&inner.body);
        self.list(&inner.handlers, |walker, handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            walker.optional(handler.type_.as_deref(), Self::expr);
            walker.optional(handler.name.as_ref(), |walker, name| walker.spelled(name.as_str()));
            walker.block(&handler.body);
        });
        self.block(&inner.orelse);
        self.block(&inner.finalbody);
    }

    fn assignment(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Assign(assign) => {
                self.tag(120);
                self.list(&assign.targets, |walker, target| {
                    walker.written(target);
                    walker.expr(target);
                });
                self.expr(&assign.value);
            }
            Stmt::AnnAssign(assign) => self.annotated_assignment(assign),
            Stmt::AugAssign(assign) => {
                self.augmented(&assign.target);
                self.tag(121);
                self.text(assign.op.as_str());
                self.expr(&assign.target);
                self.expr(&assign.value);
            }
            Stmt::Delete(delete) => {
                self.tag(122);
                self.list(&delete.targets, |walker, target| {
                    walker.written(target);
                    walker.expr(target);
                });
            }
            Stmt::TypeAlias(alias) => {
                self.tag(123);
                self.expr(&alias.name);
                self.type_parameters(alias.type_params.as_deref());
                self.expr(&alias.value);
            }
            _ => {}
        }
    }

    fn augmented(&mut self, target: &'a Expr) {
        let Expr::Name(name) = target else { return self.changed(target) };
        match self.meaning(name.id.as_str()) {
            Meaning::Free if self.deferred == 0 && name.id.as_str() != "__all__" => self.changed(target),
            Meaning::Bound(_, Role::Parameter | Role::Local | Role::Made(_)) => self.noisy |= self.on_call,
            _ => {}
        }
    }

    fn annotated_assignment(&mut self, assign: &'a StmtAnnAssign) {
        let is_field = self.in_class_body();
        if is_field {
            self.tag(124);
            self.expr(&assign.annotation);
        }
        match assign.value.as_deref() {
            Some(value) => {
                self.tag(120);
                self.list([&*assign.target], |walker, target| {
                    walker.written(target);
                    walker.expr(target);
                });
                self.expr(value);
            }
            None if is_field => self.expr(&assign.target),
            None => {}
        }
        if !is_field {
            self.hidden(|walker| {
                walker.expr(&assign.target);
                walker.expr(&assign.annotation);
            });
        }
    }

    /// An import below the top level; that of the module is resolved by what it binds.
    fn import(&mut self, import: &'a StmtImport) {
        self.tag(130);
        self.list(&import.names, |walker, alias| {
            let (name, _) = import_binding(alias);
            walker.text(alias.name.as_str());
            walker.spelled(name);
            let origin = Origin { level: 0, module: alias.name.as_str().to_owned(), member: None };
            walker.imported(name, origin, import.range().start());
        });
    }

    fn import_from(&mut self, import: &'a StmtImportFrom) {
        self.tag(131);
        self.tag(u8::try_from(import.level).unwrap_or(u8::MAX));
        self.optional(import.module.as_ref(), |walker, module| walker.text(module.as_str()));
        self.list(&import.names, |walker, alias| {
            let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            walker.text(alias.name.as_str());
            walker.spelled(name);
            walker.imported(name, from_origin(import, alias.name.as_str()), import.range().start());
        });
    }

    fn imported(&mut self, name: &str, origin: Origin, start: ruff_text_size::TextSize) {
        let how = match self.meaning(name) {
            // The imports of the module itself are kept apart.
            Meaning::Free if self.scopes.is_empty() => return,
            // Each use of the name says what of it is used.
            Meaning::Bound(_, Role::Import(_)) => Use::Load,
            _ => Use::Read,
        };
        let line = self.lines.at(start);
        self.refs.insert(Ref { root: Root::Import(origin), path: Vec::new(), how, line });
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        let is_method = self.in_class_body();
        self.tag(140);
        self.flag(function.is_async);
        self.text(function.name.as_str());
        self.decorators(&function.decorator_list, function.name.as_str());
        self.parameters(&function.parameters);
        self.type_parameters(function.type_params.as_deref());
        self.annotation(function.returns.as_deref());

        let is_static =
            function.decorator_list.iter().any(|decorator| last_name(&decorator.expression) == "staticmethod");
        let receiver = function.parameters.iter().next().map(|parameter| parameter.name().as_str());
        let receiver = receiver.filter(|_| is_method && !is_static);
        let mut bindings = Bindings::of_body(&function.body);
        bindings.add_parameters(&function.parameters);

        let runs_later = is_method && self.deferred == 0 && !MAKING.contains(&function.name.as_str());
        let on_call = self.on_call;
        self.on_call &= !runs_later;
        let named = self.named_locals;
        self.named_locals |= self.deferred == 0 && Self::asks_for_locals(&function.body);
        self.deferred += 1;
        self.within(bindings, false, receiver, |walker| walker.block(&function.body));
        self.deferred -= 1;
        self.named_locals = named;
        self.on_call = on_call;
    }

    fn in_class_body(&self) -> bool {
        self.scopes.last().is_some_and(super::walk::Scope::is_class)
    }

    /// Everything of a class but its body.
    pub(super) fn class_head(&mut self, class: &'a StmtClassDef) {
        self.tag(141);
        self.text(class.name.as_str());
        self.decorators(&class.decorator_list, class.name.as_str());
        self.optional(class.arguments.as_deref(), Self::arguments);
        self.type_parameters(class.type_params.as_deref());
    }

    /// Reads within the body of a class.
    pub(super) fn class_body(&mut self, class: &'a StmtClassDef, read: impl FnOnce(&mut Self)) {
        self.within(Bindings::of_body(&class.body), true, None, read);
    }

    fn decorators(&mut self, decorators: &'a [Decorator], name: &str) {
        self.list(decorators, |walker, decorator| {
            walker.decorate(decorator, name);
            walker.expr(&decorator.expression);
        });
    }

    /// A decorator is called with what it decorates.
    fn decorate(&mut self, decorator: &Decorator, name: &str) {
        let line = self.lines.at(decorator.start());
        let callee = innermost(&decorator.expression).map(|base| {
            let path = match &decorator.expression {
                Expr::Call(call) => chain(&call.func),
                other => chain(other),
            };
            self.reference(base, &path.map(|(_, path)| path).unwrap_or_default(), Use::Read)
        });
        if let Some(Some(callee)) = callee.as_ref().filter(|_| !is_blind(&decorator.expression)) {
            self.watchers.push(callee.clone());
        }
        match callee {
            Some(Some(callee)) if self.deferred == 0 => {
                let own = Ref { root: Root::Name(name.to_owned()), path: Vec::new(), how: Use::Read, line };
                self.runs.push(Run { callee, handed: vec![own] });
            }
            Some(Some(callee)) if self.on_call => {
                self.calls.insert(callee);
            }
            Some(_) => {}
            None => self.effect |= self.deferred == 0,
        }
    }
}

fn last_name(expr: &Expr) -> &str {
    match expr {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Call(call) => last_name(&call.func),
        _ => "",
    }
}

fn is_blind(decorator: &Expr) -> bool {
    BLIND.contains(&last_name(decorator))
}
