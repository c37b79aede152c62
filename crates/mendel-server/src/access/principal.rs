//! Whoever asks, once it is known who that is.

use std::collections::HashMap;

use mendel_model::{ProjectRole, ServerRole, Timestamp, User, UserId, UserKind};

/// The one company of an installation, as the Trains dialect names it.
pub const COMPANY: &str = "d1bd92a3b039400cbafc60a7a5b1e52b";
/// How it is shown.
pub const COMPANY_NAME: &str = "Mendel";

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The router runs in their own process, or behind a socket or token only they may read.
    Place,
    /// A key pair.
    Key,
    /// A token that a program sent.
    Token,
    /// A token in the cookie of a browser, which sends it whoever wrote the page.
    Cookie,
}

/// Whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user: User,
    /// The key that was shown, or that the token was made with.
    pub key: Option<String>,
    /// The session of the token, and when it ends in seconds.
    pub session: Option<(String, i64)>,
    /// How they showed it.
    pub via: Via,
    /// The roles in projects.
    pub roles: HashMap<String, ProjectRole>,
}

impl Principal {
    /// The owner of the workspace: whoever may read its files.
    pub fn owner() -> Self {
        let user = User {
            id: UserId::from_uuid(Default::default()),
            name: "owner".into(),
            full_name: String::new(),
            kind: UserKind::Person,
            role: ServerRole::Admin,
            created: Timestamp(0),
            disabled: false,
        };
        Self::of(user, None, None, Via::Place)
    }

    pub(crate) fn of(user: User, key: Option<String>, session: Option<(String, i64)>, via: Via) -> Self {
        Self { user, key, session, via, roles: HashMap::new() }
    }

    /// How the user is shown.
    pub fn shown(&self) -> &str {
        match self.user.full_name.as_str() {
            "" => &self.user.name,
            name => name,
        }
    }

    /// The role by the words of the Trains dialect.
    pub fn company_role(&self) -> &'static str {
        match self.user.role {
            ServerRole::User => "user",
            ServerRole::Operator => "superuser",
            ServerRole::Admin => "admin",
        }
    }
}
