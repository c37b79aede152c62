//! Floats on the wire: JSON knows no NaN and no infinities, so these travel as the texts
//! `NaN`, `Infinity` and `-Infinity`. Finite values survive bit for bit.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One float as it travels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire(pub(crate) f64);

impl Serialize for Wire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl de::Visitor<'_> for Reader {
    type Value = Wire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, `NaN`, `Infinity` or `-Infinity`")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Wire, E> {
        Ok(Wire(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Wire, E> {
        Ok(Wire(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Wire, E> {
        Ok(Wire(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Wire, E> {
        match text {
            "NaN" => Ok(Wire(f64::NAN)),
            "Infinity" => Ok(Wire(f64::INFINITY)),
            "-Infinity" => Ok(Wire(f64::NEG_INFINITY)),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

/// `#[serde(with)]` of one float.
pub(crate) mod one {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Wire(*value).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Wire::deserialize(deserializer).map(|wire| wire.0)
    }
}

/// `#[serde(with)]` of many floats.
pub(crate) mod many {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| Wire(*value)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Vec::<Wire>::deserialize(deserializer).map(|wires| wires.into_iter().map(|wire| wire.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_float_survives(bits: u64) {
            let value = f64::from_bits(bits);
            let text = serde_json::to_string(&Wire(value)).expect("written");
            let back: Wire = serde_json::from_str(&text).expect("read");
            prop_assert!(back.0.to_bits() == bits || (back.0.is_nan() && value.is_nan()), "{text}");
        }
    }

    #[test]
    fn what_is_not_finite_is_a_text() {
        assert_eq!(serde_json::to_string(&Wire(f64::NEG_INFINITY)).expect("written"), "\"-Infinity\"");
        assert!(serde_json::from_str::<Wire>("\"nothing\"").is_err());
    }
}
