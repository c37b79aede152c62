//! Ids: made by whoever creates the thing, unique without asking anyone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id of 32 hexadecimal digits")]
pub struct BadId(pub String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A UUIDv7 from the time of its making and chance, both handed in.
            pub fn new(unix_millis: u64, chance: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(unix_millis, &chance).into_uuid())
            }

            /// The id as a UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The id that `uuid` spells.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            /// 32 hexadecimal digits.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::try_parse(text).map(Self).map_err(|_| BadId(text.to_owned()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id! {
    /// Names one run, everywhere and for ever.
    RunId
}
id! {
    /// Names the runs that one action made together.
    BatchId
}
id! {
    /// Names one process that writes records of a run.
    WriterId
}
id! {
    /// Names somebody who has keys.
    UserId
}

/// How a person names a run: whole id, the beginning or the end of one, or `@7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunRef {
    /// A whole id.
    Id(RunId),
    /// The first or the last digits of an id, at least four.
    Part(String),
    /// The number within the workspace.
    Number(i64),
}

impl FromStr for RunRef {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId(text.to_owned());
        if let Some(number) = text.strip_prefix('@') {
            return number.parse().map(Self::Number).map_err(|_| bad());
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (4..32).contains(&text.len()) && hexadecimal {
            true => Ok(Self::Part(text.to_ascii_lowercase())),
            false => Err(bad()),
        }
    }
}

impl fmt::Display for RunRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Part(part) => f.write_str(part),
            Self::Number(number) => write!(f, "@{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_digits_and_sorts_by_time() {
        let early = RunId::new(1_000, [9; 10]);
        let late = RunId::new(2_000, [0; 10]);
        assert_eq!(early.to_string().len(), 32);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
    }

    #[test]
    fn a_run_is_named_by_number_part_or_id() {
        assert_eq!("@7".parse(), Ok(RunRef::Number(7)));
        assert_eq!("01aB".parse(), Ok(RunRef::Part("01ab".into())));
        assert!("xyz".parse::<RunRef>().is_err());
        assert!("01a".parse::<RunRef>().is_err());
    }
}
