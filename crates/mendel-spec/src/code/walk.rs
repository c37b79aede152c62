//! One pass over a unit: its canonical bytes, and the names that are free in it.
//!
//! Two forms are written. The plain one leaves out docstrings, annotations that nobody looks at and
//! the names of locals; the full one keeps them, for code that looks at itself.

use std::collections::HashSet;

use mendel_model::Digest;
use ruff_python_ast::{Expr, ExprCall, ExprName, Stmt};
use ruff_text_size::{Ranged, TextSize};

use super::{
    facts::{Attribute, Ref, Root, Run, Use},
    scope::{Bindings, Role},
};

/// Names whose use means that code looks at its own form.
const REFLECTIVE: [&str; 14] = [
    "__doc__",
    "__annotations__",
    "__code__",
    "getdoc",
    "get_type_hints",
    "get_annotations",
    "signature",
    "getfullargspec",
    "getsource",
    "getsourcelines",
    "currentframe",
    "_getframe",
    "docopt",
    "validate_call",
];

/// The parameters of `process` that never are objects of the project.
const HOST_PARAMETERS: [&str; 3] = ["config", "status", "pipeline"];

/// Where each line of a text begins.
pub(super) struct Lines(Vec<TextSize>);

impl Lines {
    /// The lines of `text`.
    pub(super) fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = breaks.map(|(at, _)| TextSize::new(u32::try_from(at + 1).unwrap_or(u32::MAX)));
        Self(std::iter::once(TextSize::new(0)).chain(starts).collect())
    }

    /// The line of an offset, counted from 1.
    pub(super) fn at(&self, offset: TextSize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

/// The two canonical forms being written.
#[derive(Default)]
pub(super) struct Forms {
    plain: Vec<u8>,
    full: Vec<u8>,
    /// Whether only the full form is written.
    hidden: u32,
}

impl Forms {
    fn digests(&self) -> (Digest, Digest) {
        (Digest::of(&self.plain), Digest::of(&self.full))
    }
}

/// What a name stands for where it is used.
pub(super) enum Meaning<'w> {
    Free,
    /// Bound in the class body around.
    Member,
    /// Bound in the function at that depth.
    Bound(usize, &'w Role),
}

/// One scope around the place that is read.
pub(super) struct Scope<'a> {
    bindings: Bindings<'a>,
    is_class: bool,
    /// The first parameter of a method.
    receiver: Option<&'a str>,
    /// Locals in the order of their first use.
    seen: Vec<&'a str>,
}

impl Scope<'_> {
    pub(super) fn is_class(&self) -> bool {
        self.is_class
    }
}

/// Reads one unit.
pub(super) struct Walker<'a, 's> {
    pub source: &'a str,
    pub lines: &'s Lines,
    pub forms: Forms,
    pub scopes: Vec<Scope<'a>>,
    /// How many functions and lambdas are around that run later.
    pub deferred: u32,
    /// Whether what is read runs when the unit is called.
    pub on_call: bool,
    /// Whether annotations count.
    pub annotated: bool,
    /// Whether locals keep their names, because something may ask for them.
    pub named_locals: bool,
    pub refs: HashSet<Ref>,
    pub attributes: HashSet<Attribute>,
    pub runs: Vec<Run>,
    pub calls: HashSet<Ref>,
    pub effect: bool,
    pub mutates: Vec<String>,
    pub noisy: bool,
    pub reflective: bool,
    /// Module variables that a function within declares with `global`.
    pub globals: HashSet<&'a str>,
    /// The name whose use was recorded with the attributes that follow it.
    covered: Option<*const ExprName>,
    how: Use,
}

impl<'a, 's> Walker<'a, 's> {
    pub(super) fn new(source: &'a str, lines: &'s Lines) -> Self {
        Self {
            source,
            lines,
            forms: Forms::default(),
            scopes: Vec::new(),
            deferred: 0,
            on_call: true,
            annotated: false,
            named_locals: false,
            refs: HashSet::new(),
            attributes: HashSet::new(),
            runs: Vec::new(),
            calls: HashSet::new(),
            effect: false,
            mutates: Vec::new(),
            noisy: false,
            reflective: false,
            globals: HashSet::new(),
            covered: None,
            how: Use::Read,
        }
    }

    /// The digests of what `read` writes.
    pub(super) fn part(&mut self, read: impl FnOnce(&mut Self)) -> (Digest, Digest) {
        let around = std::mem::take(&mut self.forms);
        read(self);
        std::mem::replace(&mut self.forms, around).digests()
    }

    /// What `read` writes counts in the full form only, and its names are those of an annotation.
    pub(super) fn hidden(&mut self, read: impl FnOnce(&mut Self)) {
        self.forms.hidden += 1;
        let how = std::mem::replace(&mut self.how, Use::Annotation);
        read(self);
        self.how = how;
        self.forms.hidden -= 1;
    }

    pub(super) fn tag(&mut self, tag: u8) {
        self.forms.full.push(tag);
        if self.forms.hidden == 0 {
            self.forms.plain.push(tag);
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for form in self.open_forms() {
            form.extend(length);
            form.extend(bytes);
        }
    }

    fn open_forms(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let plain = (self.forms.hidden == 0).then_some(&mut self.forms.plain);
        std::iter::once(&mut self.forms.full).chain(plain)
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.tag(u8::from(flag));
    }

    /// Writes each of `items`, and that they end.
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for item in items {
            self.tag(1);
            write(self, item);
        }
        self.tag(0);
    }

    pub(super) fn optional<T>(&mut self, item: Option<T>, write: impl FnMut(&mut Self, T)) {
        self.list(item, write);
    }

    /// Reads within a scope.
    pub(super) fn within(
        &mut self,
        bindings: Bindings<'a>,
        is_class: bool,
        receiver: Option<&'a str>,
        read: impl FnOnce(&mut Self),
    ) {
        self.globals.extend(&bindings.globals);
        self.scopes.push(Scope { bindings, is_class, receiver, seen: Vec::new() });
        read(self);
        self.scopes.pop();
    }

    /// What `name` stands for here.
    pub(super) fn meaning(&self, name: &str) -> Meaning<'_> {
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            if scope.bindings.globals.contains(name) {
                return Meaning::Free;
            }
            let Some(role) = scope.bindings.names.get(name) else { continue };
            if !scope.is_class {
                return Meaning::Bound(depth, role);
            }
            // The names of a class body are not seen by its methods.
            if depth + 1 == self.scopes.len() {
                return Meaning::Member;
            }
        }
        Meaning::Free
    }

    fn is_receiver(&self, name: &str) -> bool {
        match self.meaning(name) {
            Meaning::Bound(depth, _) => self.scopes[depth].receiver == Some(name),
            _ => false,
        }
    }

    /// Writes a bound or free name; the use of a free one is recorded.
    pub(super) fn name(&mut self, name: &'a ExprName) {
        if self.covered != Some(std::ptr::from_ref(name)) {
            self.refer(name, &[], self.how);
        }
        self.spelled(name.id.as_str());
    }

    /// Writes a name; locals by the order of their first use.
    pub(super) fn spelled(&mut self, name: &'a str) {
        let depth = match self.meaning(name) {
            Meaning::Bound(depth, Role::Local | Role::Fresh | Role::Import(_)) if !self.named_locals => depth,
            _ => {
                self.tag(2);
                return self.text(name);
            }
        };
        let seen = &mut self.scopes[depth].seen;
        let index = seen.iter().position(|other| *other == name).unwrap_or_else(|| {
            seen.push(name);
            seen.len() - 1
        });
        self.forms.full.extend(name.as_bytes());
        self.forms.full.push(0);
        if self.forms.hidden == 0 {
            self.forms.plain.push(3);
            self.forms.plain.extend((depth as u32).to_le_bytes());
            self.forms.plain.extend((index as u32).to_le_bytes());
        }
    }

    /// What `name`, followed by `path`, refers to outside of the unit; none for a local.
    pub(super) fn reference(&self, name: &ExprName, path: &[&str], how: Use) -> Option<Ref> {
        let root = match self.meaning(name.id.as_str()) {
            Meaning::Free | Meaning::Member => Root::Name(name.id.as_str().to_owned()),
            Meaning::Bound(_, Role::Import(origin)) => Root::Import(origin.clone()),
            Meaning::Bound(..) => return None,
        };
        let path = path.iter().map(|&part| part.to_owned()).collect();
        Some(Ref { root, path, how, line: self.lines.at(name.start()) })
    }

    fn refer(&mut self, name: &'a ExprName, path: &[&'a str], how: Use) {
        self.reflective |= how != Use::Annotation && REFLECTIVE.contains(&name.id.as_str());
        if let Some(reference) = self.reference(name, path, how) {
            self.refs.insert(reference);
        }
    }

    /// Records the attributes from `expr` down to its name, once.
    pub(super) fn attribute(&mut self, expr: &'a Expr) {
        if let Some((base, path)) = chain(expr) {
            if self.covered == Some(std::ptr::from_ref(base)) {
                return;
            }
            self.covered = Some(std::ptr::from_ref(base));
            self.reflective |= self.how != Use::Annotation && path.iter().any(|part| REFLECTIVE.contains(part));
            let is_local = self.reference(base, &[], Use::Read).is_none();
            if !is_local {
                self.refer(base, &path, self.how);
            } else if self.is_receiver(base.id.as_str()) {
                path.iter().skip(1).for_each(|part| self.unknown(Some(part), expr, None));
            } else if !HOST_PARAMETERS.contains(&base.id.as_str()) {
                path.iter().for_each(|part| self.unknown(Some(part), expr, None));
            }
            return;
        }
        let Expr::Attribute(attribute) = expr else { return };
        self.reflective |= REFLECTIVE.contains(&attribute.attr.as_str());
        let maker = innermost(&attribute.value);
        let via = match maker {
            Some(name) if name.id.as_str() == "super" => return,
            Some(name) if self.is_receiver(name.id.as_str()) || self.reference(name, &[], Use::Read).is_none() => None,
            Some(name) => self.reference(name, &path_of(&attribute.value), Use::Read),
            None if is_plain_value(&attribute.value) => return,
            None => None,
        };
        self.unknown(Some(attribute.attr.as_str()), expr, via);
    }

    fn unknown(&mut self, name: Option<&str>, expr: &Expr, via: Option<Ref>) {
        if self.how == Use::Annotation || name.is_some_and(|name| name.starts_with("__")) {
            return;
        }
        let line = self.lines.at(expr.start());
        self.attributes.insert(Attribute { name: name.map(str::to_owned), via, line });
    }

    /// Records what a call may do, before its parts are read.
    pub(super) fn call(&mut self, call: &'a ExprCall, expr: &'a Expr) {
        self.named_call(call, expr);
        let Some(base) = innermost(&call.func) else {
            // The method of a literal changes nothing; what else is called here is called by itself.
            return;
        };
        let path = path_of(&call.func);
        match self.reference(base, &path, Use::Read) {
            Some(callee) if self.deferred == 0 => {
                let handed = call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|word| &word.value));
                let handed = handed.flat_map(|argument| self.names_in(argument)).collect();
                self.runs.push(Run { callee, handed });
            }
            Some(callee) if self.on_call => {
                self.calls.insert(callee);
            }
            Some(_) => {}
            None if self.deferred > 0 && self.on_call => {
                let is_fresh = matches!(self.meaning(base.id.as_str()), Meaning::Bound(_, Role::Fresh));
                let is_given = matches!(self.meaning(base.id.as_str()), Meaning::Bound(_, Role::Parameter));
                let is_method = !matches!(&*call.func, Expr::Name(_));
                // What is given to a function may be called later without harm, but not at once.
                self.noisy |= (is_method && !is_fresh) || (is_given && self.deferred == 1);
            }
            None => {}
        }
    }

    /// What `argument` names that is not a plain value of its own.
    fn names_in(&self, argument: &Expr) -> Vec<Ref> {
        match argument {
            Expr::Starred(starred) => self.names_in(&starred.value),
            Expr::List(list) => list.elts.iter().flat_map(|item| self.names_in(item)).collect(),
            Expr::Tuple(tuple) => tuple.elts.iter().flat_map(|item| self.names_in(item)).collect(),
            other => {
                let name = innermost(other).and_then(|base| self.reference(base, &path_of(other), Use::Read));
                name.into_iter().collect()
            }
        }
    }

    /// Attributes and modules that are asked for by a name in a string.
    fn named_call(&mut self, call: &'a ExprCall, expr: &'a Expr) {
        let function = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return,
        };
        match (function, &*call.arguments.args) {
            ("getattr" | "setattr" | "delattr" | "hasattr", [object, name, ..]) => {
                if let Expr::StringLiteral(literal) = name {
                    if chain(expr).is_none() {
                        self.attribute_named(literal.value.to_str(), object, expr);
                    }
                    return;
                }
                match chain(object) {
                    Some((base, path)) => {
                        if self.reference(base, &[], Use::Read).is_some() {
                            self.covered = Some(std::ptr::from_ref(base));
                            self.refer(base, &path, Use::Dynamic);
                        } else if !self.is_receiver(base.id.as_str()) || !path.is_empty() {
                            self.unknown(None, expr, None);
                        }
                    }
                    None => self.unknown(None, expr, None),
                }
            }
            ("import_module" | "__import__", [name, rest @ ..]) => self.import_by_name(call, name, rest.len()),
            _ => {}
        }
    }

    fn attribute_named(&mut self, name: &'a str, object: &'a Expr, expr: &'a Expr) {
        let Some((base, path)) = chain(object) else { return self.unknown(Some(name), expr, None) };
        if self.reference(base, &[], Use::Read).is_some() {
            let path: Vec<&str> = path.into_iter().chain([name]).collect();
            self.refer(base, &path, Use::Read);
        } else if !self.is_receiver(base.id.as_str()) {
            self.unknown(Some(name), expr, None);
        }
    }

    fn import_by_name(&mut self, call: &'a ExprCall, name: &'a Expr, more: usize) {
        let Some((text, is_whole)) = beginning(name) else { return };
        let level = text.bytes().take_while(|byte| *byte == b'.').count();
        let is_own_package =
            match call.arguments.args.get(1).or(call.arguments.keywords.first().map(|word| &word.value)) {
                Some(Expr::Name(package)) => package.id.as_str() == "__package__",
                _ => false,
            };
        let is_import_function = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "__import__");
        let understood =
            if is_import_function { more == 0 && level == 0 } else { level == 0 || (is_own_package && level == 1) };
        let module = &text[level..];
        let module = match (is_whole, module.rfind('.')) {
            (true, _) => module,
            (false, Some(dot)) => &module[..dot],
            (false, None) if level > 0 => "",
            (false, None) => return,
        };
        if !understood {
            return;
        }
        let origin = super::facts::Origin { level: level as u32, module: module.to_owned(), member: None };
        let how = if is_whole { Use::Named } else { Use::Below };
        let line = self.lines.at(name.start());
        self.refs.insert(Ref { root: Root::Import(origin), path: Vec::new(), how, line });
        if let Some((base, path)) = chain(&call.func) {
            self.covered = Some(std::ptr::from_ref(base));
            self.refer(base, &path, Use::Understood);
        }
    }

    /// Records that `target` is written or deleted.
    pub(super) fn written(&mut self, target: &Expr) {
        match target {
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|item| self.written(item)),
            Expr::List(list) => list.elts.iter().for_each(|item| self.written(item)),
            Expr::Starred(starred) => self.written(&starred.value),
            Expr::Attribute(_) | Expr::Subscript(_) => self.changed(target),
            _ => {}
        }
    }

    /// Records that the object behind `target` is changed in place.
    pub(super) fn changed(&mut self, target: &Expr) {
        let base = innermost(target);
        let name = base.map(|base| base.id.as_str());
        if self.deferred > 0 {
            let is_own = name.is_some_and(|name| match self.meaning(name) {
                Meaning::Bound(_, Role::Fresh) => true,
                // What `__init__` sets on its own object.
                Meaning::Bound(..) => self.is_receiver(name) && chain(target).is_some_and(|(_, path)| path.len() == 1),
                _ => false,
            });
            self.noisy |= self.on_call && !is_own;
            return;
        }
        let is_direct = match target {
            Expr::Name(_) => true,
            Expr::Subscript(subscript) => matches!(&*subscript.value, Expr::Name(_)),
            _ => false,
        };
        match name.map(|name| (name, self.meaning(name))) {
            Some((_, Meaning::Member | Meaning::Bound(..))) => {}
            Some((name, Meaning::Free)) if is_direct => self.mutates.push(name.to_owned()),
            _ => self.effect = true,
        }
    }

    /// A statement that is there for what it does, at import.
    pub(super) fn done(&mut self, value: &Expr) {
        if self.deferred > 0 {
            return;
        }
        let method_of = match value {
            Expr::Call(call) => match chain(&call.func) {
                Some((base, path)) if path.len() == 1 => Some(base.id.as_str()),
                _ => None,
            },
            _ => None,
        };
        match method_of.map(|name| (name, self.meaning(name))) {
            Some((name, Meaning::Free)) => self.mutates.push(name.to_owned()),
            _ => self.effect = true,
        }
    }

    /// Whether something within `body` may ask for locals by name.
    pub(super) fn asks_for_locals(body: &[Stmt]) -> bool {
        use ruff_python_ast::visitor::{Visitor, walk_expr};
        struct Asks(bool);
        impl Visitor<'_> for Asks {
            fn visit_expr(&mut self, expr: &Expr) {
                if let Expr::Name(name) = expr {
                    self.0 |= matches!(name.id.as_str(), "locals" | "vars" | "eval" | "exec" | "dir" | "globals");
                }
                walk_expr(self, expr);
            }
        }
        let mut asks = Asks(false);
        asks.visit_body(body);
        asks.0
    }
}

/// The name that `expr` begins with and the attributes that follow, where it is nothing else.
pub(super) fn chain(expr: &Expr) -> Option<(&ExprName, Vec<&str>)> {
    match expr {
        Expr::Name(name) => Some((name, Vec::new())),
        Expr::Attribute(attribute) => {
            let (base, mut path) = chain(&attribute.value)?;
            path.push(attribute.attr.as_str());
            Some((base, path))
        }
        _ => None,
    }
}

/// The name at the bottom of attributes, calls and subscripts.
pub(super) fn innermost(expr: &Expr) -> Option<&ExprName> {
    match expr {
        Expr::Name(name) => Some(name),
        Expr::Attribute(attribute) => innermost(&attribute.value),
        Expr::Call(call) => innermost(&call.func),
        Expr::Subscript(subscript) => innermost(&subscript.value),
        Expr::Await(inner) => innermost(&inner.value),
        _ => None,
    }
}

/// The attributes that follow the innermost name directly.
fn path_of(expr: &Expr) -> Vec<&str> {
    if let Some((_, path)) = chain(expr) {
        return path;
    }
    match expr {
        Expr::Attribute(attribute) => path_of(&attribute.value),
        Expr::Call(call) => path_of(&call.func),
        Expr::Subscript(subscript) => path_of(&subscript.value),
        Expr::Await(inner) => path_of(&inner.value),
        _ => Vec::new(),
    }
}

fn is_plain_value(expr: &Expr) -> bool {
    match expr {
        Expr::Attribute(attribute) => is_plain_value(&attribute.value),
        Expr::Call(call) => is_plain_value(&call.func),
        other => other.is_literal_expr() || other.is_f_string_expr(),
    }
}

/// How a text begins, and whether that is all of it.
fn beginning(expr: &Expr) -> Option<(String, bool)> {
    match expr {
        Expr::StringLiteral(literal) => Some((literal.value.to_str().to_owned(), true)),
        Expr::BinOp(sum) if sum.op == ruff_python_ast::Operator::Add => {
            let (text, is_whole) = beginning(&sum.left)?;
            if !is_whole {
                return Some((text, false));
            }
            let (rest, is_whole) = beginning(&sum.right).unwrap_or_default();
            Some((text + &rest, is_whole))
        }
        Expr::FString(text) if !text.value.is_implicit_concatenated() => match text.value.elements().next()? {
            ruff_python_ast::InterpolatedStringElement::Literal(literal) => {
                Some((literal.value.to_string(), text.value.elements().count() == 1))
            }
            ruff_python_ast::InterpolatedStringElement::Interpolation(_) => None,
        },
        _ => None,
    }
}
