//! Users and keys on the wire.

use http::Method;
use mendel_model::{AccessKey, Member, ProjectRole, ServerRole, Timestamp, User, UserKind};
use serde::{Deserialize, Serialize};

use crate::{Address, Client, ClientError, client::Call};

/// A user to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// What they sign in with.
    pub name: String,
    /// How they are shown.
    #[serde(default)]
    pub full_name: String,
    /// Who stands behind it.
    #[serde(default = "person")]
    pub kind: UserKind,
    /// What they may do on the server.
    #[serde(default = "user")]
    pub role: ServerRole,
}

fn person() -> UserKind {
    UserKind::Person
}

fn user() -> ServerRole {
    ServerRole::User
}

/// What changes of a user; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserUpdate {
    /// How they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// What they may do on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ServerRole>,
    /// Whether nothing of theirs is accepted any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A key to make.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Name of its owner; whoever asks, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the owner calls it.
    #[serde(default)]
    pub label: String,
    /// Days until it ends; a year when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// A key as it is told once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKey {
    /// Name of its owner.
    pub user: String,
    /// The public half.
    pub access_key: String,
    /// The other half.
    pub secret_key: String,
    /// What the owner calls it.
    pub label: String,
}

impl std::fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKey {
    /// The public half.
    pub access_key: String,
    /// Name of its owner.
    pub user: String,
    /// What the owner calls it.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// The address it was last used from.
    pub last_used_from: String,
    /// Whether it was taken back.
    pub revoked: bool,
}

impl ListedKey {
    /// `key` as it is listed, of the user called `user`.
    pub fn of(key: AccessKey, user: String) -> Self {
        let AccessKey { id, owner: _, label, created, expires, last_used, last_used_from, revoked } = key;
        Self { access_key: id, user, label, created, expires, last_used, last_used_from, revoked }
    }
}

/// What opens a new server: the secret of its set-up link, and who its first admin is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The secret of the link.
    pub secret: String,
    /// Name of the first admin.
    pub name: String,
}

/// A key pair that a person types into a page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The public half.
    pub access_key: String,
    /// The other half.
    pub secret_key: String,
}

/// The session of a browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub user: User,
    /// Shown in `X-Mendel-Token` with whatever changes something.
    pub token: String,
}

/// A role to give in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetMember {
    /// Name of the user; everyone who is signed in when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// The role; absent takes it away.
    #[serde(default)]
    pub role: Option<ProjectRole>,
}

/// A page of the audit trail, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Its lines.
    pub entries: Vec<AuditLine>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditLine {
    /// When it was.
    pub time: Timestamp,
    /// Who did it.
    pub actor: String,
    /// The address it came from.
    pub origin: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// The project it belongs to.
    pub project: String,
    /// What became of it.
    pub outcome: String,
    /// What it was before and is now.
    pub detail: serde_json::Value,
}

impl Client {
    /// Who may do what in a project.
    pub async fn members(&self, project: &str) -> Result<Vec<Member>, ClientError> {
        self.get(Address::of(&[&"projects", &project, &"members"])).await
    }

    /// Gives or takes a role in a project; the members as they are now.
    pub async fn set_member(&self, project: &str, wanted: &SetMember) -> Result<Vec<Member>, ClientError> {
        self.send(Method::PUT, Address::of(&[&"projects", &project, &"members"]), wanted).await
    }

    /// A page of the audit trail.
    pub async fn audit(&self, cursor: Option<&str>) -> Result<AuditPage, ClientError> {
        self.get(Address::of(&[&"audit"]).ask_if("cursor", cursor)).await
    }

    /// Who asks, as the server knows them.
    pub async fn me(&self) -> Result<User, ClientError> {
        self.get(Address::of(&[&"me"])).await
    }

    /// Every user.
    pub async fn users(&self) -> Result<Vec<User>, ClientError> {
        self.get(Address::of(&[&"users"])).await
    }

    /// Makes a user.
    pub async fn create_user(&self, user: &NewUser) -> Result<User, ClientError> {
        self.send(Method::POST, Address::of(&[&"users"]), user).await
    }

    /// Changes the user called `name`.
    pub async fn update_user(&self, name: &str, update: &UserUpdate) -> Result<User, ClientError> {
        self.send(Method::PATCH, Address::of(&[&"users", &name]), update).await
    }

    /// Makes a key; its secret is told here and never again.
    pub async fn create_key(&self, key: &NewKey) -> Result<CreatedKey, ClientError> {
        self.send(Method::POST, Address::of(&[&"keys"]), key).await
    }

    /// The keys of whoever asks, or of all users.
    pub async fn keys(&self, all: bool) -> Result<Vec<ListedKey>, ClientError> {
        self.get(Address::of(&[&"keys"]).ask_if("all", all.then_some(true))).await
    }

    /// Takes a key back.
    pub async fn revoke_key(&self, access_key: &str) -> Result<(), ClientError> {
        self.exchange(Call::new(Method::DELETE, &Address::of(&[&"keys", &access_key]))).await.map(drop)
    }
}
