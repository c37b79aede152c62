//! Random things: key pairs, and the secrets of the installation that sign and hash.
//!
//! A secret has 285 random bits, so a fast keyed hash keeps it as well as a slow one would.
//! Its beginning and its checksum let scanners find one that leaked.

use mendel_model::Timestamp;
use mendel_store::{Store, StoreError};

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ALL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SECRET_HEAD: &str = "mdl_";
const SECRET_CHARS: usize = 48;
const CHECK_CHARS: usize = 6;

/// A key with its secret, as it is shown once.
#[derive(Clone)]
pub struct KeyPair {
    /// The public half.
    pub access_key: String,
    /// The other half.
    pub secret_key: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

impl KeyPair {
    pub(super) fn new() -> Self {
        let body = random_of(ALL, SECRET_CHARS);
        let secret_key = format!("{SECRET_HEAD}{body}{}", check(&body));
        Self { access_key: random_of(UPPER, 30), secret_key }
    }
}

/// Letters and digits, `count` of them, from the system's source of randomness.
pub fn random(count: usize) -> String {
    random_of(ALL, count)
}

fn random_of(alphabet: &[u8], count: usize) -> String {
    let mut text = String::with_capacity(count);
    // The largest multiple of the alphabet's length, so that each character is as likely.
    let fair = 256 - 256 % alphabet.len();
    while text.len() < count {
        let mut bytes = [0; 64];
        fill(&mut bytes);
        let fitting = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(fitting.take(count - text.len()).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    text
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has a source of randomness");
}

/// Six characters that follow from the others.
fn check(body: &str) -> String {
    let mut rest = u64::from_be_bytes(blake3::hash(body.as_bytes()).as_bytes()[..8].try_into().expect("eight bytes"));
    let mut text = String::new();
    for _ in 0..CHECK_CHARS {
        text.push(char::from(ALL[(rest % ALL.len() as u64) as usize]));
        rest /= ALL.len() as u64;
    }
    text
}

/// What signs and hashes for one installation.
pub(super) struct Secrets {
    pub(super) signing: [u8; 32],
    hashing: [u8; 32],
}

impl Secrets {
    pub(super) async fn load(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut fresh = [0; 32];
        fill(&mut fresh);
        let root = store.secret("installation", &fresh, now).await?;
        let derived = |context| blake3::derive_key(context, &root);
        Ok(Self { signing: derived("mendel 2026 token signature"), hashing: derived("mendel 2026 key secret") })
    }

    pub(super) fn hash(&self, secret: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.hashing, secret.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_the_form_that_clients_know() {
        let (one, two) = (KeyPair::new(), KeyPair::new());
        assert_eq!(one.access_key.len(), 30);
        assert!(one.access_key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
        assert!(one.secret_key.len() >= 50 && one.secret_key.starts_with(|first: char| first.is_ascii_alphanumeric()));
        assert!(one.secret_key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        assert!(one.access_key != two.access_key && one.secret_key != two.secret_key);
        assert!(!format!("{one:?}").contains(&one.secret_key));
    }

    #[test]
    fn a_secret_ends_with_its_checksum() {
        let secret = KeyPair::new().secret_key;
        let (body, sum) = secret[SECRET_HEAD.len()..].split_at(SECRET_CHARS);
        assert_eq!(sum, check(body));
    }
}
