//! The canonical form of expressions and patterns.

use ruff_python_ast::{
    Arguments, Comprehension, Expr, ExprLambda, FStringPart, InterpolatedElement, InterpolatedStringElement, Number,
    Parameters, Pattern, Singleton, TString, TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange};

use super::{scope::Bindings, walk::Walker};

impl<'a> Walker<'a, '_> {
    /// Reads an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => self.name(name),
            Expr::Attribute(attribute) => {
                self.attribute(expr);
                self.tag(10);
                self.text(attribute.attr.as_str());
                self.expr(&attribute.value);
            }
            Expr::Call(call) => {
                self.call(call, expr);
                self.tag(11);
                self.expr(&call.func);
                self.arguments(&call.arguments);
            }
            Expr::Subscript(subscript) => {
                self.tag(12);
                self.expr(&subscript.value);
                self.expr(&subscript.slice);
            }
            Expr::Slice(slice) => {
                self.tag(13);
                for part in [&slice.lower, &slice.upper, &slice.step] {
                    self.optional(part.as_deref(), Self::expr);
                }
            }
            Expr::Starred(starred) => {
                self.tag(14);
                self.expr(&starred.value);
            }
            Expr::Named(named) => {
                self.tag(15);
                self.expr(&named.target);
                self.expr(&named.value);
            }
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::If(branch) => {
                self.tag(16);
                self.expr(&branch.test);
                self.expr(&branch.body);
                self.expr(&branch.orelse);
            }
            Expr::Await(inner) => {
                self.tag(17);
                self.expr(&inner.value);
            }
            Expr::Yield(inner) => {
                self.tag(18);
                self.optional(inner.value.as_deref(), Self::expr);
            }
            Expr::YieldFrom(inner) => {
                self.tag(19);
                self.expr(&inner.value);
            }
            Expr::BoolOp(_) | Expr::BinOp(_) | Expr::UnaryOp(_) | Expr::Compare(_) => self.operation(expr),
            Expr::List(_) | Expr::Tuple(_) | Expr::Set(_) | Expr::Dict(_) => self.display(expr),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => self.comprehension(expr),
            _ => self.literal(expr),
        }
    }

    fn operation(&mut self, expr: &'a Expr) {
        match expr {
            Expr::BoolOp(operation) => {
                self.tag(20);
                self.text(operation.op.as_str());
                self.list(&operation.values, Self::expr);
            }
            Expr::BinOp(operation) => {
                self.tag(21);
                self.text(operation.op.as_str());
                self.expr(&operation.left);
                self.expr(&operation.right);
            }
            Expr::UnaryOp(operation) => {
                self.tag(22);
                self.text(operation.op.as_str());
                self.expr(&operation.operand);
            }
            Expr::Compare(operation) => {
                self.tag(23);
                self.expr(&operation.left);
                self.list(operation.ops.iter().zip(&operation.comparators), |walker, (op, right)| {
                    walker.text(op.as_str());
                    walker.expr(right);
                });
            }
            _ => {}
        }
    }

    fn display(&mut self, expr: &'a Expr) {
        match expr {
            Expr::List(list) => {
                self.tag(30);
                self.list(&list.elts, Self::expr);
            }
            Expr::Tuple(tuple) => {
                self.tag(31);
                self.list(&tuple.elts, Self::expr);
            }
            Expr::Set(set) => {
                self.tag(32);
                self.list(&set.elts, Self::expr);
            }
            Expr::Dict(dict) => {
                self.tag(33);
                self.list(&dict.items, |walker, item| {
                    walker.optional(item.key.as_ref(), Self::expr);
                    walker.expr(&item.value);
                });
            }
            _ => {}
        }
    }

    fn comprehension(&mut self, expr: &'a Expr) {
        let (tag, key, element, generators) = match expr {
            Expr::ListComp(inner) => (40, None, &inner.elt, &inner.generators),
            Expr::SetComp(inner) => (41, None, &inner.elt, &inner.generators),
            Expr::Generator(inner) => (42, None, &inner.elt, &inner.generators),
            Expr::DictComp(inner) => (43, inner.key.as_deref(), &inner.value, &inner.generators),
            _ => return,
        };
        self.tag(tag);
        // The first iterable belongs to the scope around.
        if let Some(first) = generators.first() {
            self.expr(&first.iter);
        }
        self.within(Bindings::of_generators(generators), false, None, |walker| {
            walker.list(generators.iter().enumerate(), |walker, (index, generator)| {
                walker.generator(generator, index > 0);
            });
            walker.optional(key, Self::expr);
            walker.expr(element);
        });
    }

    fn generator(&mut self, generator: &'a Comprehension, with_iterable: bool) {
        self.flag(generator.is_async);
        self.expr(&generator.target);
        if with_iterable {
            self.expr(&generator.iter);
        }
        self.list(&generator.ifs, Self::expr);
    }

    fn lambda(&mut self, lambda: &'a ExprLambda) {
        self.tag(44);
        let mut bindings = Bindings::default();
        if let Some(parameters) = &lambda.parameters {
            self.parameters(parameters);
            bindings.add_parameters(parameters);
        }
        self.tag(0);
        self.deferred += 1;
        self.within(bindings, false, None, |walker| walker.expr(&lambda.body));
        self.deferred -= 1;
    }

    /// The names, defaults and annotations of parameters, which belong to the scope around.
    pub(super) fn parameters(&mut self, parameters: &'a Parameters) {
        for group in [&parameters.posonlyargs, &parameters.args, &parameters.kwonlyargs] {
            self.list(group.iter(), |walker, parameter| {
                walker.text(parameter.parameter.name.as_str());
                walker.optional(parameter.default.as_deref(), Self::expr);
                walker.annotation(parameter.parameter.annotation.as_deref());
            });
        }
        for rest in [&parameters.vararg, &parameters.kwarg] {
            self.optional(rest.as_deref(), |walker, parameter| {
                walker.text(parameter.name.as_str());
                walker.annotation(parameter.annotation.as_deref());
            });
        }
    }

    /// An annotation, which counts in the full form only.
    pub(super) fn annotation(&mut self, annotation: Option<&'a Expr>) {
        self.hidden(|walker| walker.optional(annotation, Self::expr));
    }

    pub(super) fn arguments(&mut self, arguments: &'a Arguments) {
        self.list(&arguments.args, Self::expr);
        self.list(arguments.keywords.iter(), |walker, word| {
            walker.optional(word.arg.as_ref(), |walker, name| walker.text(name.as_str()));
            walker.expr(&word.value);
        });
    }

    pub(super) fn type_parameters(&mut self, parameters: Option<&'a TypeParams>) {
        self.hidden(|walker| {
            walker.list(parameters.into_iter().flatten(), |walker, parameter| {
                let (name, bound, default) = match parameter {
                    TypeParam::TypeVar(inner) => (&inner.name, inner.bound.as_deref(), inner.default.as_deref()),
                    TypeParam::TypeVarTuple(inner) => (&inner.name, None, inner.default.as_deref()),
                    TypeParam::ParamSpec(inner) => (&inner.name, None, inner.default.as_deref()),
                };
                walker.text(name.as_str());
                walker.optional(bound, Self::expr);
                walker.optional(default, Self::expr);
            });
        });
    }

    fn literal(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(text) => {
                self.tag(50);
                self.decoded(text.value.to_str(), text.range());
            }
            Expr::BytesLiteral(bytes) => {
                self.tag(51);
                let bytes: Vec<u8> = bytes.value.bytes().collect();
                self.bytes(&bytes);
            }
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => {
                    self.tag(52);
                    self.text(&int.to_string());
                }
                Number::Float(float) => {
                    self.tag(53);
                    self.bytes(&float.to_bits().to_le_bytes());
                }
                Number::Complex { real, imag } => {
                    self.tag(54);
                    self.bytes(&real.to_bits().to_le_bytes());
                    self.bytes(&imag.to_bits().to_le_bytes());
                }
            },
            Expr::BooleanLiteral(truth) => self.tag(if truth.value { 55 } else { 56 }),
            Expr::NoneLiteral(_) => self.tag(57),
            Expr::EllipsisLiteral(_) => self.tag(58),
            Expr::FString(text) => {
                self.tag(60);
                let parts = text.value.iter().flat_map(|part| match part {
                    FStringPart::Literal(literal) => vec![Piece::Text(&literal.value, literal.range())],
                    FStringPart::FString(inner) => pieces(&inner.elements),
                });
                self.pieces(parts);
            }
            Expr::TString(text) => {
                self.tag(61);
                self.pieces(text.value.iter().flat_map(|part: &TString| pieces(&part.elements)));
            }
            other => {
                // What this walk does not know counts as it is written.
                self.tag(62);
                self.text(&self.source[other.range()]);
            }
        }
    }

    /// A text after its escapes; what the parser could not keep (lone surrogates) counts as written.
    fn decoded(&mut self, text: &str, range: TextRange) {
        self.text(text);
        if text.contains('\u{fffd}') {
            self.text(&self.source[range]);
        }
    }

    fn pieces(&mut self, pieces: impl Iterator<Item = Piece<'a>>) {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(more, range) => {
                    text.push_str(more);
                    if more.contains('\u{fffd}') {
                        text.push_str(&self.source[range]);
                    }
                }
                Piece::Value(value) => {
                    self.tag(1);
                    self.text(&std::mem::take(&mut text));
                    self.interpolation(value);
                }
            }
        }
        self.tag(0);
        self.text(&text);
    }

    fn interpolation(&mut self, value: &'a InterpolatedElement) {
        self.expr(&value.expression);
        self.tag(value.conversion as i8 as u8);
        self.optional(value.debug_text.as_ref(), |walker, debug| {
            walker.text(debug.leading());
            walker.text(debug.expression());
            walker.text(debug.trailing());
        });
        self.optional(value.format_spec.as_deref(), |walker, spec| walker.pieces(pieces(&spec.elements).into_iter()));
    }

    /// Reads a pattern of `match`.
    pub(super) fn pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchValue(inner) => {
                self.tag(70);
                self.expr(&inner.value);
            }
            Pattern::MatchSingleton(inner) => self.tag(match inner.value {
                Singleton::None => 71,
                Singleton::True => 72,
                Singleton::False => 73,
            }),
            Pattern::MatchSequence(inner) => {
                self.tag(74);
                self.list(&inner.patterns, Self::pattern);
            }
            Pattern::MatchMapping(inner) => {
                self.tag(75);
                self.list(inner.keys.iter().zip(&inner.patterns), |walker, (key, pattern)| {
                    walker.expr(key);
                    walker.pattern(pattern);
                });
                self.optional(inner.rest.as_ref(), |walker, name| walker.spelled(name.as_str()));
            }
            Pattern::MatchClass(inner) => {
                self.tag(76);
                self.expr(&inner.cls);
                self.list(inner.arguments.patterns.iter(), Self::pattern);
                self.list(&inner.arguments.keywords, |walker, word| {
                    walker.text(word.attr.as_str());
                    walker.pattern(&word.pattern);
                });
            }
            Pattern::MatchStar(inner) => {
                self.tag(77);
                self.optional(inner.name.as_ref(), |walker, name| walker.spelled(name.as_str()));
            }
            Pattern::MatchAs(inner) => {
                self.tag(78);
                self.optional(inner.pattern.as_deref(), Self::pattern);
                self.optional(inner.name.as_ref(), |walker, name| walker.spelled(name.as_str()));
            }
            Pattern::MatchOr(inner) => {
                self.tag(79);
                self.list(&inner.patterns, Self::pattern);
            }
        }
    }
}

/// A piece of a text with values in it.
enum Piece<'a> {
    Text(&'a str, TextRange),
    Value(&'a InterpolatedElement),
}

fn pieces(elements: &[InterpolatedStringElement]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(elements.len());
    for element in elements {
        pieces.push(match element {
            InterpolatedStringElement::Literal(literal) => Piece::Text(&literal.value, literal.range()),
            InterpolatedStringElement::Interpolation(value) => Piece::Value(value),
        });
    }
    pieces
}
