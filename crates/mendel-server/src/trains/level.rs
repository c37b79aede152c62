//! Levels of the Trains API: `2.9`, `2.13`. A call without one means the newest.

use serde_json::Value;

/// A level; `2.9` comes before `2.13`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Level(pub(crate) u32, pub(crate) u32);

impl Level {
    /// The newest level there is.
    pub(crate) const NEWEST: Self = Self(2, 31);

    /// Reads `2.13`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }

    /// How an envelope tells it: text, and below 2.1 a number.
    pub(crate) fn told(self) -> Value {
        let text = self.to_string();
        match self < Self(2, 1) {
            true => text.parse::<f64>().map_or(Value::Null, Value::from),
            false => text.into(),
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_pairs_of_numbers() {
        let level = |text| Level::read(text).expect("a level");
        assert!(level("2.9") < level("2.13") && level("999.0") > Level::NEWEST);
        assert_eq!((level("1.5").told(), level("2.13").told()), (Value::from(1.5), Value::from("2.13")));
        assert_eq!(Level::read("2"), None);
    }
}
