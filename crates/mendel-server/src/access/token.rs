//! Tokens: signed claims (JWT, HS256) that clients of the Trains dialect read as well.
//!
//! The algorithm is ours to say: a header that names another is refused, whatever it is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{COMPANY, COMPANY_NAME, Principal, random};

/// The newest level of the Trains dialect that is spoken.
pub const API_LEVEL: &str = "2.31";
/// The version of the server as that dialect's clients compare it.
pub const SERVER_LEVEL: &str = "2.0.0";

/// Bytes of the longest token that is looked at.
const TOKEN_MAX: usize = 8 << 10;
const AUDIENCE: &str = "mendel";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// When it ends, in seconds.
    pub exp: i64,
    /// When it was made, in seconds.
    pub iat: i64,
    /// For whom it is.
    pub aud: String,
    /// The key it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is taken back to end it.
    pub session_id: String,
    /// Whose it is.
    pub identity: TokenIdentity,
    /// For clients of the Trains dialect.
    pub api_version: String,
    /// For clients of the Trains dialect.
    pub server_version: String,
    /// For clients of the Trains dialect.
    pub server_build: String,
    /// For clients of the Trains dialect.
    pub feature_set: String,
    /// For clients of the Trains dialect.
    pub auth_type: String,
}

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenIdentity {
    /// Id of the user.
    pub user: String,
    /// Id of the company.
    pub company: String,
    /// Role by the words of the Trains dialect; never believed.
    pub role: String,
    /// How the user is shown.
    pub user_name: String,
    /// How the company is shown.
    pub company_name: String,
}

impl Claims {
    pub(super) fn of(principal: &Principal, iat: i64, exp: i64) -> Self {
        Self {
            exp,
            iat,
            aud: AUDIENCE.into(),
            key: principal.key.clone(),
            session_id: random(32),
            identity: TokenIdentity {
                user: principal.user.id.to_string(),
                company: COMPANY.into(),
                role: principal.company_role().into(),
                user_name: principal.shown().to_owned(),
                company_name: COMPANY_NAME.into(),
            },
            api_version: API_LEVEL.into(),
            server_version: SERVER_LEVEL.into(),
            server_build: "1".into(),
            feature_set: "basic".into(),
            auth_type: "Bearer".into(),
        }
    }
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

pub(super) fn write(claims: &Claims, key: &[u8; 32]) -> String {
    let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).expect("claims have text keys and plain values"));
    let signed = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(mac(key, &signed).finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// What `token` says, if this installation signed it.
pub(super) fn read(token: &str, key: &[u8; 32]) -> Option<Claims> {
    if token.len() > TOKEN_MAX {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, body) = signed.split_once('.')?;
    mac(key, signed).verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    let head: Head = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    (head.alg == "HS256" && claims.aud == AUDIENCE).then_some(claims)
}

fn mac(key: &[u8; 32], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is one");
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims::of(&Principal::owner(), 100, 200)
    }

    #[test]
    fn a_token_is_read_by_whoever_signed_it() {
        let token = write(&claims(), &[1; 32]);
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(read(&token, &[1; 32]).map(|claims| claims.exp), Some(200));
        assert_eq!(read(&token, &[2; 32]), None, "another installation");
    }

    #[test]
    fn s07_no_other_algorithm_and_no_missing_signature_is_believed() {
        let token = write(&claims(), &[1; 32]);
        let (head, rest) = token.split_once('.').expect("three parts");
        let (body, signature) = rest.split_once('.').expect("three parts");
        for other in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"RS256","kid":"../../etc/passwd"}"#] {
            let other = URL_SAFE_NO_PAD.encode(other);
            assert_eq!(read(&format!("{other}.{body}.{signature}"), &[1; 32]), None);
            assert_eq!(read(&format!("{other}.{body}."), &[1; 32]), None);
            let signed = format!("{other}.{body}");
            let own = URL_SAFE_NO_PAD.encode(mac(&[1; 32], &signed).finalize().into_bytes());
            assert_eq!(read(&format!("{signed}.{own}"), &[1; 32]), None, "signed, by another algorithm's name");
        }
        for broken in ["", ".", "..", "a.b.c", head, &format!("{head}.{body}"), &"x.".repeat(9000)] {
            assert_eq!(read(broken, &[1; 32]), None);
        }
    }

    #[test]
    fn s07_a_token_for_others_is_refused() {
        let other = Claims { aud: "elsewhere".into(), ..claims() };
        assert_eq!(read(&write(&other, &[1; 32]), &[1; 32]), None);
    }
}
