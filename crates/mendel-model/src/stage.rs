//! Names of stages: what an id may be, and which one a class has that gives none.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a stage, unique in its pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct StageName(String);

/// A text that cannot be the id of a stage, or a class that gives none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStageName {
    /// There is nothing to name it by.
    #[error("the id of a stage is empty")]
    Empty,
    /// The sign has a meaning of its own.
    #[error("the stage id `{0}` ends in `+`")]
    Plus(String),
    /// A class whose name begins with an underscore has no id of its own.
    #[error("the class `{0}` begins with `_`, so that no stage id can be made of its name")]
    Underscore(String),
}

impl StageName {
    /// The id that a class gives itself.
    pub fn new(id: impl Into<String>) -> Result<Self, BadStageName> {
        let id = id.into();
        match id.as_str() {
            "" => Err(BadStageName::Empty),
            text if text.ends_with('+') => Err(BadStageName::Plus(id)),
            _ => Ok(Self(id)),
        }
    }

    /// The id of a class that gives none: `TheGreatMapperStage` is `the-great-mapper`.
    pub fn of_class(class: &str) -> Result<Self, BadStageName> {
        if class.starts_with('_') {
            return Err(BadStageName::Underscore(class.to_owned()));
        }
        let mut tokens: Vec<String> = joined(tokens(class)).into_iter().map(|token| token.to_lowercase()).collect();
        if tokens.len() > 1 && tokens.last().is_some_and(|last| last == "stage") {
            tokens.pop();
        }
        Self::new(tokens.join("-"))
    }

    /// It as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parts of a name: a capital or digit begins one, an underscore ends one.
fn tokens(name: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut begins = true;
    for c in name.chars() {
        if c == '_' {
            begins = true;
            continue;
        }
        if begins || is_head(c) {
            tokens.push(String::new());
        }
        if let Some(token) = tokens.last_mut() {
            token.push(c);
        }
        begins = false;
    }
    tokens
}

fn is_head(c: char) -> bool {
    c.is_uppercase() || c.is_numeric()
}

/// Parts that are one capital each are one part together, and so are digits.
fn joined(tokens: Vec<String>) -> Vec<String> {
    let kind = |token: &str| {
        let mut chars = token.chars().rev();
        let last = chars.next().filter(|c| is_head(*c))?;
        token.chars().all(|c| is_head(c) && c.is_numeric() == last.is_numeric()).then(|| last.is_numeric())
    };
    let mut joined: Vec<String> = Vec::new();
    for token in tokens {
        match joined.last_mut() {
            Some(last) if kind(last).is_some() && kind(last) == kind(&token) => last.push_str(&token),
            _ => joined.push(token),
        }
    }
    joined
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StageName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rp_17_the_id_of_a_stage_follows_from_the_name_of_its_class() {
        for (class, id) in [
            ("Download", "download"),
            ("TheGreatMapperStage", "the-great-mapper"),
            ("TheGreat123PCMapper", "the-great-123-pc-mapper"),
            ("SegmentationV2", "segmentation-v-2"),
            ("My_stage", "my"),
            ("Stage", "stage"),
            ("StageStage", "stage"),
            ("DL_Stage", "dl"),
            ("PCM", "pcm"),
            ("plain", "plain"),
        ] {
            assert_eq!(StageName::of_class(class).unwrap().as_str(), id, "{class}");
        }
        assert_eq!(StageName::of_class("_Hidden"), Err(BadStageName::Underscore("_Hidden".into())));
    }

    #[test]
    fn rp_17_an_id_is_not_empty_and_does_not_end_in_a_plus() {
        assert_eq!(StageName::new(""), Err(BadStageName::Empty));
        assert_eq!(StageName::new("a+"), Err(BadStageName::Plus("a+".into())));
        assert_eq!(StageName::new("a+b").unwrap().to_string(), "a+b");
        assert!(serde_json::from_str::<StageName>("\"a+\"").is_err());
    }

    proptest! {
        #[test]
        fn every_class_that_does_not_begin_with_an_underscore_has_an_id(class in "[A-Za-z][A-Za-z0-9_]{0,12}") {
            let id = StageName::of_class(&class).unwrap();
            prop_assert!(!id.as_str().contains(|c: char| c == '_' || c.is_uppercase()));
            prop_assert!(!id.as_str().starts_with('-') && !id.as_str().ends_with('-'));
        }
    }
}
