//! The parameters a task declares.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ParamType;
use crate::Place;

/// One declared parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParamDecl {
    /// Its name, unique among the inputs.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// The heading it stands under.
    #[serde(default)]
    pub group: String,
    /// Its default in the form the script receives; null where there is none.
    #[serde(default)]
    pub default: Value,
    /// Whether a value has to be there.
    #[serde(default)]
    pub required: bool,
    /// The options of an `enum` or `list[enum]`; allowed values of any other type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Value>,
    /// The least value allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The values a grid takes when none are given, in the form the script receives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// Whether old forms offered it for several values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dynamic: bool,
    /// Whether its value is not to be shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// How a form names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The unit of its value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// `stage/key` of a staged task that takes its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Where it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// Where its default is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_at: Option<Place>,
}

impl ParamDecl {
    /// An optional parameter that has no default.
    pub fn new(name: &str, kind: ParamType) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            description: String::new(),
            group: String::new(),
            default: Value::Null,
            required: false,
            choices: Vec::new(),
            min: None,
            max: None,
            values: Vec::new(),
            dynamic: false,
            secret: false,
            label: String::new(),
            unit: String::new(),
            bind: None,
            at: None,
            default_at: None,
        }
    }
}

/// The parameters of a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ParamSchema {
    /// What a run is given, in file order.
    pub inputs: Vec<ParamDecl>,
    /// What a run is to produce.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<ParamDecl>,
}

impl ParamSchema {
    /// The input of that name.
    pub fn input(&self, name: &str) -> Option<&ParamDecl> {
        self.inputs.iter().find(|decl| decl.name == name)
    }

    /// The names of all inputs.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.inputs.iter().map(|decl| decl.name.as_str())
    }
}
