//! Who asks: keys, tokens and cookies become a [`Principal`].
//!
//! Nothing here decides a right; `mendel_model::decide` does. What was found out about a
//! caller is believed for [`BELIEVED`] and then looked up again, so that a key taken back on
//! one server is refused by all of them soon, and a call costs microseconds.

mod cache;
mod caller;
mod principal;
mod rights;
mod secret;
mod throttle;
mod token;

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use base64::Engine as _;
use http::{HeaderMap, header};
use mendel_model::{AccessKey, Timestamp, User};
use mendel_store::{Store, StoreError, StoredKey};

pub(crate) use caller::{Caller, new_user};
pub use principal::{COMPANY, COMPANY_NAME, Principal, Via};
pub(crate) use rights::{Of, needing};
use secret::Secrets;
pub use secret::{KeyPair, random};
pub use token::{API_LEVEL, Claims, SERVER_LEVEL};

use crate::app::Clock;
use cache::{Cache, Digested};
use throttle::Throttle;

/// How long what was found out about a caller is believed.
const BELIEVED: Duration = Duration::from_secs(2);
/// How long a key is accepted, unless its maker says otherwise.
pub const KEY_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);
/// The cookie that browsers of the Trains dialect hold a token in.
pub const COOKIE: &str = "clearml_token_basic";
/// The cookie that the pages of Mendel hold a token in.
pub(crate) const SESSION_COOKIE: &str = "mendel_session";
/// Seconds that the session of a browser lasts.
pub(crate) const SESSION_LIFE: u64 = 12 * 3600;
/// A key's last use is written down at most this often.
const TOUCH_EVERY_MS: i64 = 60_000;
/// Clocks may differ by so much.
const TOLERANCE_MS: i64 = 60_000;

/// Why a caller is not known.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nothing was shown.
    #[error("no credentials were given")]
    NoCredentials,
    /// Neither `Basic` nor `Bearer`.
    #[error("the credentials are of an unknown kind")]
    BadScheme,
    /// They cannot be read.
    #[error("the credentials cannot be read")]
    Malformed,
    /// There is no such key, it was taken back, or the secret is another. One text for all.
    #[error("the credentials are not valid")]
    Wrong,
    /// The token is not one of this installation.
    #[error("the token is not valid")]
    BadToken,
    /// The token or the key was valid once.
    #[error("the credentials have expired")]
    Expired,
    /// The token was taken back.
    #[error("the credentials are not valid")]
    Revoked,
    /// Too many wrong tries came before.
    #[error("the credentials are not valid")]
    TooMany {
        /// When to try again.
        after: Duration,
    },
    /// Nobody could look.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Knows callers. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    now: Clock,
    secrets: OnceLock<Secrets>,
    cache: Cache,
    throttle: Throttle,
    local: OnceLock<Digested>,
}

impl Access {
    pub(crate) fn new(store: Store, now: Clock) -> Self {
        let (secrets, local) = (OnceLock::new(), OnceLock::new());
        let inner = Inner { store, now, secrets, local, cache: Cache::default(), throttle: Throttle::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Accepts `token` as that of the owner of the workspace; whoever may read the file it
    /// stands in may read the store.
    pub(crate) fn accept_local(&self, token: &str) {
        let _first = self.inner.local.set(Digested::of(&format!("Bearer {token}")));
    }

    /// Who sent these headers. Basic, Bearer, and the cookie where there is no `Authorization`.
    pub async fn authenticate(&self, headers: &HeaderMap, from: Option<IpAddr>) -> Result<Arc<Principal>, AccessError> {
        let shown = match headers.get(header::AUTHORIZATION) {
            Some(value) => value.to_str().map_err(|_| AccessError::Malformed)?.to_owned(),
            None => match cookie(headers, SESSION_COOKIE).or_else(|| cookie(headers, COOKIE)) {
                Some(token) => format!("Cookie {token}"),
                None => return Err(AccessError::NoCredentials),
            },
        };
        self.verify(&shown, from).await
    }

    /// Who shows this: `Basic …`, `Bearer …` or `Cookie …`.
    async fn verify(&self, shown: &str, from: Option<IpAddr>) -> Result<Arc<Principal>, AccessError> {
        let digest = Digested::of(shown);
        if self.inner.local.get() == Some(&digest) {
            return Ok(Arc::new(Principal::owner()));
        }
        if let Some(known) = self.inner.cache.get(&digest) {
            return Ok(known);
        }
        let (scheme, value) = shown.split_once(' ').unwrap_or((shown, ""));
        let found = if scheme.eq_ignore_ascii_case("basic") {
            self.verify_pair(value.trim(), from).await?
        } else if scheme.eq_ignore_ascii_case("bearer") {
            self.verify_token(value.trim(), Via::Token, from).await?
        } else if scheme == "Cookie" {
            self.verify_token(value, Via::Cookie, from).await?
        } else {
            return Err(AccessError::BadScheme);
        };
        let roles = self.inner.store.roles_of(found.user.id).await?;
        let found = Arc::new(Principal { roles, ..found });
        self.inner.cache.put(digest, &found, BELIEVED);
        Ok(found)
    }

    async fn verify_pair(&self, encoded: &str, from: Option<IpAddr>) -> Result<Principal, AccessError> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|_| AccessError::Malformed)?;
        let text = String::from_utf8(bytes).map_err(|_| AccessError::Malformed)?;
        let (key, secret) = text.split_once(':').ok_or(AccessError::Malformed)?;
        self.sign_in(key, secret, from).await
    }

    /// Whose key pair this is.
    pub async fn sign_in(&self, key: &str, secret: &str, from: Option<IpAddr>) -> Result<Principal, AccessError> {
        self.inner.throttle.admit(key, from).map_err(|after| AccessError::TooMany { after })?;
        let secrets = self.secrets().await?;
        let wanted = secrets.hash(secret);
        let stored = self.inner.store.key(key).await?;
        // The comparison happens whether there is a key or not, and takes the same time.
        let kept = stored.as_ref().map_or(&[0; 32][..], |stored| &stored.hash);
        let same = blake3::Hash::from_slice(kept).is_ok_and(|kept| kept == wanted);
        let Some(stored) = stored.filter(|_| same) else {
            self.inner.throttle.failed(key, from);
            return Err(AccessError::Wrong);
        };
        self.usable(&stored)?;
        self.inner.throttle.succeeded(key, from);
        self.touch(&stored.key, from);
        Ok(Principal::of(stored.owner, Some(stored.key.id), None, Via::Key))
    }

    async fn verify_token(&self, token: &str, via: Via, from: Option<IpAddr>) -> Result<Principal, AccessError> {
        let claims = token::read(token, &self.secrets().await?.signing).ok_or(AccessError::BadToken)?;
        let now = (self.inner.now)().0;
        if claims.exp.saturating_mul(1000).saturating_add(TOLERANCE_MS) < now {
            return Err(AccessError::Expired);
        }
        if claims.iat.saturating_mul(1000).saturating_sub(TOLERANCE_MS) > now {
            return Err(AccessError::BadToken);
        }
        if self.inner.store.session_revoked(&claims.session_id).await? {
            return Err(AccessError::Revoked);
        }
        let owner = match &claims.key {
            Some(key) => {
                let stored = self.inner.store.key(key).await?.ok_or(AccessError::Revoked)?;
                self.usable(&stored).map_err(|error| match error {
                    AccessError::Wrong => AccessError::Revoked,
                    other => other,
                })?;
                self.touch(&stored.key, from);
                stored.owner
            }
            None => {
                let id = claims.identity.user.parse().map_err(|_| AccessError::BadToken)?;
                self.inner.store.user(id).await?.filter(|user| !user.disabled).ok_or(AccessError::Revoked)?
            }
        };
        if owner.id.to_string() != claims.identity.user {
            return Err(AccessError::BadToken);
        }
        Ok(Principal::of(owner, claims.key, Some((claims.session_id, claims.exp)), via))
    }

    fn usable(&self, stored: &StoredKey) -> Result<(), AccessError> {
        if stored.key.revoked || stored.owner.disabled {
            return Err(AccessError::Wrong);
        }
        match stored.key.expires {
            Some(end) if end <= (self.inner.now)() => Err(AccessError::Expired),
            Some(_) | None => Ok(()),
        }
    }

    /// Notes the use of a key in the background: nobody waits for it, and its loss is no harm.
    fn touch(&self, key: &AccessKey, from: Option<IpAddr>) {
        let now = (self.inner.now)();
        if key.last_used.is_some_and(|last| now.0 - last.0 < TOUCH_EVERY_MS) {
            return;
        }
        let (store, id) = (self.inner.store.clone(), key.id.clone());
        let from = from.map(|from| from.to_string()).unwrap_or_default();
        tokio::spawn(async move {
            let _noted = store.touch_key(&id, now, &from).await;
        });
    }

    /// A signed token that stands for `principal` for `life`.
    pub async fn issue_token(&self, principal: &Principal, life: Duration) -> Result<String, AccessError> {
        let now = (self.inner.now)().0 / 1000;
        let life = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims::of(principal, now, now.saturating_add(life));
        Ok(token::write(&claims, &self.secrets().await?.signing))
    }

    /// What a token of this installation says, whoever shows it; none when it is not one.
    pub async fn read_token(&self, token: &str) -> Result<Option<Claims>, AccessError> {
        Ok(token::read(token, &self.secrets().await?.signing))
    }

    /// The token that a page shows with every change, so that no other page can make one.
    pub(crate) async fn page_token(&self, session: &str) -> Result<String, AccessError> {
        Ok(self.secrets().await?.hash(&format!("page {session}")).to_hex().to_string())
    }

    /// A key pair for `user`. The secret is told here and never again.
    pub async fn create_key(&self, user: &User, label: &str, life: Option<Duration>) -> Result<KeyPair, AccessError> {
        let pair = KeyPair::new();
        let now = (self.inner.now)();
        let expires = life.map(|life| Timestamp(now.0 + i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 2)));
        let key = AccessKey {
            id: pair.access_key.clone(),
            owner: user.id,
            label: label.to_owned(),
            created: now,
            expires,
            last_used: None,
            last_used_from: String::new(),
            revoked: false,
        };
        let hash = self.secrets().await?.hash(&pair.secret_key);
        self.inner.store.create_key(&key, hash.as_bytes()).await?;
        Ok(pair)
    }

    /// The keys of `user`, without their secrets.
    pub async fn list_keys(&self, user: Option<mendel_model::UserId>) -> Result<Vec<AccessKey>, AccessError> {
        Ok(self.inner.store.keys(user).await?)
    }

    /// Takes a key back; whether there was one in use. Tokens made with it end as well.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, AccessError> {
        let revoked = self.inner.store.revoke_key(id).await?;
        self.inner.cache.clear();
        Ok(revoked)
    }

    /// Ends the session whose token `principal` showed; a key pair has none.
    pub async fn revoke_session(&self, principal: &Principal) -> Result<bool, AccessError> {
        let Some((session, ends)) = &principal.session else { return Ok(false) };
        let now = (self.inner.now)();
        let ends = Timestamp(ends.saturating_mul(1000).saturating_add(TOLERANCE_MS));
        self.inner.store.revoke_session(session, ends, now).await?;
        self.inner.cache.clear();
        Ok(true)
    }

    /// Forgets what is believed of callers, after rights were changed.
    pub(crate) fn forget(&self) {
        self.inner.cache.clear();
    }

    /// What signs for this installation; made when it is first needed.
    async fn secrets(&self) -> Result<&Secrets, AccessError> {
        if let Some(known) = self.inner.secrets.get() {
            return Ok(known);
        }
        let found = Secrets::load(&self.inner.store, (self.inner.now)()).await?;
        Ok(self.inner.secrets.get_or_init(|| found))
    }
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, value)| *own == name && !value.is_empty()).map(|(_, value)| value)
}
