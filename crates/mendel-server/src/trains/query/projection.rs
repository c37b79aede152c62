//! Which fields of a document are told, and which ids become the objects they name.

use serde_json::Value;

use super::values;
use crate::trains::{Object, refusal::Refusal};

/// What `only_fields` asks for.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Projection {
    /// Reads `only_fields` or its other name.
    pub(crate) fn read(request: &Object) -> Result<Self, Refusal> {
        let given =
            ["only_fields", "projection"].iter().filter_map(|key| request.get(*key)).find(|value| !value.is_null());
        let Some(given) = given else { return Ok(Self::default()) };
        let one = std::slice::from_ref(given);
        let mut projection = Self::default();
        for item in given.as_array().map_or(one, Vec::as_slice) {
            let text = item.as_str().ok_or_else(|| Refusal::bad(20, "Bad field type (`only_fields` holds texts)"))?;
            match text.strip_prefix('-') {
                Some(field) => projection.exclude.push(field.to_owned()),
                None => projection.include.push(text.to_owned()),
            }
        }
        Ok(projection)
    }

    /// Whether nothing narrows.
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a top-level field is told in part or whole.
    pub(crate) fn wants(&self, field: &str) -> bool {
        let top = |path: &String| path.split('.').next() == Some(field);
        match self.include.is_empty() {
            true => !self.exclude.iter().any(|path| path == field),
            false => self.include.iter().any(top),
        }
    }

    /// Paths below `reference`, such as `name` for `project.name`; none where the id is told.
    pub(crate) fn below(&self, reference: &str) -> Vec<&str> {
        let after = |path: &'_ String| -> Option<usize> {
            path.strip_prefix(reference)?.strip_prefix('.').map(|_| reference.len() + 1)
        };
        self.include.iter().filter_map(|path| after(path).map(|at| &path[at..])).collect()
    }

    /// The fields of `document` that are asked for; always the id.
    pub(crate) fn apply(&self, document: Object) -> Object {
        let mut told = match self.include.is_empty() {
            true => document,
            false => {
                let mut told = Object::new();
                if let Some(id) = document.get("id") {
                    told.insert("id".to_owned(), id.clone());
                }
                for path in &self.include {
                    copy(&document, path, &mut told);
                }
                told
            }
        };
        for path in &self.exclude {
            if path != "id" {
                remove(&mut told, path);
            }
        }
        told
    }
}

/// Copies what lies at a path; lists on the way keep their items apart.
fn copy(from: &Object, path: &str, to: &mut Object) {
    let (first, rest) = super::split(from, path);
    let rest = if rest == "*" { "" } else { rest };
    let Some(value) = from.get(first) else { return };
    if rest.is_empty() {
        to.insert(first.to_owned(), value.clone());
        return;
    }
    match value {
        Value::Object(inner) => {
            let place = to.entry(first).or_insert_with(|| Object::new().into());
            if let Value::Object(place) = place {
                copy(inner, rest, place);
            }
        }
        Value::Array(items) => {
            let place = to.entry(first).or_insert_with(|| vec![Value::Object(Object::new()); items.len()].into());
            let places = place.as_array_mut().into_iter().flatten();
            for (item, place) in items.iter().zip(places) {
                if let (Value::Object(item), Value::Object(place)) = (item, place) {
                    copy(item, rest, place);
                }
            }
        }
        // A reference that is told as an object was made so before.
        value => {
            to.insert(first.to_owned(), value.clone());
        }
    }
}

fn remove(from: &mut Object, path: &str) {
    let (first, rest) = super::split(from, path);
    if rest.is_empty() {
        from.remove(first);
        return;
    }
    match from.get_mut(first) {
        Some(Value::Object(inner)) => remove(inner, rest),
        Some(Value::Array(items)) => {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| remove(item, rest));
        }
        _ => {}
    }
}

/// Puts `object(id)` in the place of the ids that lie at a path.
pub(crate) fn expand(document: &mut Object, path: &str, object: &dyn Fn(&str) -> Value) {
    if values(document, path).is_empty() {
        return;
    }
    let (first, rest) = super::split(document, path);
    let Some(value) = document.get_mut(first) else { return };
    expand_value(value, rest, object);
}

fn expand_value(value: &mut Value, rest: &str, object: &dyn Fn(&str) -> Value) {
    match value {
        Value::String(id) if rest.is_empty() => *value = object(id),
        Value::Array(items) => items.iter_mut().for_each(|item| expand_value(item, rest, object)),
        Value::Object(inner) if !rest.is_empty() => expand(inner, rest, object),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(fields: Value, document: Value) -> Value {
        let request = json!({"only_fields": fields});
        let projection = Projection::read(request.as_object().expect("an object")).expect("good");
        Value::Object(projection.apply(document.as_object().expect("an object").clone()))
    }

    #[test]
    fn tr_16_only_asked_fields_come_back() {
        let document = json!({"id": "1", "name": "n", "script": {"diff": "d", "branch": "b"}, "models": {"input": [{"name": "i", "model": "m"}]}});
        assert_eq!(told(json!(["name"]), document.clone()), json!({"id": "1", "name": "n"}));
        assert_eq!(told(json!(["script.branch"]), document.clone()), json!({"id": "1", "script": {"branch": "b"}}));
        assert_eq!(
            told(json!(["models.input.name"]), document.clone()),
            json!({"id": "1", "models": {"input": [{"name": "i"}]}})
        );
        let rest = told(json!(["-script.diff", "-models"]), document);
        assert_eq!(rest, json!({"id": "1", "name": "n", "script": {"branch": "b"}}));
    }

    #[test]
    fn tr_16_references_become_objects() {
        let mut document =
            json!({"project": "p", "models": {"output": [{"model": "m"}]}}).as_object().expect("an object").clone();
        let object = |id: &str| json!({"id": id});
        expand(&mut document, "project", &object);
        expand(&mut document, "models.output.model", &object);
        expand(&mut document, "parent", &object);
        assert_eq!(
            Value::Object(document),
            json!({"project": {"id": "p"}, "models": {"output": [{"model": {"id": "m"}}]}})
        );
    }
}
