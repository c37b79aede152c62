//! What names are followed by: attributes, calls, and names that stand in texts.

use ruff_python_ast::{Expr, ExprCall, ExprName, InterpolatedStringElement, Operator};
use ruff_text_size::Ranged;

use super::{
    facts::{Attribute, Origin, Ref, Root, Run, Use},
    scope::Role,
    walk::{Meaning, REFLECTIVE, Walker},
};

/// The parameters of `process` that never are objects of the project.
const HOST_PARAMETERS: [&str; 3] = ["config", "status", "pipeline"];

impl<'a> Walker<'a, '_> {
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
                path.iter().skip(1).for_each(|part| self.unknown(Some(part), expr, None, false));
            } else if !HOST_PARAMETERS.contains(&base.id.as_str()) {
                let maker = self.maker(base.id.as_str());
                for (depth, part) in path.iter().enumerate() {
                    let maker = maker.clone().filter(|_| depth == 0);
                    let is_made = maker.is_some();
                    self.unknown(Some(part), expr, maker, is_made);
                }
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
        let is_made = matches!(&*attribute.value, Expr::Call(call) if chain(&call.func).is_some());
        self.unknown(Some(attribute.attr.as_str()), expr, via, is_made);
    }

    /// The free name whose call gives the object that a local is bound to, once and for all.
    fn maker(&self, name: &str) -> Option<Ref> {
        let Meaning::Bound(_, Role::Made(function)) = self.meaning(name) else { return None };
        let (base, path) = chain(function)?;
        self.reference(base, &path, Use::Read)
    }

    fn unknown(&mut self, name: Option<&str>, expr: &Expr, via: Option<Ref>, is_made: bool) {
        if self.how == Use::Annotation || name.is_some_and(|name| name.starts_with("__")) {
            return;
        }
        let line = self.lines.at(expr.start());
        self.attributes.insert(Attribute { name: name.map(str::to_owned), via, is_made, line });
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
                            self.unknown(None, expr, None, false);
                        }
                    }
                    None => self.unknown(None, expr, None, false),
                }
            }
            ("import_module" | "__import__", [name, rest @ ..]) => self.import_by_name(call, name, rest.len()),
            _ => {}
        }
    }

    fn attribute_named(&mut self, name: &'a str, object: &'a Expr, expr: &'a Expr) {
        let Some((base, path)) = chain(object) else { return self.unknown(Some(name), expr, None, false) };
        if self.reference(base, &[], Use::Read).is_some() {
            let path: Vec<&str> = path.into_iter().chain([name]).collect();
            self.covered = Some(std::ptr::from_ref(base));
            self.refer(base, &path, Use::Read);
        } else if !self.is_receiver(base.id.as_str()) {
            let maker = self.maker(base.id.as_str()).filter(|_| path.is_empty());
            let is_made = maker.is_some();
            self.unknown(Some(name), expr, maker, is_made);
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
        let origin = Origin { level: level as u32, module: module.to_owned(), member: None };
        let how = if is_whole { Use::Named } else { Use::Below };
        let line = self.lines.at(name.start());
        self.refs.insert(Ref { root: Root::Import(origin), path: Vec::new(), how, line });
        if let Some((base, path)) = chain(&call.func) {
            self.covered = Some(std::ptr::from_ref(base));
            self.refer(base, &path, Use::Understood);
        }
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
        Expr::BinOp(sum) if sum.op == Operator::Add => {
            let (text, is_whole) = beginning(&sum.left)?;
            if !is_whole {
                return Some((text, false));
            }
            let (rest, is_whole) = beginning(&sum.right).unwrap_or_default();
            Some((text + &rest, is_whole))
        }
        Expr::FString(text) if !text.value.is_implicit_concatenated() => match text.value.elements().next()? {
            InterpolatedStringElement::Literal(literal) => {
                Some((literal.value.to_string(), text.value.elements().count() == 1))
            }
            InterpolatedStringElement::Interpolation(_) => None,
        },
        _ => None,
    }
}
