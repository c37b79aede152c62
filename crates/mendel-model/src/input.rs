//! Input ids: what names one item that a pipeline runs over.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The id of one input: a whole number or a text. `1` and `"1"` are two inputs.
///
/// Numbers are ordered by value and stand before all texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum InputId {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

impl InputId {
    /// It as plain data; its canonical form is the digest of the field `input_id`.
    pub fn value(&self) -> Value {
        match self {
            Self::Int(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }

    /// It as JSON, the form it has as a key: `7`, or `"img-1"` with its quotes.
    pub fn json(&self) -> String {
        self.value().to_string()
    }
}

/// As a person reads it: without quotes.
impl fmt::Display for InputId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<i64> for InputId {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for InputId {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_id() -> impl Strategy<Value = InputId> {
        prop_oneof![any::<i64>().prop_map(InputId::Int), ".{0,6}".prop_map(InputId::Text)]
    }

    #[test]
    fn rp_35_numbers_stand_before_texts_each_in_their_own_order() {
        let mut ids: Vec<InputId> = vec!["b".into(), 10.into(), "1".into(), 9.into(), "a".into(), (-1).into()];
        ids.sort();
        assert_eq!(serde_json::to_value(&ids).unwrap(), json!([-1, 9, 10, "1", "a", "b"]));
    }

    #[test]
    fn rp_35_a_number_and_its_text_are_two_inputs_as_values_and_as_keys() {
        let (number, text) = (InputId::from(1), InputId::from("1"));
        assert_ne!(number, text);
        assert_ne!(number.json(), text.json());
        assert!(serde_json::from_value::<InputId>(json!(1.5)).is_err());
    }

    proptest! {
        #[test]
        fn an_input_id_survives_its_json(id in any_id()) {
            prop_assert_eq!(serde_json::from_str::<InputId>(&id.json()).unwrap(), id);
        }

        #[test]
        fn input_ids_have_one_order(mut ids in prop::collection::vec(any_id(), 0..12)) {
            ids.sort();
            let texts = ids.iter().position(|id| matches!(id, InputId::Text(_))).unwrap_or(ids.len());
            prop_assert!(ids[texts..].iter().all(|id| matches!(id, InputId::Text(_))));
        }
    }
}
