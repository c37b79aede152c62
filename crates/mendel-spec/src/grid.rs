//! Several values for a parameter: one run for every combination.

use mendel_model::Param;
use serde_json::Value;

use crate::{Assignment, ParamSchema, Problems, ValuesFile};

/// What a command asked for.
#[derive(Debug, Clone, Default)]
pub struct GridRequest<'a> {
    /// `--params FILE`.
    pub values: Option<&'a ValuesFile>,
    /// `--set name=value`, in order.
    pub sets: &'a [Assignment],
    /// `--grid name=a,b` in order.
    pub grids: &'a [Assignment],
    /// `-p name=a` or `-p name=a,b`, in order.
    pub either: &'a [Assignment],
    /// `--grid` without an argument: the `values:` of the task file.
    pub declared: bool,
    /// The most cells allowed; 0 means the limit L16.
    pub limit: usize,
}

/// One parameter with several values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The parameter.
    pub name: String,
    /// Its values in the form the script receives, in order, without repeats.
    pub values: Vec<Value>,
}

/// One run of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// `-1`, `-2`, … to add to its name; nothing where no grid was asked for.
    pub suffix: String,
    /// Its parameters.
    pub params: Vec<Param>,
}

/// The runs a request makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The parameters that vary, in file order.
    pub axes: Vec<Axis>,
    /// One per combination, the last axis fastest; exactly one without axes.
    pub members: Vec<Member>,
    /// What was odd and did not matter.
    pub warnings: Problems,
}

/// The runs that `request` makes of a task with `schema`, every one of them validated.
pub fn members(schema: &ParamSchema, request: &GridRequest<'_>) -> Result<Grid, Problems> {
    let _ = (schema, request);
    todo!()
}
