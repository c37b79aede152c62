//! People, their roles, and what a role may do.
//!
//! Every decision about a right is made by [`decide`], from plain data: who asks, which role
//! they have in the project of the object, and what the address needs. Who somebody is, is
//! found out elsewhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// A text that names no role or kind of user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of {}", known.join(", "))]
pub struct UnknownWord {
    /// What was given.
    pub given: String,
    /// What there is.
    pub known: Vec<&'static str>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$own:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$own])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them, from the least to the greatest.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that is stored and shown.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().find(|own| own.name() == text).copied();
                found.ok_or_else(|| UnknownWord {
                    given: text.chars().take(40).collect(),
                    known: Self::ALL.iter().map(|own| own.name()).collect(),
                })
            }
        }
    };
}

words! {
    /// What a user may do on the server, apart from any project.
    ServerRole {
        /// Nothing but what their projects allow.
        User = "user",
        /// Queues, agents, limits and health; no content of projects.
        Operator = "operator",
        /// Everything.
        Admin = "admin",
    }
}

words! {
    /// What a member may do in a project; each may do what the ones before it may.
    ProjectRole {
        /// Read and download.
        Viewer = "viewer",
        /// Create, submit and report runs, and stop their own.
        Runner = "runner",
        /// Change, tag, publish and stop any run.
        Editor = "editor",
        /// Delete, and decide who is a member.
        Owner = "owner",
    }
}

words! {
    /// Who stands behind a user.
    UserKind {
        /// A person.
        Person = "person",
        /// A program of the team's own.
        Service = "service",
        /// An agent that takes runs from queues.
        Agent = "agent",
    }
}

/// Somebody who may have keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Names the user for ever.
    pub id: UserId,
    /// What they sign in with; unique.
    pub name: String,
    /// How they are shown.
    pub full_name: String,
    /// Who stands behind it.
    pub kind: UserKind,
    /// What they may do on the server.
    pub role: ServerRole,
    /// When the user was made.
    pub created: Timestamp,
    /// Whether nothing of theirs is accepted any more.
    pub disabled: bool,
}

/// A key pair, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// The public half.
    pub id: String,
    /// Whose it is.
    pub owner: UserId,
    /// What the owner calls it.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops being accepted.
    pub expires: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// The address it was last used from.
    pub last_used_from: String,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// A member of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user; none for everyone who is signed in.
    pub user: Option<UserId>,
    /// The name of the user.
    pub name: String,
    /// What they may do.
    pub role: ProjectRole,
}

/// What an address needs of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// Nothing: health, version and signing in.
    Nothing,
    /// Somebody known.
    Identity,
    /// A role in the project of the object.
    InProject(ProjectRole),
    /// The care of queues, agents and limits.
    Operate,
    /// The care of users, settings and copies.
    Administer,
}

/// What became of a question about a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allowed,
    /// Nobody known asks.
    Unauthenticated,
    /// They may know of the object, and not do this to it.
    Forbidden,
    /// For them the object is not there.
    Hidden,
}

/// Whether somebody of the role `asking`, who is `member` of the object's project, may do what
/// needs `need`. An admin may everything; an operator sees no content of projects.
pub fn decide(asking: Option<ServerRole>, member: Option<ProjectRole>, need: Need) -> Decision {
    let Some(asking) = asking else {
        return match need {
            Need::Nothing => Decision::Allowed,
            Need::Identity | Need::InProject(_) | Need::Operate | Need::Administer => Decision::Unauthenticated,
        };
    };
    let allowed = match (need, asking) {
        (Need::Nothing | Need::Identity, _) | (_, ServerRole::Admin) | (Need::Operate, ServerRole::Operator) => true,
        (Need::InProject(role), ServerRole::User | ServerRole::Operator) => match member {
            None => return Decision::Hidden,
            Some(own) => own >= role,
        },
        (Need::Operate, ServerRole::User) | (Need::Administer, ServerRole::User | ServerRole::Operator) => false,
    };
    if allowed { Decision::Allowed } else { Decision::Forbidden }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_in_a_project_holds_those_before_it() {
        let ask = |member, need| decide(Some(ServerRole::User), member, Need::InProject(need));
        for (place, own) in ProjectRole::ALL.iter().enumerate() {
            for (needed, need) in ProjectRole::ALL.iter().enumerate() {
                let expected = if place >= needed { Decision::Allowed } else { Decision::Forbidden };
                assert_eq!(ask(Some(*own), *need), expected, "{own} asks for what needs {need}");
            }
        }
        assert_eq!(ask(None, ProjectRole::Viewer), Decision::Hidden);
    }

    #[test]
    fn an_operator_cares_for_the_server_and_sees_no_project() {
        let ask = |need| decide(Some(ServerRole::Operator), None, need);
        assert_eq!(ask(Need::Operate), Decision::Allowed);
        assert_eq!(ask(Need::Administer), Decision::Forbidden);
        assert_eq!(ask(Need::InProject(ProjectRole::Viewer)), Decision::Hidden);
    }

    #[test]
    fn nobody_may_only_what_needs_nothing() {
        assert_eq!(decide(None, None, Need::Nothing), Decision::Allowed);
        for need in [Need::Identity, Need::InProject(ProjectRole::Viewer), Need::Operate, Need::Administer] {
            assert_eq!(decide(None, Some(ProjectRole::Owner), need), Decision::Unauthenticated);
            assert_eq!(decide(Some(ServerRole::Admin), None, need), Decision::Allowed);
        }
    }

    #[test]
    fn a_role_is_read_by_its_word_only() {
        assert_eq!("owner".parse(), Ok(ProjectRole::Owner));
        let unknown = "root".parse::<ServerRole>().expect_err("no role");
        assert_eq!(unknown.to_string(), "`root` is not one of user, operator, admin");
    }
}
