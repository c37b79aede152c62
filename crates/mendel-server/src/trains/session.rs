//! Who calls.

use http::HeaderMap;

use super::refusal::Refusal;
use crate::App;

/// The one company.
pub(super) const COMPANY: &str = "d1bd92a3b039400cbafc60a7a5b1e52b";

/// Whoever calls, once it is known who that is.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) role: String,
}

pub(super) async fn principal(_app: &App, _headers: &HeaderMap) -> Result<Principal, Refusal> {
    Ok(Principal { id: "00000000000000000000000000000001".into(), name: "owner".into(), role: "admin".into() })
}

pub(super) fn token(who: &Principal, _app: &App) -> String {
    let b64 = |bytes: &[u8]| {
        const T: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for part in bytes.chunks(3) {
            let word = (u32::from(part[0]) << 16) | (u32::from(*part.get(1).unwrap_or(&0)) << 8) | u32::from(*part.get(2).unwrap_or(&0));
            for at in 0..=part.len() {
                out.push(T[(word >> (18 - 6 * at) & 63) as usize] as char);
            }
        }
        out
    };
    let claims = serde_json::json!({"exp": 4_000_000_000_i64, "api_version": "2.31", "server_version": "2.0.0", "feature_set": "basic",
        "identity": {"user": who.id, "company": COMPANY, "role": who.role, "user_name": who.name, "company_name": "Mendel"}});
    format!("{}.{}.{}", b64(br#"{"alg":"HS256","typ":"JWT"}"#), b64(claims.to_string().as_bytes()), b64(b"sig"))
}

/// Whoever calls what is open to all.
pub(super) fn nobody() -> Principal {
    Principal { id: String::new(), name: String::new(), role: "guest".into() }
}

/// The user a caller acts as; only administrators may.
pub(super) async fn impersonate(_app: &App, who: Principal, headers: &HeaderMap) -> Result<Principal, Refusal> {
    let (one, other) = (super::either(headers, "impersonate-as"), super::either(headers, "act-as"));
    if one.is_some() && other.is_some() {
        return Err(Refusal::bad(5, "Invalid headers (both `Impersonate-As` and `Act-As`)"));
    }
    match one.or(other) {
        None => Ok(who),
        Some(_) if who.role != "admin" => Err(Refusal::bad(6, "Impersonation is for administrators")),
        Some(id) => Ok(Principal { id: id.to_owned(), name: id.to_owned(), role: "user".into() }),
    }
}

/// Ids and names of those who have an account.
pub(super) async fn users(call: &super::call::Call) -> Result<Vec<(String, String)>, Refusal> {
    Ok(vec![(call.who.id.clone(), call.who.name.clone())])
}
