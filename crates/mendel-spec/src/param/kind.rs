//! The types a parameter may have, and their names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a secret parameter hands to the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// Key and value of an AWS account.
    Aws,
    /// A token for git.
    Git,
    /// Name and password.
    Credentials,
}

/// What the elements of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the single types")]
pub enum ListOf {
    Int,
    Float,
    Str,
    Enum,
    Dataset,
    Model,
    Secret(SecretKind),
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamType {
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text.
    Str,
    /// True or false.
    Bool,
    /// One of several options.
    Enum,
    /// Whole numbers from, to, by step.
    Range,
    /// A mapping of sensor vectors.
    ImuVectors,
    /// A path to a file or folder.
    File,
    /// A dataset by number, name or path.
    Dataset,
    /// A model by number or name.
    Model,
    /// A secret by name.
    Secret(SecretKind),
    /// A list.
    List(ListOf),
}

/// Every type with its name.
const NAMES: [(ParamType, &str); 22] = [
    (ParamType::Int, "int"),
    (ParamType::Float, "float"),
    (ParamType::Str, "str"),
    (ParamType::Bool, "bool"),
    (ParamType::Enum, "enum"),
    (ParamType::Range, "range"),
    (ParamType::ImuVectors, "IMUVectors"),
    (ParamType::File, "file"),
    (ParamType::Dataset, "dataset"),
    (ParamType::Model, "model"),
    (ParamType::Secret(SecretKind::Aws), "aws_secret"),
    (ParamType::Secret(SecretKind::Git), "git_secret"),
    (ParamType::Secret(SecretKind::Credentials), "credentials_secret"),
    (ParamType::List(ListOf::Int), "list[int]"),
    (ParamType::List(ListOf::Float), "list[float]"),
    (ParamType::List(ListOf::Str), "list[str]"),
    (ParamType::List(ListOf::Enum), "list[enum]"),
    (ParamType::List(ListOf::Dataset), "list[dataset]"),
    (ParamType::List(ListOf::Model), "list[model]"),
    (ParamType::List(ListOf::Secret(SecretKind::Aws)), "list[aws_secret]"),
    (ParamType::List(ListOf::Secret(SecretKind::Git)), "list[git_secret]"),
    (ParamType::List(ListOf::Secret(SecretKind::Credentials)), "list[credentials_secret]"),
];

impl ParamType {
    /// Every type.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(kind, _)| *kind)
    }

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("str", |(_, name)| name)
    }

    /// Whether several values of it make several runs, written one after the other.
    ///
    /// A `range` is one value of many numbers already; a list is swept by whole lists.
    pub fn is_sweepable(self) -> bool {
        !matches!(self, Self::Range | Self::ImuVectors)
    }

    /// The type of one element, for lists.
    pub fn element(self) -> Option<Self> {
        let Self::List(of) = self else { return None };
        Some(match of {
            ListOf::Int => Self::Int,
            ListOf::Float => Self::Float,
            ListOf::Str => Self::Str,
            ListOf::Enum => Self::Enum,
            ListOf::Dataset => Self::Dataset,
            ListOf::Model => Self::Model,
            ListOf::Secret(kind) => Self::Secret(kind),
        })
    }
}

impl fmt::Display for ParamType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ParamType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ParamType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown parameter type `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for kind in ParamType::all() {
            assert_eq!(ParamType::named(kind.name()), Some(kind));
        }
    }
}
