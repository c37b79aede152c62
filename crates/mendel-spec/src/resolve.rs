//! The values of one run, each with its origin.
//!
//! Weakest first: default, values file, `--set`, cell of a grid. Every fault of every
//! parameter is found before anything is returned.

use std::collections::HashSet;

use mendel_model::{Origin, Param};
use serde_json::Value;

use crate::{
    Assignment, ParamDecl, ParamSchema, ParamType, Problem, Problems, ValuesFile,
    nearest::suggestion,
    param::{check_bounds, from_node, from_text, is_empty_list},
};

/// The parameters of one run: defaults, then `values`, then `sets` (the last of a name wins).
///
/// The value of each parameter is the form the script receives: the option's text for an
/// `enum`, `{from, to, step}` for a `range`, a float for a `float`. Every fault of every
/// parameter is reported.
pub fn resolve(schema: &ParamSchema, values: Option<&ValuesFile>, sets: &[Assignment]) -> Result<Vec<Param>, Problems> {
    let mut problems = Problems::new();
    let params = resolve_except(schema, values, sets, &HashSet::new(), &mut problems);
    problems.or(params).map(|(params, _)| params)
}

/// As `resolve`, but parameters named in `varied` may lack a value: a grid gives it.
pub(crate) fn resolve_except(
    schema: &ParamSchema,
    values: Option<&ValuesFile>,
    sets: &[Assignment],
    varied: &HashSet<&str>,
    problems: &mut Problems,
) -> Vec<Param> {
    report_unknown(schema, values, sets, problems);
    let mut params = Vec::with_capacity(schema.inputs.len());
    for decl in &schema.inputs {
        let mut param = Param {
            section: decl.group.clone(),
            name: decl.name.clone(),
            kind: Some(decl.kind.name().to_owned()),
            value: decl.default.clone(),
            origin: Origin::Default { at: decl.default_at.as_ref().map(crate::Place::line_text) },
            required: decl.required,
            description: decl.description.clone(),
        };
        let mut good = true;
        if let Some(file) = values
            && let Some(given) = file.find(&decl.name)
        {
            let checked = from_node(decl.kind, &decl.choices, &given.node, file.dialect);
            match checked.and_then(|value| check_bounds(decl, &value).map(|()| value)) {
                Ok(value) => (param.value, param.origin) = (value, Origin::File { at: given.at.line_text() }),
                Err(fault) => {
                    good = false;
                    problems.push(fault.problem(&decl.name, Some(&given.at)).show(&file.text));
                }
            }
        }
        for set in sets.iter().filter(|set| set.name == decl.name) {
            match given_text(decl, set) {
                Ok(value) => (param.value, param.origin) = (value, Origin::CommandLine { words: set.words() }),
                Err(problem) => {
                    good = false;
                    problems.push(*problem);
                }
            }
        }
        if good && !varied.contains(decl.name.as_str()) {
            problems.0.extend(lacking(decl, &param));
        }
        params.push(param);
    }
    params
}

/// The value that an assignment gives, or why it does not fit.
fn given_text(decl: &ParamDecl, set: &Assignment) -> Result<Value, Box<Problem>> {
    from_text(decl.kind, &decl.choices, &set.text)
        .and_then(|value| check_bounds(decl, &value).map(|()| value))
        .map_err(|fault| Box::new(from_option(fault.problem(&decl.name, None), set)))
}

/// A problem that an option of the command line caused.
pub(crate) fn from_option(problem: Problem, set: &Assignment) -> Problem {
    let message = format!("{}, in `{}`", problem.message, set.words());
    Problem { message, ..problem }
}

fn report_unknown(schema: &ParamSchema, values: Option<&ValuesFile>, sets: &[Assignment], problems: &mut Problems) {
    // Ten thousand values against ten thousand names: ask a set, not a list.
    let known: HashSet<&str> = schema.names().collect();
    if let Some(file) = values {
        for given in file.values.iter().filter(|given| !known.contains(given.name.as_str())) {
            if given.name != "grid" {
                problems.push(unknown(schema, &given.name).at(&given.name_at).show(&file.text));
            }
        }
    }
    for set in sets.iter().filter(|set| !known.contains(set.name.as_str())) {
        problems.push(from_option(unknown(schema, &set.name), set));
    }
}

/// That a task has no parameter `name`.
pub(crate) fn unknown(schema: &ParamSchema, name: &str) -> Problem {
    let hint = if schema.outputs.iter().any(|output| output.name == name) {
        format!("`{name}` is an output, which the run itself sets")
    } else if schema.inputs.is_empty() {
        "the task declares no parameters".to_owned()
    } else {
        suggestion(name, schema.names())
    };
    Problem::error("unknown_param", format!("unknown parameter `{name}`")).key(name).hint(hint)
}

/// That a required parameter has no value, if so.
fn lacking(decl: &ParamDecl, param: &Param) -> Option<Problem> {
    if !decl.required {
        return None;
    }
    let message = if param.value.is_null() {
        let about = if decl.description.is_empty() { String::new() } else { format!(": {}", decl.description) };
        format!("`{}` is required and no value is given ({}{about})", decl.name, decl.kind)
    } else if is_empty_list(&param.value) {
        format!("`{}` must not be empty: it is a required {}", decl.name, decl.kind)
    } else {
        return None;
    };
    let hint = format!("give one, such as `--set {}={}`", decl.name, example(decl));
    let problem = Problem::error("missing_value", message).key(&*decl.name).hint(hint);
    Some(match &decl.at {
        Some(place) => problem.at(place),
        None => problem,
    })
}

/// A value a person might give.
fn example(decl: &ParamDecl) -> String {
    if let Some(choice) = decl.choices.first() {
        return choice.as_str().map_or_else(|| choice.to_string(), str::to_owned);
    }
    let number = |fallback: f64| decl.min.or(decl.max).unwrap_or(fallback);
    match decl.kind {
        ParamType::Int => format!("{}", number(3.0).ceil()),
        ParamType::Float => format!("{}", number(0.1)),
        ParamType::Bool => "true".into(),
        ParamType::Range => "0:10".into(),
        ParamType::ImuVectors => "'{}'".into(),
        ParamType::File => "PATH".into(),
        ParamType::Dataset | ParamType::Model | ParamType::Secret(_) => "NAME".into(),
        ParamType::Str | ParamType::Enum => "TEXT".into(),
        ParamType::List(_) => match decl.kind.element() {
            Some(ParamType::Int) => "1,2".into(),
            Some(ParamType::Float) => "0.1,0.2".into(),
            _ => "A,B".into(),
        },
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
