//! Who calls: credentials, tokens and users by the words of the dialect.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use http::HeaderMap;
use mendel_model::{ServerRole, User, UserId, UserKind};
use mendel_store::UserChange;
use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::{Call, either},
    refusal::Refusal,
    time::iso,
    value::{int, needed, text, told, updated},
};
use crate::{
    App,
    access::{self, AccessError, COMPANY_NAME, Via},
};

pub(super) use crate::access::COMPANY;

/// How long a token lives where nobody says.
const LIFE: i64 = 30 * 24 * 3600;
/// How long a token lives, at most.
const LONGEST: i64 = 365 * 24 * 3600;

/// Whoever calls.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub(super) id: String,
    /// The name by which runs know the user.
    pub(super) name: String,
    pub(super) role: String,
    known: Option<Arc<access::Principal>>,
}

impl Principal {
    fn of(known: Arc<access::Principal>) -> Self {
        let (id, name) = (known.user.id.to_string(), known.user.name.clone());
        Self { id, name, role: known.company_role().to_owned(), known: Some(known) }
    }

    /// Whether the caller cares for the server.
    pub(super) fn is_admin(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.user.role == ServerRole::Admin)
    }

    /// What tells one login of a user from another; empty for a key pair.
    pub(super) fn session(&self) -> &str {
        let session = self.known.as_ref().and_then(|known| known.session.as_ref());
        session.map_or("", |(session, _)| session)
    }

    /// The user, where there is one.
    pub(super) fn user(&self) -> Option<&User> {
        self.known.as_ref().map(|known| &known.user)
    }

    fn known(&self) -> Result<&access::Principal, Refusal> {
        self.known.as_deref().ok_or_else(|| Refusal::new(401, 20, "Unauthorized (missing credentials)"))
    }
}

/// Who sent these headers.
pub(super) async fn principal(app: &App, headers: &HeaderMap, from: Option<IpAddr>) -> Result<Principal, Refusal> {
    Ok(Principal::of(app.access.authenticate(headers, from).await?))
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        let (subcode, what) = match error {
            AccessError::NoCredentials => (20, "missing credentials"),
            AccessError::BadScheme => (10, "unsupported auth scheme"),
            AccessError::Malformed => (21, "malformed credentials"),
            AccessError::Wrong => (22, "invalid credentials"),
            AccessError::BadToken | AccessError::Expired => (30, "invalid token"),
            AccessError::Revoked => (31, "blocked token"),
            AccessError::TooMany { .. } => return Self::new(429, 0, "Too many wrong credentials; try again later"),
            AccessError::Store(error) => return error.into(),
        };
        Self::new(401, subcode, format!("Unauthorized ({what})"))
    }
}

/// Whoever calls what is open to all.
pub(super) fn nobody() -> Principal {
    Principal { id: String::new(), name: String::new(), role: "guest".into(), known: None }
}

/// The user a caller acts as; only administrators may.
pub(super) async fn impersonate(app: &App, who: Principal, headers: &HeaderMap) -> Result<Principal, Refusal> {
    let (one, other) = (either(headers, "impersonate-as"), either(headers, "act-as"));
    if one.is_some() && other.is_some() {
        return Err(Refusal::bad(5, "Invalid headers (both `Impersonate-As` and `Act-As`)"));
    }
    let Some(id) = one.or(other) else { return Ok(who) };
    if !who.is_admin() {
        return Err(Refusal::bad(6, "Impersonation is for administrators"));
    }
    let user = user(app, id).await?;
    let known = access::Principal { user, ..(*who.known()?).clone() };
    Ok(Principal::of(Arc::new(known)))
}

async fn user(app: &App, id: &str) -> Result<User, Refusal> {
    let unknown = || Refusal::bad(301, format!("Invalid user id: id={id}")).with("id", id);
    let parsed: UserId = id.parse().map_err(|_| unknown())?;
    app.store.user(parsed).await?.ok_or_else(unknown)
}

/// Ids and names of those who have an account.
pub(super) async fn users(call: &Call) -> Result<Vec<(String, String)>, Refusal> {
    let users = call.app.store.users().await?;
    Ok(users.into_iter().map(|user| (user.id.to_string(), user.name)).collect())
}

fn shape(user: &User) -> Object {
    let shown = if user.full_name.is_empty() { &user.name } else { &user.full_name };
    let (given, family) = shown.rsplit_once(' ').unwrap_or((shown, ""));
    let role = match user.role {
        ServerRole::User => "user",
        ServerRole::Operator => "superuser",
        ServerRole::Admin => "admin",
    };
    told(json!({
        "id": user.id, "name": user.name, "given_name": given, "family_name": family, "avatar": "",
        "company": COMPANY, "role": role, "created": iso(user.created),
    }))
}

/// Those who have an account, as they are told.
pub(super) async fn told_users(call: &Call) -> Result<Vec<Object>, Refusal> {
    Ok(call.app.store.users().await?.iter().map(shape).collect())
}

fn refuse_others(call: &Call) -> Result<(), Refusal> {
    if call.who.is_admin() { Ok(()) } else { Err(Refusal::role()) }
}

/// How long a token of a request lives.
fn life(call: &Call) -> Duration {
    let seconds = int(&call.data, "expiration_sec").filter(|seconds| *seconds > 0).unwrap_or(LIFE);
    Duration::from_secs(seconds.min(LONGEST).unsigned_abs())
}

/// `auth.login`
pub(super) async fn login(call: &Call) -> Answer {
    let token = call.app.access.issue_token(call.who.known()?, life(call)).await?;
    Ok(told(json!({"token": token})))
}

/// `auth.logout`
pub(super) async fn logout(call: &Call) -> Answer {
    call.app.access.revoke_session(call.who.known()?).await?;
    Ok(Object::new())
}

/// `auth.validate_token`
pub(super) async fn validate_token(call: &Call) -> Answer {
    let now = (call.app.now)().0 / 1000;
    let claims = call.app.access.read_token(needed(&call.data, "token")?).await?;
    Ok(told(match claims.filter(|claims| claims.exp > now) {
        Some(claims) => json!({"valid": true, "user": claims.identity.user, "company": COMPANY}),
        None => json!({"valid": false}),
    }))
}

/// `auth.get_token_for_user`
pub(super) async fn token_for_user(call: &Call) -> Answer {
    let id = needed(&call.data, "user")?;
    if id != call.who.id {
        refuse_others(call)?;
    }
    let user = user(&call.app, id).await?;
    let known = access::Principal::of(user, None, None, Via::Token);
    let token = call.app.access.issue_token(&known, life(call)).await?;
    Ok(told(json!({"token": token})))
}

/// `auth.create_credentials`
pub(super) async fn create_credentials(call: &Call) -> Answer {
    let label = text(&call.data, "label").unwrap_or_default();
    let pair = call.app.access.create_key(&call.who.known()?.user, label, Some(access::KEY_LIFE)).await?;
    let told_pair = json!({"access_key": pair.access_key, "secret_key": pair.secret_key, "label": label});
    Ok(told(json!({"credentials": told_pair})))
}

/// The keys of whoever calls that are not taken back.
async fn own_keys(call: &Call) -> Result<Vec<mendel_model::AccessKey>, Refusal> {
    let mut keys = call.app.access.list_keys(Some(call.who.known()?.user.id)).await?;
    keys.retain(|key| !key.revoked);
    Ok(keys)
}

/// `auth.get_credentials`
pub(super) async fn get_credentials(call: &Call) -> Answer {
    let shape = |key: &mendel_model::AccessKey| {
        let mut item = told(json!({"access_key": key.id, "label": key.label}));
        if let Some(time) = key.last_used {
            item.insert("last_used".to_owned(), iso(time).into());
            item.insert("last_used_from".to_owned(), key.last_used_from.as_str().into());
        }
        Value::Object(item)
    };
    Ok(told(json!({"credentials": own_keys(call).await?.iter().map(shape).collect::<Vec<_>>()})))
}

async fn own_key(call: &Call, id: &str) -> Result<(), Refusal> {
    let known = own_keys(call).await?.iter().any(|key| key.id == id);
    let unknown = || Refusal::bad(75, format!("Access key not found: access_key={id}")).with("access_key", id);
    known.then_some(()).ok_or_else(unknown)
}

/// `auth.edit_credentials`
pub(super) async fn edit_credentials(call: &Call) -> Answer {
    let id = needed(&call.data, "access_key")?;
    own_key(call, id).await?;
    let changed = call.app.store.label_key(id, text(&call.data, "label").unwrap_or_default()).await?;
    Ok(told(json!({"updated": u8::from(changed)})))
}

/// `auth.revoke_credentials`
pub(super) async fn revoke_credentials(call: &Call) -> Answer {
    let id = needed(&call.data, "access_key")?;
    own_key(call, id).await?;
    Ok(told(json!({"revoked": u8::from(call.app.access.revoke_key(id).await?)})))
}

fn role_of(word: &str) -> ServerRole {
    match word {
        "admin" | "system" | "root" => ServerRole::Admin,
        "superuser" => ServerRole::Operator,
        _ => ServerRole::User,
    }
}

/// `auth.create_user` and `users.create`
pub(super) async fn create_user(call: &Call) -> Answer {
    refuse_others(call)?;
    let id = match text(&call.data, "id") {
        Some(id) => id.parse().map_err(|_| Refusal::bad(301, format!("Invalid user id: id={id}")).with("id", id))?,
        None => UserId::from_uuid(uuid::Uuid::now_v7()),
    };
    if call.app.store.user(id).await?.is_some() {
        return Err(Refusal::bad(302, "User id exists").with("id", id.to_string()));
    }
    let name = needed(&call.data, "name")?.trim().to_owned();
    if let Some(email) = text(&call.data, "email").filter(|email| !email.contains('@')) {
        return Err(Refusal::bad(22, "Invalid email").with("email", email));
    }
    let names = ["given_name", "family_name"].map(|key| text(&call.data, key).unwrap_or_default());
    let user = User {
        id,
        name,
        full_name: names.join(" ").trim().to_owned(),
        kind: UserKind::Person,
        role: role_of(text(&call.data, "role").unwrap_or("user")),
        created: (call.app.now)(),
        disabled: false,
    };
    call.app.store.create_user(&user).await?;
    Ok(told(json!({"id": id})))
}

async fn change(call: &Call, id: &str, change: UserChange, fields: Object) -> Answer {
    let user = user(&call.app, id).await?;
    call.app.store.change_user(user.id, &change).await?;
    call.app.access.forget();
    Ok(updated(1, fields))
}

/// `auth.edit_user`
pub(super) async fn edit_user(call: &Call) -> Answer {
    refuse_others(call)?;
    let role = text(&call.data, "role");
    let fields = role.map_or_else(Object::new, |role| told(json!({"role": role})));
    let wanted = UserChange { role: role.map(role_of), ..UserChange::default() };
    change(call, needed(&call.data, "user")?, wanted, fields).await
}

/// `users.update`
pub(super) async fn update_user(call: &Call) -> Answer {
    let id = needed(&call.data, "user")?;
    if id != call.who.id {
        refuse_others(call)?;
    }
    let names = ["given_name", "family_name"].map(|key| text(&call.data, key).unwrap_or_default());
    let shown = names.join(" ").trim().to_owned();
    let shown = if shown.is_empty() { text(&call.data, "name").unwrap_or_default().to_owned() } else { shown };
    let full_name = (!shown.is_empty()).then_some(shown);
    let fields = call.data.iter().filter(|(key, _)| *key != "user").map(|(key, value)| (key.clone(), value.clone()));
    let fields: HashMap<String, Value> = fields.collect();
    let count = usize::from(full_name.is_some());
    let mut answer = change(call, id, UserChange { full_name, ..UserChange::default() }, told(json!(fields))).await?;
    answer.insert("updated".to_owned(), count.into());
    Ok(answer)
}

/// `users.delete`: the past names the user, who may do nothing any more.
pub(super) async fn delete_user(call: &Call) -> Answer {
    refuse_others(call)?;
    let gone = UserChange { disabled: Some(true), ..UserChange::default() };
    change(call, needed(&call.data, "user")?, gone, Object::new()).await?;
    Ok(Object::new())
}

/// The company as it is told.
pub(super) fn company() -> Value {
    json!({"id": COMPANY, "name": COMPANY_NAME})
}
