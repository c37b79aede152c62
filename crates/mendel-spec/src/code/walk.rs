//! One pass over a unit: its canonical bytes, and the names that are free in it.
//!
//! Two forms are written. The plain one leaves out docstrings, annotations that nobody looks at and
//! the names of locals; the full one keeps them, for code that looks at itself.

use std::collections::HashSet;

use mendel_model::Digest;
use ruff_python_ast::{Expr, ExprName, Stmt};
use ruff_text_size::{Ranged, TextSize};

use super::{
    chain::{chain, innermost},
    facts::{Attribute, Ref, Root, Run, Use},
    scope::{Bindings, Role},
};

/// Names whose use means that code looks at its own form.
pub(super) const REFLECTIVE: [&str; 14] = [
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
pub(super) enum Meaning<'w, 'a> {
    Free,
    /// Bound in the class body around.
    Member,
    /// Bound in the function at that depth.
    Bound(usize, &'w Role<'a>),
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
    pub watchers: Vec<Ref>,
    /// The name whose use was recorded with the attributes that follow it.
    pub covered: Option<*const ExprName>,
    pub how: Use,
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
            watchers: Vec::new(),
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
    pub(super) fn meaning(&self, name: &str) -> Meaning<'_, 'a> {
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

    pub(super) fn is_receiver(&self, name: &str) -> bool {
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
            Meaning::Bound(depth, Role::Local | Role::Fresh | Role::Made(_) | Role::Import(_))
                if !self.named_locals =>
            {
                depth
            }
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

    pub(super) fn refer(&mut self, name: &'a ExprName, path: &[&'a str], how: Use) {
        self.reflective |= how != Use::Annotation && REFLECTIVE.contains(&name.id.as_str());
        if let Some(reference) = self.reference(name, path, how) {
            self.refs.insert(reference);
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
