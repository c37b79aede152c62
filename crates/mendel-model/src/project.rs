//! A project: the named scope that owns tasks, runs and datasets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A named scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its unique name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The field of work.
    #[serde(rename = "type")]
    pub kind: ProjectType,
    /// When it was made.
    pub created: Timestamp,
    /// How many runs it holds.
    #[serde(default)]
    pub runs: i64,
}

/// What is needed to make a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewProject {
    /// Its unique name.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// The field of work.
    #[serde(default, rename = "type")]
    pub kind: ProjectType,
    /// When it was asked for.
    pub created: Timestamp,
}

macro_rules! project_types {
    ($($variant:ident, $number:literal, $name:literal, $alias:literal;)*) => {
        /// The field of work of a project. Its number is Coretex's `project_type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub enum ProjectType {
            $(#[doc = $name] #[serde(rename = $name)] $variant,)*
            /// Anything else.
            #[default]
            #[serde(rename = "other")]
            Other,
        }

        impl ProjectType {
            /// Every type with its number and name.
            pub const ALL: &'static [(Self, u8, &'static str)] =
                &[$((Self::$variant, $number, $name),)* (Self::Other, 8, "other")];

            fn alias(text: &str) -> Option<Self> {
                match text {
                    $($alias => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

project_types! {
    ComputerVision, 1, "computer-vision", "vision";
    ImageSegmentation, 2, "image-segmentation", "segmentation";
    TabularData, 3, "tabular-data", "tabular";
    SuperResolution, 4, "super-resolution", "superresolution";
    VideoAnalytics, 5, "video-analytics", "video";
    AudioAnalytics, 6, "audio-analytics", "audio";
    BodyTracking, 7, "body-tracking", "body";
    MotionRecognition, 9, "motion-recognition", "motion";
    Nlp, 10, "nlp", "text";
    Bioinformatics, 11, "bioinformatics", "bio";
}

/// A text that names no project type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a project type")]
pub struct UnknownProjectType(pub String);

impl ProjectType {
    /// The name, as stored and shown.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("other", |(_, _, name)| name)
    }

    /// The type that Coretex numbers so.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().find(|(_, own, _)| i64::from(*own) == number).map(|(kind, ..)| *kind)
    }

    /// The number Coretex gives it.
    pub fn number(self) -> u8 {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or(8, |(_, number, _)| *number)
    }
}

impl FromStr for ProjectType {
    type Err = UnknownProjectType;

    /// Reads a name, its short form, or Coretex's number.
    fn from_str(text: &str) -> Result<Self, UnknownProjectType> {
        let unknown = || UnknownProjectType(text.to_owned());
        if let Ok(number) = text.parse() {
            return Self::from_number(number).ok_or_else(unknown);
        }
        let wanted = text.to_lowercase().replace([' ', '_'], "-");
        let named = Self::ALL.iter().find(|(_, _, name)| *name == wanted).map(|(kind, ..)| *kind);
        named.or_else(|| Self::alias(&wanted)).ok_or_else(unknown)
    }
}

impl fmt::Display for ProjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ct_04_types_are_known_by_name_short_form_and_number() {
        assert_eq!("vision".parse(), Ok(ProjectType::ComputerVision));
        assert_eq!("NLP".parse(), Ok(ProjectType::Nlp));
        assert_eq!("8".parse(), Ok(ProjectType::Other));
        assert!("cooking".parse::<ProjectType>().is_err());
        for (kind, number, name) in ProjectType::ALL {
            assert_eq!(name.parse(), Ok(*kind));
            assert_eq!(kind.number(), *number);
        }
    }
}
