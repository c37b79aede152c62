//! All conditions of a query, joined by *and*.

use mendel_model::Timestamp;
use serde_json::Value;

use super::{Pattern, list::ListCondition, text, values};
use crate::trains::{Object, refusal::Refusal, time};

/// Which fields of a noun take which kind of condition; `.*` stands for any path below.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) pattern: &'static [&'static str],
    pub(crate) list: &'static [&'static str],
    pub(crate) range: &'static [&'static str],
    pub(crate) date: &'static [&'static str],
    pub(crate) exact: &'static [&'static str],
    /// What `search_text` looks at.
    pub(crate) text: &'static [&'static str],
}

/// The conditions of one query.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Vec<Condition>);

#[derive(Debug)]
enum Condition {
    Pattern(String, Pattern),
    List(String, ListCondition),
    Range(String, Option<f64>, Option<f64>),
    Date(String, Vec<(Compare, Timestamp)>),
    Exact(String, Value),
    Text(&'static [&'static str], String),
    /// Some, or all, of several fields.
    Several(bool, Vec<Condition>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Before,
    Until,
    From,
    After,
    At,
}

fn takes(known: &[&str], field: &str) -> bool {
    known.iter().any(|known| match known.strip_suffix(".*") {
        Some(prefix) => field.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')),
        None => *known == field,
    })
}

impl Conditions {
    /// The conditions that a request holds.
    pub(crate) fn read(request: &Object, fields: &Fields) -> Result<Self, Refusal> {
        let mut conditions = Vec::new();
        let filters = match request.get("filters") {
            None | Some(Value::Null) => Object::new(),
            Some(Value::Object(filters)) => filters.clone(),
            Some(_) => return Err(Refusal::invalid("`filters` is not an object")),
        };
        for (field, given) in &filters {
            if takes(fields.list, field) {
                conditions.push(Condition::List(field.clone(), ListCondition::read_filter(field, given)?));
            }
        }
        let mut flat = Vec::new();
        flatten(request, "", fields, &mut flat);
        for (field, given) in flat {
            let given = &given;
            if given.is_null() {
                continue;
            }
            if takes(fields.pattern, &field) {
                conditions.push(pattern_condition(&field, given)?);
            } else if takes(fields.list, &field) {
                if !filters.contains_key(&field) && given.as_array().is_none_or(|items| !items.is_empty()) {
                    conditions.push(Condition::List(field.clone(), ListCondition::read(&field, given)?));
                }
            } else if takes(fields.range, &field) {
                conditions.push(range(&field, given)?);
            } else if takes(fields.date, &field) {
                conditions.extend(date(&field, given));
            } else if takes(fields.exact, &field) {
                conditions.push(Condition::Exact(field.clone(), given.clone()));
            }
        }
        for (keys, every) in [(["_any_", "_or_"], false), (["_all_", "_and_"], true)] {
            for given in keys.iter().filter_map(|key| request.get(*key)).filter(|given| !given.is_null()) {
                conditions.push(several(given, every)?);
            }
        }
        match request.get("search_text").map(text).filter(|text| !text.is_empty() && text != "null") {
            Some(wanted) => conditions.push(Condition::Text(fields.text, wanted)),
            None if orders_by_score(request) => {
                return Err(
                    Refusal::bad(16, "Bad field value (`@text_score` needs `search_text`)").with("field", "order_by")
                );
            }
            None => {}
        }
        Ok(Self(conditions))
    }

    /// Whether a document fits all of them.
    pub(crate) fn fit(&self, document: &Object) -> Result<bool, Refusal> {
        for condition in &self.0 {
            if !condition.fits(document)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The fields that are looked at.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.0.iter().flat_map(Condition::fields).collect()
    }

    /// The values of which `field` must be one, where a condition says so.
    pub(crate) fn only(&self, field: &str) -> Option<Vec<&str>> {
        self.0.iter().find_map(|condition| match condition {
            Condition::List(named, list) if named == field => list.only(),
            _ => None,
        })
    }

    /// Whether there is any condition on `field`.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.fields().contains(&field)
    }

    /// Takes out the conditions on `field`, which the caller decides itself.
    pub(crate) fn without(mut self, field: &str) -> Self {
        self.0.retain(|condition| !matches!(condition, Condition::List(named, _) if named == field));
        self
    }
}

/// Fields as they are given, with those of objects by their dotted path.
fn flatten(request: &Object, prefix: &str, fields: &Fields, flat: &mut Vec<(String, Value)>) {
    for (key, value) in request {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let known = [fields.pattern, fields.list, fields.range, fields.date, fields.exact];
        match value {
            Value::Object(inner) if !known.iter().any(|known| takes(known, &path)) => {
                let leads = known.iter().any(|known| known.iter().any(|name| name.starts_with(&format!("{path}."))));
                if leads {
                    flatten(inner, &path, fields, flat);
                }
            }
            value => flat.push((path, value.clone())),
        }
    }
}

fn orders_by_score(request: &Object) -> bool {
    let order = request.get("order_by");
    let one = |value: &Value| value.as_str().is_some_and(|text| text.trim_start_matches('-') == "@text_score");
    order.is_some_and(|order| one(order) || order.as_array().is_some_and(|items| items.iter().any(one)))
}

fn pattern_condition(field: &str, given: &Value) -> Result<Condition, Refusal> {
    let Value::String(pattern) = given else {
        return Err(Refusal::bad(20, format!("Bad field type (`{field}` is not a text)")).with("field", field));
    };
    Ok(Condition::Pattern(field.to_owned(), Pattern::new(pattern, false)?))
}

fn range(field: &str, given: &Value) -> Result<Condition, Refusal> {
    let refuse = || Refusal::invalid(format!("`{field}` is not a range of two values")).with("field", field);
    let bound = |value: &Value| match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(number.as_f64()),
        Value::String(text) => {
            let time = time::parse(text).map(|time| time.0 as f64);
            time.or_else(|| text.parse().ok()).map(Some).ok_or_else(refuse)
        }
        _ => Err(refuse()),
    };
    match given {
        Value::Array(items) => match &items[..] {
            [Value::Null, Value::Null] => Err(refuse()),
            [least, most] => Ok(Condition::Range(field.to_owned(), bound(least)?, bound(most)?)),
            _ => Err(refuse()),
        },
        // Dates of this kind may also come in the form of a date field.
        Value::String(_) => Ok(date(field, given).unwrap_or(Condition::Several(true, Vec::new()))),
        _ => Err(refuse()),
    }
}

/// A condition on a date; what cannot be read is ignored.
fn date(field: &str, given: &Value) -> Option<Condition> {
    let one = std::slice::from_ref(given);
    let items = given.as_array().map_or(one, Vec::as_slice);
    let mut bounds: Vec<(Compare, Timestamp)> = Vec::new();
    for item in items.iter().filter_map(Value::as_str) {
        let forms = [
            (">=", Compare::From),
            ("<=", Compare::Until),
            (">", Compare::After),
            ("<", Compare::Before),
            ("", Compare::At),
        ];
        let found = forms.iter().find_map(|(sign, compare)| Some((*compare, item.strip_prefix(sign)?)));
        let (compare, rest) = found.unwrap_or((Compare::At, item));
        bounds.extend(time::parse(rest).map(|time| (compare, time)));
    }
    if let [(Compare::At, from), (Compare::At, until)] = bounds[..] {
        bounds = vec![(Compare::From, from.min(until)), (Compare::Until, until.max(from))];
    }
    (!bounds.is_empty()).then(|| Condition::Date(field.to_owned(), bounds))
}

fn several(given: &Value, every: bool) -> Result<Condition, Refusal> {
    let object = given.as_object().ok_or_else(|| Refusal::invalid("a condition on several fields is an object"))?;
    let fields: Vec<&str> =
        object.get("fields").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let pattern = object.get("pattern").filter(|value| !value.is_null());
    let datetime = object.get("datetime").filter(|value| !value.is_null());
    let mut parts = Vec::new();
    for field in fields {
        match (pattern, datetime) {
            (Some(pattern), None) => {
                let pattern = pattern.as_str().ok_or_else(|| Refusal::invalid("`pattern` is not a text"))?;
                parts.push(Condition::Pattern(field.to_owned(), Pattern::new(pattern, true)?));
            }
            (None, Some(datetime)) => parts.extend(date(field, datetime)),
            _ => return Err(Refusal::invalid("exactly one of `pattern` and `datetime` must be given")),
        }
    }
    match pattern.is_some() == datetime.is_some() {
        true => Err(Refusal::invalid("exactly one of `pattern` and `datetime` must be given")),
        false => Ok(Condition::Several(every, parts)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            time::parse(text).map(|time| time.0 as f64).filter(|_| text.contains('-')).or_else(|| text.parse().ok())
        }
        _ => None,
    }
}

impl Condition {
    fn fits(&self, document: &Object) -> Result<bool, Refusal> {
        Ok(match self {
            Self::Pattern(field, pattern) => {
                for value in values(document, field) {
                    if pattern.is_in(&text(value))? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::List(field, list) => {
                let held: Vec<String> = values(document, field).into_iter().map(text).collect();
                list.fits(&held)
            }
            Self::Range(field, least, most) => {
                let held = values(document, field).into_iter().find_map(number);
                match held {
                    None => least.is_none(),
                    Some(held) => least.is_none_or(|least| held >= least) && most.is_none_or(|most| held <= most),
                }
            }
            Self::Date(field, bounds) => {
                let held = values(document, field).into_iter().filter_map(Value::as_str).find_map(time::parse);
                let fits = |held: Timestamp, (compare, bound): &(Compare, Timestamp)| match compare {
                    Compare::Before => held < *bound,
                    Compare::Until => held <= *bound,
                    Compare::From => held >= *bound,
                    Compare::After => held > *bound,
                    Compare::At => held == *bound,
                };
                held.is_some_and(|held| bounds.iter().all(|bound| fits(held, bound)))
            }
            Self::Exact(field, wanted) => values(document, field).into_iter().any(|value| value == wanted),
            Self::Text(fields, wanted) => {
                let wanted = wanted.to_lowercase();
                fields.iter().any(|field| {
                    values(document, field).into_iter().any(|value| text(value).to_lowercase().contains(&wanted))
                })
            }
            Self::Several(every, parts) => {
                let mut fitting = 0;
                for part in parts {
                    fitting += usize::from(part.fits(document)?);
                }
                if *every { fitting == parts.len() } else { fitting > 0 || parts.is_empty() }
            }
        })
    }

    fn fields(&self) -> Vec<&str> {
        match self {
            Self::Pattern(field, _)
            | Self::List(field, _)
            | Self::Range(field, ..)
            | Self::Date(field, _)
            | Self::Exact(field, _) => vec![field],
            Self::Text(fields, _) => fields.to_vec(),
            Self::Several(_, parts) => parts.iter().flat_map(Self::fields).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: Fields = Fields {
        pattern: &["name"],
        list: &["tags", "hyperparams.*"],
        range: &["last_iteration", "last_metrics.*"],
        date: &["last_update"],
        exact: &["runtime.*"],
        text: &["name"],
    };

    fn fits(request: Value) -> Result<bool, Refusal> {
        let document = json!({
            "name": "My run", "tags": ["a"], "last_iteration": 7, "last_update": "2020-02-24T15:05:35.000000+00:00",
            "hyperparams": {"Args": {"lr": {"value": "0.1"}}}, "runtime": {"x": 1},
        });
        let request = request.as_object().expect("an object");
        Conditions::read(request, &FIELDS)?.fit(document.as_object().expect("an object"))
    }

    #[test]
    fn tr_15_conditions_of_every_kind_are_joined() {
        let good = json!({
            "name": "^My", "tags": ["a", "-b"], "last_iteration": [5, null], "last_update": [">=2020-01-01", "<2021-01-01"],
            "hyperparams.Args.lr.value": ["0.1"], "runtime.x": 1, "search_text": "RUN", "unknown": 3,
            "_any_": {"fields": ["name", "comment"], "pattern": "my"},
        });
        assert!(fits(good).expect("good"));
        for bad in [
            json!({"name": "^my"}),
            json!({"last_iteration": [8, 9]}),
            json!({"last_update": "<2020-01-01"}),
            json!({"_all_": {"fields": ["name", "comment"], "pattern": "my"}}),
            json!({"runtime": {"x": 2}}),
            json!({"last_metrics.a.b.value": [1, null]}),
        ] {
            assert!(!fits(bad.clone()).expect("good"), "{bad}");
        }
        assert!(fits(json!({"last_metrics.a.b.value": [null, 1]})).expect("good"));
    }

    #[test]
    fn tr_15_conditions_that_mean_nothing_are_refused() {
        let refused = [
            (json!({"name": "("}), 21),
            (json!({"last_iteration": [null, null]}), 12),
            (json!({"last_iteration": [1]}), 12),
            (json!({"order_by": ["@text_score"]}), 16),
            (json!({"_any_": {"fields": ["name"]}}), 12),
            (json!({"filters": {"tags": 1}}), 12),
        ];
        for (request, subcode) in refused {
            assert_eq!(fits(request.clone()).expect_err("bad").subcode, subcode, "{request}");
        }
        assert!(fits(json!({"last_update": "soon"})).expect("ignored"));
    }
}
