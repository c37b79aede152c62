//! From the text of a module to its facts.

use mendel_model::Digest;
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtIf};
use ruff_text_size::Ranged;

use super::{
    chain::chain,
    facts::{Class, FACTS_VERSION, Import, Literal, ModuleFacts, Part, Run, Unit, Use},
    scope::{Bindings, from_origin, import_binding, is_fresh},
    walk::{Lines, Walker},
};

/// The class attributes that say what a stage is.
pub(super) const DECLARED: [&str; 5] = ["id", "inputs", "consumes", "outputs", "enabled_by_default"];

/// Longest list of literals that is kept.
const LITERALS: usize = 1000;

impl ModuleFacts {
    /// Reads the facts of a module from the bytes of its file.
    pub fn read(bytes: &[u8]) -> Self {
        let mut facts = Self {
            version: FACTS_VERSION,
            content: Digest::of(bytes),
            doc: Digest::of(b""),
            units: Vec::new(),
            fault: None,
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            facts.fault = Some((1, "is not UTF-8".to_owned()));
            return facts;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::of(text);
        let parsed = match ruff_python_parser::parse_module(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                facts.fault = Some((lines.at(error.location.start()), error.error.to_string()));
                return facts;
            }
        };
        let body = &parsed.syntax().body;
        if let Some(Stmt::Expr(first)) = body.first()
            && let Expr::StringLiteral(doc) = &*first.value
        {
            facts.doc = Digest::of(doc.value.to_str().as_bytes());
        }
        let mut reader = Reader { text, lines: &lines, units: Vec::new() };
        reader.statements(body);
        reader.settle_changes();
        facts.units = reader.units;
        facts
    }
}

struct Reader<'a> {
    text: &'a str,
    lines: &'a Lines,
    units: Vec<Unit>,
}

impl<'a> Reader<'a> {
    fn statements(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            match stmt {
                Stmt::Pass(_) => {}
                Stmt::Expr(inner) if inner.value.is_literal_expr() => {}
                Stmt::If(branch) => self.branch(branch, stmt),
                other => self.unit(other),
            }
        }
    }

    /// What only a type checker or the main script sees is passed over.
    fn branch(&mut self, branch: &'a StmtIf, stmt: &'a Stmt) {
        let (test, is_negated) = match &*branch.test {
            Expr::UnaryOp(unary) if unary.op == ruff_python_ast::UnaryOp::Not => (&*unary.operand, true),
            other => (other, false),
        };
        if !is_never_imported(test) {
            return self.unit(stmt);
        }
        match (is_negated, branch.elif_else_clauses.as_slice()) {
            (true, _) => self.statements(&branch.body),
            (false, []) => {}
            (false, [rest]) if rest.test.is_none() => self.statements(&rest.body),
            (false, _) => self.unit(stmt),
        }
    }

    fn unit(&mut self, stmt: &'a Stmt) {
        let mut unit = Unit { line: self.lines.at(stmt.start()), ..Unit::default() };
        let mut walker = Walker::new(self.text, self.lines);
        match stmt {
            Stmt::ClassDef(class) => self.class(class, &mut unit, &mut walker),
            Stmt::FunctionDef(function) => {
                let (digest, full) = walker.part(|walker| walker.statement(stmt));
                let name = function.name.as_str().to_owned();
                unit.line = self.lines.at(function.name.start());
                unit.is_function = true;
                unit.parts.push(Part { name, line: unit.line, digest, full });
            }
            other => {
                let (digest, full) = walker.part(|walker| walker.statement(other));
                unit.parts.push(Part { name: String::new(), line: unit.line, digest, full });
            }
        }
        let mut names: Vec<String> = Bindings::of_statement(stmt).names.keys().map(|&name| name.to_owned()).collect();
        names.extend(walker.globals.iter().map(|&name| name.to_owned()));
        names.sort();
        names.dedup();
        if unit.parts[0].name.is_empty() {
            unit.parts[0].name = names.join(", ");
        }
        unit.names = names;
        self.imports(std::slice::from_ref(stmt), &mut unit.imports);
        unit.only_imports = matches!(stmt, Stmt::Import(_) | Stmt::ImportFrom(_));
        value(stmt, &walker, &mut unit);
        finish(walker, &mut unit);
        self.units.push(unit);
    }

    fn class(&self, class: &'a StmtClassDef, unit: &mut Unit, walker: &mut Walker<'a, '_>) {
        let name = class.name.as_str();
        unit.line = self.lines.at(class.name.start());
        let mut facts = Class { decorated: !class.decorator_list.is_empty(), ..Class::default() };
        for base in class.bases() {
            match chain(base).and_then(|(base, path)| walker.reference(base, &path, Use::Read)) {
                Some(base) => facts.bases.push(base),
                None => facts.opaque = true,
            }
        }
        facts.metaclass = class.keywords().iter().any(|word| {
            let is_known = chain(&word.value).is_some_and(|(base, path)| {
                matches!(path.last().copied().unwrap_or(base.id.as_str()), "ABCMeta" | "EnumMeta")
            });
            word.arg.as_ref().is_none_or(|arg| arg == "metaclass") && !is_known
        });
        facts.members = Bindings::of_body(&class.body).names.keys().map(|&name| name.to_owned()).collect();
        facts.members.sort();
        let (digest, full) = walker.part(|walker| walker.class_head(class));
        unit.parts.push(Part { name: name.to_owned(), line: unit.line, digest, full });
        walker.class_body(class, |walker| {
            for stmt in &class.body {
                let (digest, full) = walker.part(|walker| walker.statement(stmt));
                let mut names: Vec<&str> = Bindings::of_statement(stmt).names.into_keys().collect();
                names.sort_unstable();
                if names.is_empty() && digest == Digest::of(b"") {
                    // Docstrings count for those who look at them.
                    unit.parts[0].full = Digest::of(&[*unit.parts[0].full.as_bytes(), *full.as_bytes()].concat());
                    continue;
                }
                let start = match stmt {
                    Stmt::FunctionDef(function) => function.name.start(),
                    other => other.start(),
                };
                let line = self.lines.at(start);
                let member = if names.is_empty() { "(body)".to_owned() } else { names.join(", ") };
                unit.parts.push(Part { name: format!("{name}.{member}"), line, digest, full });
                declared(stmt, walker, &mut facts);
            }
        });
        unit.class = Some(facts);
    }

    /// The imports that run with the statements, whatever they stand in.
    fn imports(&self, body: &'a [Stmt], into: &mut Vec<Import>) {
        for stmt in body {
            let line = self.lines.at(stmt.start());
            match stmt {
                Stmt::Import(import) => {
                    for alias in &import.names {
                        let (name, origin) = import_binding(alias);
                        let loads = (origin.module != alias.name.as_str()).then(|| alias.name.as_str().to_owned());
                        into.push(Import { name: Some(name.to_owned()), origin, loads, line });
                    }
                }
                Stmt::ImportFrom(import) => {
                    for alias in &import.names {
                        let origin = from_origin(import, alias.name.as_str());
                        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                        let name = (name != "*").then(|| name.to_owned());
                        into.push(Import { name, origin, loads: None, line });
                    }
                }
                Stmt::If(inner) => {
                    self.imports(&inner.body, into);
                    inner.elif_else_clauses.iter().for_each(|clause| self.imports(&clause.body, into));
                }
                Stmt::Try(inner) => {
                    self.imports(&inner.body, into);
                    for ruff_python_ast::ExceptHandler::ExceptHandler(handler) in &inner.handlers {
                        self.imports(&handler.body, into);
                    }
                    self.imports(&inner.orelse, into);
                    self.imports(&inner.finalbody, into);
                }
                Stmt::With(inner) => self.imports(&inner.body, into),
                Stmt::ClassDef(inner) => self.imports(&inner.body, into),
                Stmt::For(inner) => {
                    self.imports(&inner.body, into);
                    self.imports(&inner.orelse, into);
                }
                Stmt::While(inner) => {
                    self.imports(&inner.body, into);
                    self.imports(&inner.orelse, into);
                }
                Stmt::Match(inner) => inner.cases.iter().for_each(|case| self.imports(&case.body, into)),
                _ => {}
            }
        }
    }

    /// A change in place of a variable that only this module made belongs to the variable; any other is an effect.
    fn settle_changes(&mut self) {
        for index in 0..self.units.len() {
            let mutates = self.units[index].mutates.clone();
            let is_own = |name: &String| {
                let mut bound = self.units.iter().filter(|unit| unit.names.contains(name)).peekable();
                bound.peek().is_some() && bound.all(|unit| unit.fresh || unit.immutable)
            };
            if mutates.iter().all(is_own) {
                continue;
            }
            self.units[index].effect = true;
            self.units[index].mutates.clear();
        }
        for unit in &mut self.units {
            unit.names.extend(std::mem::take(&mut unit.mutates));
            unit.names.sort();
            unit.names.dedup();
        }
    }
}

/// Moves what was found to the unit, in an order of its own.
fn finish(walker: Walker<'_, '_>, unit: &mut Unit) {
    unit.refs = walker.refs.into_iter().collect();
    unit.refs.sort();
    unit.refs.dedup_by(|a, b| (&a.root, &a.path, a.how) == (&b.root, &b.path, b.how));
    unit.attributes = walker.attributes.into_iter().collect();
    unit.attributes.sort();
    unit.attributes.dedup_by(|a, b| {
        (&a.name, a.is_made) == (&b.name, b.is_made)
            && a.via.as_ref().map(|via| (&via.root, &via.path)) == b.via.as_ref().map(|via| (&via.root, &via.path))
    });
    unit.noisy = walker.noisy;
    if !unit.noisy {
        unit.calls = walker.calls.into_iter().collect();
        unit.calls.sort();
    }
    unit.watchers = walker.watchers;
    unit.watchers.sort();
    unit.watchers.dedup();
    unit.effect |= walker.effect;
    unit.mutates = walker.mutates;
    unit.reflective = walker.reflective;
    unit.runs = walker.runs;
    unit.runs.sort_by(|a: &Run, b| a.callee.cmp(&b.callee));
    unit.runs.dedup();
}

fn is_never_imported(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        Expr::Compare(compare) => {
            let is_name = matches!(&*compare.left, Expr::Name(name) if name.id.as_str() == "__name__");
            is_name
                && matches!(&*compare.ops, [ruff_python_ast::CmpOp::Eq])
                && matches!(&*compare.comparators, [Expr::StringLiteral(text)] if text.value.to_str() == "__main__")
        }
        _ => false,
    }
}

/// What is known of the value of an assignment.
fn value(stmt: &Stmt, walker: &Walker<'_, '_>, unit: &mut Unit) {
    let (target, value) = match stmt {
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [target] => (target, &*assign.value),
            _ => return,
        },
        Stmt::AnnAssign(assign) => match &assign.value {
            Some(value) => (&*assign.target, &**value),
            None => return,
        },
        _ => return,
    };
    if target.is_name_expr() {
        unit.fresh = is_fresh(value);
        unit.immutable = is_immutable(value);
        unit.value = literal(value, walker);
    }
}

fn is_immutable(expr: &Expr) -> bool {
    match expr {
        Expr::Tuple(tuple) => tuple.elts.iter().all(is_immutable),
        Expr::UnaryOp(unary) => is_immutable(&unary.operand),
        Expr::BinOp(sum) => is_immutable(&sum.left) && is_immutable(&sum.right),
        other => other.is_literal_expr() || other.is_f_string_expr(),
    }
}

/// Keeps what a statement of a class body says about the declaration of a stage.
fn declared(stmt: &Stmt, walker: &Walker<'_, '_>, class: &mut Class) {
    let bound = Bindings::of_statement(stmt).names;
    for name in DECLARED.into_iter().filter(|name| bound.contains_key(name)) {
        let value = match stmt {
            Stmt::Assign(assign) if matches!(assign.targets.as_slice(), [Expr::Name(_)]) => {
                literal(&assign.value, walker)
            }
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => literal(value, walker),
                None => continue,
            },
            _ => None,
        };
        class.literals.push((name.to_owned(), value));
    }
}

/// The value of an expression of literals, names and sums.
fn literal(expr: &Expr, walker: &Walker<'_, '_>) -> Option<Literal> {
    let list = |items: &[Expr]| {
        let items = items.iter().take(LITERALS + 1).map(|item| literal(item, walker)).collect::<Option<Vec<_>>>()?;
        (items.len() <= LITERALS).then_some(Literal::List(items))
    };
    match expr {
        Expr::NoneLiteral(_) => Some(Literal::None),
        Expr::BooleanLiteral(truth) => Some(Literal::Bool(truth.value)),
        Expr::StringLiteral(text) => Some(Literal::Text(text.value.to_str().to_owned())),
        Expr::List(inner) => list(&inner.elts),
        Expr::Tuple(inner) => list(&inner.elts),
        Expr::Set(inner) => list(&inner.elts),
        Expr::Starred(inner) => Some(Literal::Spread(Box::new(literal(&inner.value, walker)?))),
        Expr::BinOp(sum) if sum.op == ruff_python_ast::Operator::Add => {
            Some(Literal::Sum(Box::new(literal(&sum.left, walker)?), Box::new(literal(&sum.right, walker)?)))
        }
        Expr::Call(call) if call.arguments.keywords.is_empty() => match (&*call.func, &*call.arguments.args) {
            (Expr::Name(name), []) if matches!(name.id.as_str(), "list" | "tuple" | "set" | "frozenset") => {
                Some(Literal::List(Vec::new()))
            }
            (Expr::Name(name), [inner])
                if matches!(name.id.as_str(), "list" | "tuple" | "set" | "frozenset" | "sorted") =>
            {
                Some(Literal::List(vec![Literal::Spread(Box::new(literal(inner, walker)?))]))
            }
            _ => None,
        },
        Expr::Name(_) | Expr::Attribute(_) => {
            let (base, path) = chain(expr)?;
            walker.reference(base, &path, Use::Read).map(Literal::Name)
        }
        _ => None,
    }
}
