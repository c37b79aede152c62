//! Conditions on list fields: values, exclusions and operators among them.

use serde_json::Value;

use crate::trains::refusal::Refusal;

/// What a field must hold: the parts of two groups and how they join.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ListCondition {
    any: Group,
    all: Group,
    either: bool,
}

/// Values to be found and values not to be found; `None` is an empty field.
#[derive(Debug, Default, PartialEq, Eq)]
struct Group {
    include: Vec<Option<String>>,
    exclude: Vec<Option<String>>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

impl ListCondition {
    /// Reads one value or a list with operators.
    pub(super) fn read(field: &str, given: &Value) -> Result<Self, Refusal> {
        let one = std::slice::from_ref(given);
        let items = given.as_array().map_or(one, Vec::as_slice);
        let refuse = |what: &str| Refusal::bad(16, format!("Bad field value ({what})")).with("field", field);
        let (mut condition, mut context, mut joined) = (Self::default(), None, false);
        let mut items = items.iter();
        while let Some(item) = items.next() {
            let text = match item {
                Value::Null => None,
                Value::String(text) => Some(text.as_str()),
                _ => return Err(refuse("a value that is no text")),
            };
            let Some(operator) = text.and_then(|text| text.strip_prefix("__$")) else {
                condition.add(context, text);
                continue;
            };
            match operator {
                "all" | "and" => context = Some(false),
                "any" | "or" => context = Some(true),
                "nop" => context = None,
                "not" => match items.next() {
                    Some(Value::String(text)) if !text.starts_with("__$") => condition.exclude(context, Some(text)),
                    Some(Value::Null) => condition.exclude(context, None),
                    _ => return Err(refuse("an operator without a value")),
                },
                other => return Err(refuse(&format!("`__${other}` is no operator"))),
            }
            if !joined && matches!(operator, "all" | "and" | "any" | "or") {
                condition.either = context == Some(true);
                joined = true;
            }
        }
        Ok(condition)
    }

    /// Reads the newer form: `{any: {include, exclude}, all: {include, exclude}, op}`.
    pub(super) fn read_filter(field: &str, given: &Value) -> Result<Self, Refusal> {
        let refuse = || Refusal::invalid(format!("the filter of `{field}` is malformed")).with("field", field);
        let object = given.as_object().ok_or_else(refuse)?;
        if object.keys().any(|key| !["any", "all", "op"].contains(&key.as_str())) {
            return Err(refuse());
        }
        let words = |group: &Value, key: &str| -> Result<Vec<Option<String>>, Refusal> {
            match group.get(key) {
                None | Some(Value::Null) => Ok(Vec::new()),
                Some(Value::Array(items)) => items
                    .iter()
                    .map(|item| match item {
                        Value::Null => Ok(None),
                        Value::String(text) => Ok(Some(text.clone())),
                        _ => Err(refuse()),
                    })
                    .collect(),
                Some(_) => Err(refuse()),
            }
        };
        let group = |name: &str| match object.get(name) {
            None | Some(Value::Null) => Ok(Group::default()),
            Some(group @ Value::Object(_)) => {
                Ok(Group { include: words(group, "include")?, exclude: words(group, "exclude")? })
            }
            Some(_) => Err(refuse()),
        };
        let either = match object.get("op").and_then(Value::as_str) {
            None | Some("and") => false,
            Some("or") => true,
            Some(_) => return Err(refuse()),
        };
        Ok(Self { any: group("any")?, all: group("all")?, either })
    }

    fn add(&mut self, context: Option<bool>, text: Option<&str>) {
        let owned = text.map(str::to_owned);
        match context {
            Some(true) => self.any.include.push(owned),
            Some(false) => self.all.include.push(owned),
            None => match text.and_then(|text| text.strip_prefix('-')) {
                Some(excluded) => self.all.exclude.push(Some(excluded.to_owned())),
                None => self.any.include.push(owned),
            },
        }
    }

    fn exclude(&mut self, context: Option<bool>, text: Option<&str>) {
        let group = if context == Some(true) { &mut self.any } else { &mut self.all };
        group.exclude.push(text.map(str::to_owned));
    }

    /// Whether a field with these values fits.
    pub(super) fn fits(&self, held: &[String]) -> bool {
        let has = |wanted: &Option<String>| match wanted {
            None => held.is_empty() || held.iter().all(String::is_empty),
            Some(text) => held.contains(text),
        };
        let any =
            self.any.include.iter().any(has) || (!self.any.exclude.is_empty() && !self.any.exclude.iter().all(has));
        let all = self.all.include.iter().all(has) && !self.all.exclude.iter().any(has);
        match (self.any.is_empty(), self.all.is_empty()) {
            (true, true) => true,
            (true, false) => all,
            (false, true) => any,
            (false, false) if self.either => any || all,
            (false, false) => any && all,
        }
    }

    /// The values of which one must be there, when nothing else can fit.
    pub(super) fn only(&self) -> Option<Vec<&str>> {
        if self.either || self.any.include.is_empty() || !self.any.exclude.is_empty() {
            return None;
        }
        self.any.include.iter().map(Option::as_deref).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(given: Value, held: &[&str]) -> bool {
        let held: Vec<_> = held.iter().map(|text| (*text).to_owned()).collect();
        ListCondition::read("tags", &given).expect("good").fits(&held)
    }

    #[test]
    fn tr_15_values_exclusions_and_operators_combine() {
        assert!(fits(json!("a"), &["a"]) && fits(json!(["a", "b"]), &["b", "c"]) && !fits(json!(["a"]), &["c"]));
        assert!(fits(json!(["a", "-b"]), &["a"]) && !fits(json!(["a", "-b"]), &["a", "b"]));
        assert!(fits(json!(["-b"]), &[]) && !fits(json!(["__$not", "b"]), &["b"]));
        assert!(fits(json!(["__$all", "a", "b"]), &["a", "b", "c"]) && !fits(json!(["__$and", "a", "b"]), &["a"]));
        let joined = json!(["__$all", "a", "b", "__$or", "c"]);
        assert!(fits(joined.clone(), &["a", "b", "c"]) && !fits(joined.clone(), &["a", "b"]) && !fits(joined, &["c"]));
        let either = json!(["__$or", "c", "__$all", "a", "b"]);
        assert!(fits(either.clone(), &["c"]) && fits(either, &["a", "b"]));
        assert!(fits(json!(["a", null]), &[]) && fits(json!(["a", null]), &["a"]) && !fits(json!([null]), &["a"]));
        assert!(fits(json!(["__$all", "-a"]), &["-a"]) && fits(json!(["__$all", "x", "__$nop", "-a"]), &["x"]));
    }

    #[test]
    fn tr_15_what_is_no_operator_is_refused() {
        for given in [json!(["__$xor", "a"]), json!(["__$not"]), json!([1]), json!({"a": 1})] {
            assert_eq!(ListCondition::read("tags", &given).expect_err("bad").subcode, 16, "{given}");
        }
    }

    #[test]
    fn tr_15_the_newer_form_says_the_same() {
        let read = |given| ListCondition::read_filter("tags", &given);
        let fits = |given, held: &[&str]| {
            let held: Vec<_> = held.iter().map(|text| (*text).to_owned()).collect();
            read(given).expect("good").fits(&held)
        };
        let given = json!({"any": {"include": ["a", "b"]}, "all": {"exclude": ["c"]}});
        assert!(fits(given.clone(), &["a"]) && !fits(given.clone(), &["a", "c"]) && !fits(given, &["x"]));
        let given = json!({"any": {"exclude": ["a", "b"]}});
        assert!(fits(given.clone(), &["a"]) && !fits(given, &["a", "b"]));
        assert!(fits(json!({"any": {"include": [null]}}), &[]) && !fits(json!({"all": {"exclude": [null]}}), &[]));
        for bad in [json!([]), json!({"some": {}}), json!({"any": {"include": "a"}}), json!({"op": "xor"})] {
            assert_eq!(read(bad.clone()).expect_err("bad").subcode, 12, "{bad}");
        }
    }
}
