//! Typed configurations as plain data: values, fields and objects that may share and loop.
//!
//! Which fields count is decided here; what the graph then means is decided in `meaning`.
//! How values are written is frozen with the prefix `m1:`.

mod cycles;
mod form;
mod meaning;
mod sharing;
#[cfg(test)]
mod tests;

pub use meaning::{Meaning, TooEntangled};

use crate::Digest;

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    None,
    Bool(bool),
    /// A whole number of any size: its sign, and its magnitude in big-endian bytes.
    Integer {
        negative: bool,
        magnitude: Vec<u8>,
    },
    Float(f64),
    /// Text as UTF-8; lone surrogates are written as such.
    Text(Vec<u8>),
    /// A path whose text counts.
    Path(Vec<u8>),
    /// A file or folder whose content counts.
    Content(Digest),
    /// A member of an enumeration.
    Member {
        type_id: String,
        name: String,
    },
    List(Vec<Self>),
    Tuple(Vec<Self>),
    Set(Vec<Self>),
    Map(Vec<(Self, Self)>),
    /// A configuration of this graph.
    Object(usize),
    /// A configuration whose identity is fixed already.
    Known {
        identity: Digest,
        mark: Mark,
    },
}

impl FieldValue {
    /// A whole number that fits 64 bits.
    pub fn integer(value: i64) -> Self {
        Self::Integer { negative: value < 0, magnitude: minimal(&value.unsigned_abs().to_be_bytes()) }
    }

    /// A whole number by sign and magnitude, with or without leading zeros.
    pub fn big_integer(negative: bool, magnitude: &[u8]) -> Self {
        let magnitude = minimal(magnitude);
        Self::Integer { negative: negative && !magnitude.is_empty(), magnitude }
    }
}

fn minimal(magnitude: &[u8]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    magnitude[zeros..].to_vec()
}

/// Whether a configuration was marked: as one that never counts, or as one that always does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Unmarked,
    Dropped,
    Kept,
}

/// What the declaration of a field says about its part in the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Counts unless it is an optional one without a value, or marked.
    Counts,
    /// A constant: counts always.
    Constant,
    /// Counts unless equal to the default.
    UnlessDefault,
    /// Never counts, except what was marked to be kept.
    Never(LeftOut),
}

/// Why a field is no part of the identity; the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Declared as `Meta`, `Option` or `DataPath`.
    Meta,
    /// A path: where something lies is not what it means.
    Path,
    /// Filled in when the task is sealed.
    Generated,
    /// Equal to a default that is ignored.
    Default,
    /// Optional, and without a value.
    Nothing,
    /// The value was marked as one that does not count.
    Marked,
}

impl LeftOut {
    /// One word, for documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Path => "path",
            Self::Generated => "generated",
            Self::Default => "default",
            Self::Nothing => "none",
            Self::Marked => "marked",
        }
    }
}

/// A field of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationField {
    pub name: String,
    pub rule: Rule,
    /// Whether `None` was declared as a value and the default.
    pub optional: bool,
    /// Absent where the field is left out whatever it holds.
    pub value: Option<FieldValue>,
    /// What the value is compared with, under [`Rule::UnlessDefault`].
    pub default: Option<FieldValue>,
}

/// A configuration: its class and fields, whose output it is, and what runs before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    pub type_id: String,
    pub mark: Mark,
    /// The task whose marked output this is.
    pub owner: Option<FieldValue>,
    pub fields: Vec<ConfigurationField>,
    pub init_tasks: Vec<FieldValue>,
    /// Whether it matters that two places hold one object, and not two equal ones.
    pub sharing_counts: bool,
}

/// Configurations that refer to each other by their index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configurations(Vec<Configuration>);

impl Configurations {
    /// Adds a configuration and answers its index.
    pub fn add(&mut self, configuration: Configuration) -> usize {
        self.0.push(configuration);
        self.0.len() - 1
    }

    /// Replaces the configuration at `index`, which was added before what it refers to.
    pub fn set(&mut self, index: usize, configuration: Configuration) {
        self.0[index] = configuration;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The configuration at `index`.
    pub fn get(&self, index: usize) -> &Configuration {
        &self.0[index]
    }

    pub(crate) fn mark(&self, value: &FieldValue) -> Mark {
        match value {
            FieldValue::Object(index) => self.0[*index].mark,
            FieldValue::Known { mark, .. } => *mark,
            FieldValue::None
            | FieldValue::Bool(_)
            | FieldValue::Integer { .. }
            | FieldValue::Float(_)
            | FieldValue::Text(_)
            | FieldValue::Path(_)
            | FieldValue::Content(_)
            | FieldValue::Member { .. }
            | FieldValue::List(_)
            | FieldValue::Tuple(_)
            | FieldValue::Set(_)
            | FieldValue::Map(_) => Mark::Unmarked,
        }
    }

    /// The value without those of its elements that `drops` names; `None` when it is one itself.
    pub(crate) fn without(&self, value: &FieldValue, drops: impl Copy + Fn(Mark) -> bool) -> Option<FieldValue> {
        let each = |items: &[FieldValue]| items.iter().filter_map(|item| self.without(item, drops)).collect();
        Some(match value {
            FieldValue::Object(_) | FieldValue::Known { .. } => {
                return (!drops(self.mark(value))).then(|| value.clone());
            }
            FieldValue::List(items) => FieldValue::List(each(items)),
            FieldValue::Tuple(items) => FieldValue::Tuple(each(items)),
            FieldValue::Set(items) => FieldValue::Set(each(items)),
            FieldValue::Map(pairs) => FieldValue::Map(
                pairs.iter().filter_map(|(key, item)| Some((key.clone(), self.without(item, drops)?))).collect(),
            ),
            FieldValue::None
            | FieldValue::Bool(_)
            | FieldValue::Integer { .. }
            | FieldValue::Float(_)
            | FieldValue::Text(_)
            | FieldValue::Path(_)
            | FieldValue::Content(_)
            | FieldValue::Member { .. } => value.clone(),
        })
    }
}
