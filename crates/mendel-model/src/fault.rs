//! Faults: what is wrong with a thing that someone asks for, all of it at once.
//!
//! Names and sizes are decided here, against the numbers in `limits`; what only the store
//! can know, such as a name that is taken, is not.

use serde::{Deserialize, Serialize};

use crate::{NewBatch, NewProject, NewRun, Param, RunUpdate, limits};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The field, such as `name` or `params[3].value`.
    pub field: String,
    /// A stable word: `bad_name` or `too_large`.
    pub code: String,
    /// What is wrong with it.
    pub message: String,
}

impl Fault {
    fn new(field: &str, code: &str, message: String) -> Self {
        Self { field: field.to_owned(), code: code.to_owned(), message }
    }
}

impl NewRun {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_name("name", &self.name, &mut faults);
        check_name("project", &self.project, &mut faults);
        check_tags("tags", &self.tags, &mut faults);
        check_params("params", &self.params, &mut faults);
        faults
    }
}

impl RunUpdate {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (field, name) in [("name", &self.name), ("project", &self.project)] {
            if let Some(name) = name {
                check_name(field, name, &mut faults);
            }
        }
        check_tags("add_tags", &self.add_tags, &mut faults);
        check_params("set_params", &self.set_params, &mut faults);
        check_params("replace_params", self.replace_params.as_deref().unwrap_or_default(), &mut faults);
        faults
    }
}

impl NewProject {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_name("name", &self.name, &mut faults);
        faults
    }
}

impl NewBatch {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_name("batch.name", &self.name, &mut faults);
        check_name("batch.project", &self.project, &mut faults);
        faults
    }
}

fn check_name(field: &str, name: &str, faults: &mut Vec<Fault>) {
    let mut add = |message: String| faults.push(Fault::new(field, "bad_name", message));
    let length = name.chars().count();
    if name.trim().is_empty() {
        add("is empty".into());
    }
    if length > limits::NAME_CHARS {
        add(format!("has {length} characters; at most {} are allowed", limits::NAME_CHARS));
    }
    if name.chars().any(char::is_control) {
        add("has a control character".into());
    }
    if name.split('/').any(|part| part == "..") {
        add("has a part `..`".into());
    }
}

fn check_tags(field: &str, tags: &[String], faults: &mut Vec<Fault>) {
    for (index, tag) in tags.iter().enumerate() {
        check_name(&format!("{field}[{index}]"), tag, faults);
    }
}

fn check_params(field: &str, params: &[Param], faults: &mut Vec<Fault>) {
    let (count, most) = (params.len(), limits::PARAMS_PER_RUN);
    if count > most {
        let message = format!("has {count} parameters; at most {most} are allowed");
        faults.push(Fault::new(field, "too_large", message));
    }
    for (index, param) in params.iter().enumerate() {
        check_name(&format!("{field}[{index}].name"), &param.name, faults);
        let (length, most) = (param.value.to_string().len(), limits::PARAM_BYTES);
        if length > most {
            let message = format!("of `{}` has {length} bytes; at most {most} are allowed", param.name);
            faults.push(Fault::new(&format!("{field}[{index}].value"), "too_large", message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ProjectType, Timestamp};

    fn project(name: &str) -> NewProject {
        let (description, kind) = (String::new(), ProjectType::Other);
        NewProject { name: name.into(), description, kind, created: Timestamp(0) }
    }

    #[test]
    fn names_of_any_language_are_good() {
        for name in ["digits", "Häuser und Bäume", "手書き", "a/b", "..hidden", &"x".repeat(256)] {
            assert_eq!(project(name).faults(), [], "{name}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_not() {
        for name in ["", "  ", "a\nb", "../up", "a/../b", &"x".repeat(257)] {
            assert_eq!(project(name).faults().len(), 1, "{name}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let update = RunUpdate { name: Some(String::new()), add_tags: vec!["a\u{7}".into()], ..Default::default() };
        let fields: Vec<_> = update.faults().into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["name", "add_tags[0]"]);
    }
}
