//! The order of a list: keys with a direction, numbers among texts by their value.

use std::cmp::Ordering;

use serde_json::Value;

use super::values;
use crate::trains::{Object, refusal::Refusal};

/// Keys to sort by; the id decides among equals.
#[derive(Debug, Default)]
pub(crate) struct Order(Vec<(String, bool)>);

impl Order {
    /// Reads `order_by`: one key or several, `-` descends.
    pub(crate) fn read(request: &Object) -> Result<Self, Refusal> {
        let given = match request.get("order_by") {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(given) => given,
        };
        let one = std::slice::from_ref(given);
        let items = given.as_array().map_or(one, Vec::as_slice);
        let mut keys = Vec::new();
        for item in items {
            let text = item.as_str().ok_or_else(|| Refusal::bad(20, "Bad field type (`order_by` holds texts)"))?;
            let key = text.strip_prefix('-').map_or((text, false), |key| (key, true));
            if key.0 != "@text_score" && !key.0.is_empty() {
                keys.push((key.0.to_owned(), key.1));
            }
        }
        Ok(Self(keys))
    }

    /// The fields that are looked at.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(field, _)| field.as_str())
    }

    /// Sorts documents.
    pub(crate) fn sort(&self, documents: &mut Vec<Object>) {
        if self.0.is_empty() {
            return;
        }
        let mut keyed: Vec<(Vec<Key>, Object)> = std::mem::take(documents)
            .into_iter()
            .map(|document| (self.0.iter().map(|(field, _)| Key::of(&document, field)).collect(), document))
            .collect();
        keyed.sort_by(|(one, a), (other, b)| {
            let keys = one.iter().zip(other).zip(&self.0);
            let mut orders = keys.map(|((one, other), (_, descending))| one.compare(other, *descending));
            orders.find(|order| order.is_ne()).unwrap_or_else(|| id(a).cmp(id(b)))
        });
        documents.extend(keyed.into_iter().map(|(_, document)| document));
    }
}

fn id(document: &Object) -> &str {
    document.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// What a document is sorted by.
#[derive(Debug, PartialEq)]
enum Key {
    Missing,
    Number(f64),
    Text(String),
}

impl Key {
    fn of(document: &Object, field: &str) -> Self {
        match values(document, field).first() {
            None => Self::Missing,
            Some(Value::String(text)) if text.is_empty() => Self::Missing,
            Some(Value::String(text)) => match text.trim().parse::<f64>() {
                Ok(number) if is_column(field) && number.is_finite() => Self::Number(number),
                _ => Self::Text(text.clone()),
            },
            Some(Value::Number(number)) => number.as_f64().map_or(Self::Missing, Self::Number),
            Some(Value::Bool(flag)) => Self::Number(f64::from(u8::from(*flag))),
            Some(other) => Self::Text(other.to_string()),
        }
    }

    /// What is missing comes last upwards, and last downwards too.
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Missing, Self::Missing) => return Ordering::Equal,
            (Self::Missing, _) => return Ordering::Greater,
            (_, Self::Missing) => return Ordering::Less,
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
        };
        if descending { order.reverse() } else { order }
    }
}

/// Parameters and metrics, whose texts are sorted as numbers where they look like some.
fn is_column(field: &str) -> bool {
    field.starts_with("hyperparams.")
        || field.starts_with("last_metrics.")
        || field.starts_with("execution.parameters.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(order: Value, documents: Value) -> Vec<String> {
        let request = json!({"order_by": order});
        let order = Order::read(request.as_object().expect("an object")).expect("good");
        let mut documents: Vec<Object> = documents
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one.as_object().expect("an object").clone())
            .collect();
        order.sort(&mut documents);
        documents.iter().map(|one| id(one).to_owned()).collect()
    }

    #[test]
    fn tr_15_what_is_missing_comes_last_and_the_id_decides() {
        let documents = json!([{"id": "c", "n": 2}, {"id": "b"}, {"id": "a", "n": 2}, {"id": "d", "n": 1}]);
        assert_eq!(sorted(json!("n"), documents.clone()), ["d", "a", "c", "b"]);
        assert_eq!(sorted(json!(["-n"]), documents), ["a", "c", "d", "b"]);
    }

    #[test]
    fn tr_15_parameters_that_look_like_numbers_are_sorted_so() {
        let one = |id: &str, value: &str| json!({"id": id, "hyperparams": {"Args": {"lr": {"value": value}}}});
        let documents = json!([one("a", "10"), one("b", "9"), one("c", "x")]);
        assert_eq!(sorted(json!("hyperparams.Args.lr.value"), documents), ["b", "a", "c"]);
    }
}
