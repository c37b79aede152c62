//! From a script to its parser: every use of the parser has to be one that can be read.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{
    Expr, ExprCall, ExprContext, Stmt, StmtFunctionDef, StmtIf,
    visitor::{Visitor, walk_expr, walk_stmt},
};
use ruff_text_size::Ranged;

use super::{
    Action, Argument, KnownParser,
    declaration::{Settings, argument, settings},
    facts::{Facts, is_words},
};

/// The parser of a script, if every call that builds it can be read.
pub fn parser_of(source: &str) -> Option<KnownParser> {
    if !source.contains("ArgumentParser") {
        return None;
    }
    let module = ruff_python_parser::parse_module(source).ok()?;
    let body = &module.syntax().body;
    let facts = Facts::of(body);
    let [made_in] = facts.made_in.as_slice() else { return None };
    if facts.hopeless {
        return None;
    }
    let mut walk = Walk::new(source, &facts);
    match made_in {
        None => walk.visit_body(body),
        Some(name) => {
            // A function that nobody calls says nothing about the script.
            facts.calls.get(name)?;
            let function = body.iter().find_map(|stmt| match stmt {
                Stmt::FunctionDef(function) if function.name.as_str() == *name => Some(function),
                _ => None,
            })?;
            walk.function = Some(function);
            walk.visit_body(&function.body);
            if walk.returned {
                walk.function = None;
                walk.names.clear();
                walk.factory = Some(name);
                walk.visit_body(body);
            }
        }
    }
    walk.finish()
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Parser,
    Group,
}

struct Walk<'a, 'f> {
    source: &'a str,
    facts: &'f Facts<'a>,
    names: HashMap<&'a str, Role>,
    /// The function that makes and returns the parser.
    factory: Option<&'a str>,
    factory_calls: usize,
    /// The function being read.
    function: Option<&'a StmtFunctionDef>,
    /// Whether a statement here is executed once and in any case.
    straight: bool,
    settings: Option<Settings>,
    arguments: Vec<Argument>,
    parses: usize,
    returned: bool,
    failed: bool,
}

impl<'a, 'f> Walk<'a, 'f> {
    fn new(source: &'a str, facts: &'f Facts<'a>) -> Self {
        Self {
            source,
            facts,
            names: HashMap::new(),
            factory: None,
            factory_calls: 0,
            function: None,
            straight: true,
            settings: None,
            arguments: Vec::new(),
            parses: 0,
            returned: false,
            failed: false,
        }
    }

    fn finish(self) -> Option<KnownParser> {
        let settings = self.settings.filter(|_| !self.failed && self.parses > 0)?;
        if self.factory.is_some() && self.factory_calls != 1 {
            return None;
        }
        let mut arguments = Vec::new();
        if settings.add_help {
            arguments.push(Argument {
                flags: vec!["-h".into(), "--help".into()],
                dest: "help".into(),
                action: Action::Help,
                ..argument_blank()
            });
        }
        arguments.extend(self.arguments);
        let mut flags = HashSet::new();
        let unique = arguments.iter().flat_map(|argument| &argument.flags).all(|flag| flags.insert(flag));
        unique.then_some(KnownParser { arguments, abbreviations: settings.abbreviations })
    }

    fn fail(&mut self) {
        self.failed = true;
    }

    /// What `expr` is, if it is the parser, a group of it, or makes one of them.
    fn role(&mut self, expr: &'a Expr) -> Option<Role> {
        match expr {
            Expr::Name(name) => self.names.get(name.id.as_str()).copied(),
            Expr::Call(call) => match &*call.func {
                Expr::Name(name) if Some(name.id.as_str()) == self.factory => {
                    self.factory_calls += 1;
                    Some(Role::Parser)
                }
                Expr::Attribute(attribute) if attribute.attr.as_str() == "add_argument_group" => {
                    self.role(&attribute.value)?;
                    // A heading is for people; anything else would change the rules.
                    let fine = call.arguments.keywords.iter().all(|keyword| {
                        keyword.arg.as_ref().is_some_and(|arg| matches!(arg.as_str(), "title" | "description"))
                    });
                    if !fine {
                        self.fail();
                    }
                    Some(Role::Group)
                }
                _ if self.facts.makes_parser(call) => {
                    if self.straight && self.settings.is_none() {
                        self.settings = settings(&call.arguments, self.facts);
                    }
                    if self.settings.is_none() || !self.straight {
                        self.fail();
                    }
                    Some(Role::Parser)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `name = value`.
    fn assign(&mut self, name: &'a str, value: &'a Expr) {
        if let Some(role) = self.role(value) {
            let is_alias = value.is_name_expr();
            if is_alias || self.names.insert(name, role).is_some_and(|before| before != Role::Group) {
                self.fail();
            }
            return;
        }
        self.statement(value);
        // `parser = parser.parse_args()` is the end of the parser.
        if self.names.remove(name).is_some() && !is_method(value, "parse_args") {
            self.fail();
        }
    }

    /// An expression that is a statement, or the value of one.
    fn statement(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && is_method(expr, "add_argument")
            && let Expr::Attribute(attribute) = &*call.func
            && self.role(&attribute.value).is_some()
        {
            let offset = usize::from(call.start());
            let line = self.source[..offset].matches('\n').count() + 1;
            match argument(&call.arguments, self.facts, line) {
                // An argument that is added later than the words are read counts for nothing.
                Some(argument) if self.straight && self.parses == 0 => self.arguments.push(argument),
                _ => self.fail(),
            }
            return;
        }
        self.visit_expr(expr);
    }

    /// Whether `parse_args` reads the words of the command line.
    fn reads_words(&self, call: &ExprCall) -> bool {
        let argument = match (&*call.arguments.args, &*call.arguments.keywords) {
            ([], []) => return true,
            ([one], []) => one,
            ([], [keyword]) if keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == "args") => &keyword.value,
            _ => return false,
        };
        if argument.is_none_literal_expr() || is_words(argument) {
            return true;
        }
        let (Expr::Name(name), Some(function)) = (argument, self.function) else { return false };
        let handed_on = function.parameters.iter_non_variadic_params().any(|parameter| {
            parameter.parameter.name.as_str() == name.id.as_str()
                && parameter.default.as_ref().is_none_or(|default| default.is_none_literal_expr())
        });
        handed_on && self.facts.calls.get(function.name.as_str()) == Some(&true)
    }

    fn inside(&mut self, straight: bool, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.straight, straight);
        visit(self);
        self.straight = before;
    }

    fn branch(&mut self, branch: &'a StmtIf) {
        let straight = self.straight && is_main_guard(&branch.test);
        self.visit_expr(&branch.test);
        self.inside(straight, |walk| walk.visit_body(&branch.body));
        for clause in &branch.elif_else_clauses {
            self.inside(false, |walk| walk.visit_elif_else_clause(clause));
        }
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        if Some(function.name.as_str()) == self.factory {
            return;
        }
        let mut bound = Bound::default();
        bound.visit_body(&function.body);
        bound.names.extend(function.parameters.iter().map(|parameter| parameter.name().as_str()));
        let outer = self.names.clone();
        self.names.retain(|name, _| !bound.names.contains(name));
        let before = self.function.replace(function);
        // In a function of its own, what a call of the factory gives is used straight.
        let straight = self.factory.is_some();
        self.inside(straight, |walk| walk.visit_body(&function.body));
        self.function = before;
        self.names = outer;
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.visit_parameters(&function.parameters);
    }
}

impl<'a> Visitor<'a> for Walk<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Assign(assign) => match assign.targets.as_slice() {
                [Expr::Name(name)] => self.assign(name.id.as_str(), &assign.value),
                _ => walk_stmt(self, stmt),
            },
            Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
                (Expr::Name(name), Some(value)) => self.assign(name.id.as_str(), value),
                _ => walk_stmt(self, stmt),
            },
            Stmt::Expr(statement) => self.statement(&statement.value),
            Stmt::Return(end) => match end.value.as_deref() {
                Some(Expr::Name(name)) if self.names.get(name.id.as_str()) == Some(&Role::Parser) => {
                    if self.straight && self.function.is_some() && self.factory.is_none() {
                        self.returned = true;
                    } else {
                        self.fail();
                    }
                }
                Some(value) => self.visit_expr(value),
                None => {}
            },
            Stmt::Global(global) if global.names.iter().any(|name| self.names.contains_key(name.as_str())) => {
                self.fail();
            }
            Stmt::If(branch) => self.branch(branch),
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::For(_) | Stmt::While(_) | Stmt::Try(_) | Stmt::With(_) | Stmt::Match(_) | Stmt::ClassDef(_) => {
                self.inside(false, |walk| walk_stmt(walk, stmt));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if self.names.contains_key(name.id.as_str()) => self.fail(),
            Expr::Call(call) => {
                if let Expr::Attribute(attribute) = &*call.func
                    && self.role(&attribute.value).is_some()
                {
                    match attribute.attr.as_str() {
                        "parse_args" if self.reads_words(call) => self.parses += 1,
                        "print_help" | "print_usage" | "format_help" | "format_usage" | "error" | "exit" => {
                            self.visit_arguments(&call.arguments);
                        }
                        _ => self.fail(),
                    }
                } else if self.role(expr).is_some() {
                    self.fail();
                } else {
                    walk_expr(self, expr);
                }
            }
            _ => walk_expr(self, expr),
        }
    }
}

/// The names that a function binds itself.
#[derive(Default)]
struct Bound<'a> {
    names: HashSet<&'a str>,
}

impl<'a> Visitor<'a> for Bound<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && matches!(name.ctx, ExprContext::Store)
        {
            self.names.insert(name.id.as_str());
        }
        walk_expr(self, expr);
    }
}

fn is_method(expr: &Expr, method: &str) -> bool {
    matches!(expr, Expr::Call(call)
        if matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.as_str() == method))
}

/// Whether a test is `__name__ == "__main__"`.
fn is_main_guard(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else { return false };
    let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |expr: &Expr| matches!(expr, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    let (left, right) = (&*compare.left, compare.comparators.first());
    compare.comparators.len() == 1
        && matches!(*compare.ops, [ruff_python_ast::CmpOp::Eq])
        && right.is_some_and(|right| is_name(left) && is_main(right) || is_main(left) && is_name(right))
}

fn argument_blank() -> Argument {
    Argument {
        flags: Vec::new(),
        dest: String::new(),
        action: Action::Store,
        convert: super::Convert::Str,
        count: super::Count::One,
        default: serde_json::Value::Null,
        constant: serde_json::Value::Null,
        choices: None,
        required: false,
        help: String::new(),
        line: 0,
    }
}
