//! Which kind of task a folder is, and what decided it.
//!
//! Keys and files decide, never the extension of the task file.

use serde::{Deserialize, Serialize};

use crate::{Node, Scalar, reader::Reader};

/// What kind of task a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An entry script.
    Script,
    /// A pipeline of stages.
    Staged,
    /// A training described in YAML.
    Training,
    /// A Python class.
    Typed,
    /// Nothing to run: passes values down a tree.
    Node,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Staged => "staged",
            Self::Training => "training",
            Self::Typed => "typed",
            Self::Node => "node",
        }
    }
}

/// What decided a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The file that decided it.
    pub file: String,
    /// The line, where a key of the file decided.
    pub line: Option<usize>,
    /// Why, as a fragment.
    pub reason: String,
}

/// `(module or file, class)` of `module:Class`.
pub fn typed_reference(text: &str) -> Option<(&str, &str)> {
    let (module, class) = text.rsplit_once(':')?;
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let module_good = module.ends_with(".py") || module.split('.').all(word);
    (module_good && class.split('.').all(word)).then_some((module, class))
}

/// The key that makes a file a training, if one does.
pub(crate) fn training_key<'n>(reader: &Reader<'_>, root: &'n Node) -> Option<&'n Node> {
    for name in ["train", "architecture", "dataset", "datasets"] {
        if let Some((key, value)) = root.pair(name)
            && !value.is_null(reader.dialect)
            && value.scalar(reader.dialect) != Some(Scalar::Bool(false))
        {
            return Some(key);
        }
    }
    let (key, stages) = root.pair("stages")?;
    stages.sequence()?.iter().any(|stage| stage.get("epochs").is_some()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_of_a_module_or_file_is_a_typed_reference() {
        for (text, found) in [
            ("zoo:Cat", Some(("zoo", "Cat"))),
            ("pets.zoo:Cat", Some(("pets.zoo", "Cat"))),
            ("./pets/zoo.py:Cat", Some(("./pets/zoo.py", "Cat"))),
            ("zoo", None),
            ("folder/with:colon", None),
            ("zoo:", None),
            (":Cat", None),
            ("http://x", None),
        ] {
            assert_eq!(typed_reference(text), found, "{text}");
        }
    }
}
