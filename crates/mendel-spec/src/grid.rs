//! Several values for a parameter: one run for every combination.

use std::collections::HashSet;

use mendel_model::{Origin, Param, limits::GRID_CELLS};
use serde_json::Value;

use crate::{
    Assignment, ParamDecl, ParamSchema, ParamType, Problem, Problems, Scalar, ValuesFile,
    param::{Fault, check_bounds, from_text, is_empty_list, not_sweepable},
    resolve::{from_option, resolve_except, unknown},
    split_values,
};

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
    let mut problems = Problems::new();
    let mut sets = request.sets.to_vec();
    let mut axes: Vec<Option<Vec<Value>>> = vec![None; schema.inputs.len()];
    for given in request.either {
        match split_values(&given.text) {
            Ok(values) => match values.as_slice() {
                [one] => sets.push(Assignment { text: one.clone(), ..given.clone() }),
                _ => add_axis(schema, given, &mut axes, &mut problems),
            },
            Err(faults) => problems.0.extend(faults.into_iter().map(|fault| from_option(fault, given))),
        }
    }
    for given in request.grids {
        add_axis(schema, given, &mut axes, &mut problems);
    }
    if request.declared || asks_for_grid(schema, request.values, &mut problems) {
        add_declared(schema, &mut axes, &mut problems);
    }
    let varied: Vec<usize> = (0..axes.len()).filter(|index| axes[*index].is_some()).collect();
    let names: HashSet<&str> = varied.iter().map(|index| schema.inputs[*index].name.as_str()).collect();
    let base = resolve_except(schema, request.values, &sets, &names, &mut problems);
    let axes: Vec<Axis> = varied
        .iter()
        .filter_map(|index| Some((*index, axes[*index].take()?)))
        .map(|(index, values)| {
            let decl = &schema.inputs[index];
            Axis { name: decl.name.clone(), values: without_repeats(decl, values, &mut problems) }
        })
        .collect();
    check_count(&axes, request.limit, &mut problems);
    let ((), warnings) = problems.or(())?;
    let members = cells(&axes, &varied, &base);
    Ok(Grid { axes, members, warnings })
}

/// Every combination, the last axis fastest.
fn cells(axes: &[Axis], varied: &[usize], base: &[Param]) -> Vec<Member> {
    if axes.is_empty() {
        return vec![Member { suffix: String::new(), params: base.to_vec() }];
    }
    let count: usize = axes.iter().map(|axis| axis.values.len()).product();
    (0..count)
        .map(|cell| {
            let mut params = base.to_vec();
            let mut rest = cell;
            for (axis, index) in axes.iter().zip(varied).rev() {
                let param = &mut params[*index];
                param.value = axis.values[rest % axis.values.len()].clone();
                param.origin = Origin::Grid;
                rest /= axis.values.len();
            }
            Member { suffix: format!("-{}", cell + 1), params }
        })
        .collect()
}

/// Adds the values of one `--grid name=a,b`.
fn add_axis(schema: &ParamSchema, given: &Assignment, axes: &mut [Option<Vec<Value>>], problems: &mut Problems) {
    let Some(index) = schema.inputs.iter().position(|decl| decl.name == given.name) else {
        problems.push(from_option(unknown(schema, &given.name), given));
        return;
    };
    let decl = &schema.inputs[index];
    match axis_values(decl, &given.text) {
        Ok(values) => axes[index].get_or_insert_default().extend(values),
        Err(faults) => {
            // The axis counts as given, so that nothing is said to be missing as well.
            axes[index].get_or_insert_default();
            problems.0.extend(faults.into_iter().map(|fault| from_option(fault.problem(&decl.name, None), given)));
        }
    }
}

/// The values that a text of several gives a parameter.
fn axis_values(decl: &ParamDecl, text: &str) -> Result<Vec<Value>, Vec<Fault>> {
    if text.trim() == "*" && !decl.choices.is_empty() && decl.kind.element().is_none() {
        return Ok(decl.choices.clone());
    }
    if text.trim().is_empty() {
        return Err(vec![Fault::new("has no values").hint("name one value or more")]);
    }
    let texts = split_values(text).map_err(|problems| {
        problems
            .into_iter()
            .map(|problem| Fault::new(format!("has values where {}", problem.message)))
            .collect::<Vec<_>>()
    })?;
    let is_list = matches!(decl.kind, ParamType::List(_));
    let is_whole = |text: &String| text.starts_with(['[', '{']);
    if texts.len() > 1 && (!decl.kind.is_sweepable() || is_list && !texts.iter().all(is_whole)) {
        return Err(vec![not_sweepable(decl)]);
    }
    let mut values = Vec::with_capacity(texts.len());
    let mut faults = Vec::new();
    for text in &texts {
        if text.is_empty() && decl.kind != ParamType::Str {
            faults.push(Fault::new("has an empty value").hint("drop the comma that is too many"));
            continue;
        }
        let checked = from_text(decl.kind, &decl.choices, text)
            .and_then(|value| check_bounds(decl, &value).map(|()| value))
            .and_then(|value| match decl.required && (value.is_null() || is_empty_list(&value)) {
                true => Err(Fault::new(format!("must not be empty: it is a required {}", decl.kind))),
                false => Ok(value),
            });
        match checked {
            Ok(value) => values.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// Whether the values file says `grid: true`.
fn asks_for_grid(schema: &ParamSchema, values: Option<&ValuesFile>, problems: &mut Problems) -> bool {
    if schema.input("grid").is_some() {
        return false;
    }
    let Some((file, given)) = values.and_then(|file| Some((file, file.find("grid")?))) else { return false };
    match given.node.scalar(file.dialect) {
        Some(Scalar::Bool(truth)) => truth,
        _ => {
            let message = format!("`grid` expects true or false, got {}", given.node.shown(file.dialect));
            problems.push(Problem::error("bad_value", message).key("grid").at(&given.at).show(&file.text));
            false
        }
    }
}

/// Takes the `values:` of the task file where no others were given.
fn add_declared(schema: &ParamSchema, axes: &mut [Option<Vec<Value>>], problems: &mut Problems) {
    for (axis, decl) in axes.iter_mut().zip(&schema.inputs) {
        if axis.is_none() && !decl.values.is_empty() {
            *axis = Some(decl.values.clone());
        }
    }
    if axes.iter().all(Option::is_none) {
        let hint = "write `values: [a, b]` beside a parameter's value, or `--grid name=a,b`";
        problems.push(Problem::error("no_values", "a grid was asked for and no parameter has `values`").hint(hint));
    }
}

fn without_repeats(decl: &ParamDecl, values: Vec<Value>, problems: &mut Problems) -> Vec<Value> {
    // Found by their text, as there may be ten thousand.
    let mut seen = HashSet::with_capacity(values.len());
    let mut kept = Vec::with_capacity(values.len());
    for value in values {
        if seen.insert(value.to_string()) {
            kept.push(value);
        } else {
            let message = format!("`{}` has the value {value} twice; it is taken once", decl.name);
            problems.push(Problem::warning("repeated_value", message).key(&*decl.name));
        }
    }
    kept
}

fn check_count(axes: &[Axis], limit: usize, problems: &mut Problems) {
    let limit = if limit == 0 { GRID_CELLS } else { limit };
    let count = axes.iter().fold(1_u128, |count, axis| count.saturating_mul(axis.values.len().max(1) as u128));
    if count > limit as u128 {
        let sizes: Vec<_> = axes.iter().map(|axis| format!("{} {}", axis.name, axis.values.len())).collect();
        let message = format!("the grid has {count} cells ({}), more than the limit of {limit}", sizes.join(" × "));
        problems.push(Problem::error("grid_too_large", message).hint("give fewer values, or raise the limit"));
    }
}

#[cfg(test)]
#[path = "grid_tests.rs"]
mod tests;
