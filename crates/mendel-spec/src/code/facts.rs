//! What one module says, read once and kept: its top-level units, their digests and what they refer to.

use mendel_model::Digest;
use serde::{Deserialize, Serialize};

/// Rises with every change of what facts mean; older facts are read anew.
pub(super) const FACTS_VERSION: u32 = 1;

/// What one module says, made from its text alone and kept as long as the text is the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModuleFacts {
    pub(super) version: u32,
    /// Of the bytes of the file.
    pub(super) content: Digest,
    /// Of the docstring of the module.
    pub(super) doc: Digest,
    pub(super) units: Vec<Unit>,
    /// Line and message where the file is not Python.
    pub(super) fault: Option<(u32, String)>,
}

impl ModuleFacts {
    /// Whether these facts mean today what they meant when they were kept.
    pub fn is_current(&self) -> bool {
        self.version == FACTS_VERSION
    }
}

/// One statement at the top level of a module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit {
    pub line: u32,
    /// Names it binds in the module, those of its imports included.
    pub names: Vec<String>,
    /// Imports that run with the module.
    pub imports: Vec<Import>,
    /// Whether it does nothing but import.
    pub only_imports: bool,
    /// The unit itself, then the members of a class.
    pub parts: Vec<Part>,
    pub refs: Vec<Ref>,
    /// Attributes of objects whose class cannot be told.
    pub attributes: Vec<Attribute>,
    /// Whether it changes something outside its own names when the module is imported.
    pub effect: bool,
    /// Module variables of its own that it changes in place when the module is imported.
    pub mutates: Vec<String>,
    /// Calls made when the module is imported.
    pub runs: Vec<Run>,
    /// What calling the function, or making an instance of the class, does beyond its value.
    pub noisy: bool,
    /// What is called then.
    pub calls: Vec<Ref>,
    /// Whether the value is new and known by no other name.
    pub fresh: bool,
    /// Whether the value can never change.
    pub immutable: bool,
    /// Whether it is one function.
    pub is_function: bool,
    /// Whether it looks at signatures, docstrings or sources.
    pub reflective: bool,
    /// Decorators that may look at annotations and docstrings, if they are not the project's.
    pub watchers: Vec<Ref>,
    pub class: Option<Class>,
    pub value: Option<Literal>,
}

/// A digest that is shown by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Empty for statements without a name.
    pub name: String,
    pub line: u32,
    /// Without docstrings, annotations and names of locals.
    pub digest: Digest,
    /// With them.
    pub full: Digest,
}

/// Where an import looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Origin {
    pub level: u32,
    pub module: String,
    pub member: Option<String>,
}

/// An import that runs with its module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Import {
    /// None for `*`.
    pub name: Option<String>,
    pub origin: Origin,
    /// The module that is loaded, where it is not the one that is bound (`import a.b`).
    pub loads: Option<String>,
    pub line: u32,
}

/// What a reference begins with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Root {
    Name(String),
    Import(Origin),
}

/// How a reference is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Use {
    Read,
    /// The import alone.
    Load,
    /// An attribute of it whose name is computed.
    Dynamic,
    /// A module of that literal name is imported.
    Named,
    /// Some module whose name begins so is imported.
    Below,
    /// The function that imports by name, where the name could be read.
    Understood,
    /// In an annotation that nobody is known to look at.
    Annotation,
}

/// A name that is free in a unit, with the attributes that follow it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Ref {
    pub root: Root,
    pub path: Vec<String>,
    pub how: Use,
    pub line: u32,
}

/// An attribute of an object whose class cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Attribute {
    /// None where the name is computed.
    pub name: Option<String>,
    /// The free name that made the object.
    pub via: Option<Ref>,
    /// Whether the object is what calling that name gives, and not a part of it.
    pub is_made: bool,
    pub line: u32,
}

/// A call made when the module is imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    pub callee: Ref,
    /// What is handed to it by name.
    pub handed: Vec<Ref>,
}

/// What is special of a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Class {
    pub bases: Vec<Ref>,
    /// Names bound in its body.
    pub members: Vec<String>,
    /// Whether making the class runs a metaclass that is named here.
    pub metaclass: bool,
    pub decorated: bool,
    /// Attributes that declare a stage, where they are literal.
    pub literals: Vec<(String, Option<Literal>)>,
    /// Whether a base is not a name.
    pub opaque: bool,
}

/// A value that can be told without running anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Literal {
    None,
    Bool(bool),
    Text(String),
    List(Vec<Literal>),
    /// Spread into the list around it.
    Spread(Box<Literal>),
    Sum(Box<Literal>, Box<Literal>),
    Name(Ref),
}
