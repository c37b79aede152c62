//! Identity: a digest of what a run means.
//!
//! The canonical form is typed, ordered and domain-separated, so that no two different
//! meanings share bytes: every part begins with a tag, every text with its length.
//! The form is frozen under the prefix `m1:`; the vectors in the tests may never change.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::{BadDigest, Digest, Param};

const PREFIX: &str = "m1:";

/// What a run means, as one digest: equal identities are the same work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(Digest);

impl Identity {
    /// What a plain script or command means: its entry, the folder it starts in (below the
    /// project root, empty for the root itself), the values of its parameters by name, and
    /// the words that no parameter took. For a script without a known parser those are all
    /// its words; for a command `entry` is its first word.
    pub fn of_script(entry: &str, folder: &str, params: &[Param], words: &[String]) -> Self {
        let mut sorted: Vec<_> = params.iter().collect();
        sorted.sort_by(|one, other| one.name.cmp(&other.name));
        let mut form = Canonical::new("script");
        form.text(entry).text(folder).count(sorted.len());
        for param in sorted {
            form.text(&param.name).value(&param.value);
        }
        form.count(words.len());
        words.iter().for_each(|word| {
            form.text(word);
        });
        form.identity()
    }

    /// What a stage means for one input: its hyperparameters as the user wrote them, after
    /// auto-configuration and before defaults; the parameters it sees; and the content of
    /// each field it reads, by name. Whoever made those contents does not count.
    pub fn of_stage(
        stage: &str,
        config: &Value,
        params: &BTreeMap<String, Value>,
        inputs: &BTreeMap<String, Digest>,
    ) -> Self {
        let mut form = Canonical::new("stage");
        form.text(stage).value(config);
        if !params.is_empty() {
            form.count(params.len());
            for (name, value) in params {
                form.text(name).value(value);
            }
        }
        form.count(inputs.len());
        for (name, digest) in inputs {
            form.text(name).digest(digest);
        }
        form.identity()
    }

    /// What a typed configuration means, by the digest of its canonical form.
    pub(crate) const fn of_configuration(digest: Digest) -> Self {
        Self(digest)
    }

    /// Its first eight bytes: another mark is another identity.
    pub fn mark(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *self.0.as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The digest without its prefix.
    pub const fn digest(&self) -> &Digest {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

impl FromStr for Identity {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let digest = text.strip_prefix(PREFIX).ok_or_else(|| BadDigest(text.to_owned()))?;
        digest.parse().map(Self)
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Writes the canonical form of a meaning, part by part.
///
/// ```
/// use mendel_model::Canonical;
/// let mut form = Canonical::new("script");
/// form.text("train.py").value(&serde_json::json!({"lr": 0.1}));
/// assert!(form.identity().to_string().starts_with("m1:"));
/// ```
#[derive(Debug, Clone)]
pub struct Canonical(blake3::Hasher);

impl Canonical {
    /// Begins a form in `domain`; forms of different domains never meet.
    pub fn new(domain: &str) -> Self {
        let mut form = Self(blake3::Hasher::new());
        form.text("mendel identity 1").text(domain);
        form
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.tagged(b's', text.as_bytes())
    }

    /// Adds a digest.
    pub fn digest(&mut self, digest: &Digest) -> &mut Self {
        self.tagged(b'd', digest.as_bytes())
    }

    /// Adds a value. Integers and floats differ (`1` is not `1.0`), mappings are ordered
    /// by key, and `-0.0` equals `0.0`.
    pub fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Null => self.tagged(b'n', b""),
            Value::Bool(flag) => self.tagged(b'b', &[u8::from(*flag)]),
            Value::Number(number) => {
                if let Some(integer) = number.as_i64() {
                    self.tagged(b'i', integer.to_string().as_bytes())
                } else if let Some(integer) = number.as_u64() {
                    self.tagged(b'i', integer.to_string().as_bytes())
                } else {
                    let float = number.as_f64().unwrap_or(f64::NAN);
                    let float = if float == 0.0 { 0.0 } else { float };
                    self.tagged(b'f', &float.to_bits().to_be_bytes())
                }
            }
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.tagged(b'l', &(items.len() as u64).to_be_bytes());
                items.iter().for_each(|item| {
                    self.value(item);
                });
                self
            }
            Value::Object(fields) => {
                let mut keys: Vec<_> = fields.keys().collect();
                keys.sort();
                self.tagged(b'm', &(keys.len() as u64).to_be_bytes());
                for key in keys {
                    self.text(key).value(&fields[key]);
                }
                self
            }
        }
    }

    /// Adds a number of parts, so that the end of one list is not the beginning of the next.
    pub fn count(&mut self, parts: usize) -> &mut Self {
        self.tagged(b'c', &(parts as u64).to_be_bytes())
    }

    /// The digest of all that was added.
    pub fn finish(&self) -> Digest {
        Digest::from_bytes(*self.0.finalize().as_bytes())
    }

    /// The identity of all that was added.
    pub fn identity(&self) -> Identity {
        Identity(self.finish())
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) -> &mut Self {
        self.0.update(&[tag]);
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn identity(value: &Value) -> Identity {
        Canonical::new("test").value(value).identity()
    }

    #[test]
    fn frozen_vectors_never_change() {
        let vectors = [
            (json!(null), include_str!("../vectors/null.txt")),
            (json!({"lr": 0.1, "depth": 3}), include_str!("../vectors/mapping.txt")),
            (json!(["a", 1, 1.0, true]), include_str!("../vectors/list.txt")),
        ];
        for (value, expected) in vectors {
            assert_eq!(identity(&value).to_string(), expected.trim(), "{value}");
        }
    }

    #[test]
    fn a_script_means_its_entry_values_and_leftover_words_in_any_order_of_parameters() {
        let param = |name: &str, value: Value| Param {
            section: String::new(),
            name: name.into(),
            kind: None,
            value,
            origin: crate::Origin::Code,
            required: false,
            description: String::new(),
        };
        let (lr, seed) = (param("lr", json!(0.1)), param("seed", json!(1)));
        let one = Identity::of_script("a.py", "", &[lr.clone(), seed.clone()], &[]);
        assert_eq!(one, Identity::of_script("a.py", "", &[seed.clone(), lr.clone()], &[]));
        assert_ne!(one, Identity::of_script("a.py", "sub", &[lr.clone(), seed.clone()], &[]));
        assert_ne!(one, Identity::of_script("b.py", "", &[lr.clone(), seed.clone()], &[]));
        assert_ne!(one, Identity::of_script("a.py", "", &[lr.clone(), seed], &["x".into()]));
        assert_ne!(
            Identity::of_script("a.py", "", &[param("a", json!("b"))], &[]),
            Identity::of_script("a.py", "", &[], &["a".into(), "b".into()])
        );
    }

    #[test]
    fn frozen_vectors_of_stages_never_change() {
        let (config, params) = (json!({"sigma": 1.5}), BTreeMap::from([("seed".to_owned(), json!(3))]));
        let inputs = BTreeMap::from([
            ("image".to_owned(), Digest::of(b"image")),
            ("input_id".to_owned(), Canonical::new("value").value(&json!(7)).finish()),
        ]);
        let plain = Identity::of_stage("segment", &config, &BTreeMap::new(), &inputs);
        let with_params = Identity::of_stage("segment", &config, &params, &inputs);
        assert_eq!(plain.to_string(), include_str!("../vectors/stage.txt").trim());
        assert_eq!(with_params.to_string(), include_str!("../vectors/stage-with-params.txt").trim());
    }

    #[test]
    fn a_stage_means_its_id_config_params_and_the_content_of_its_inputs() {
        let none = BTreeMap::new();
        let inputs = BTreeMap::from([("image".to_owned(), Digest::of(b"image"))]);
        let one = Identity::of_stage("segment", &json!({"sigma": 1}), &none, &inputs);
        assert_ne!(one, Identity::of_stage("smooth", &json!({"sigma": 1}), &none, &inputs));
        assert_ne!(one, Identity::of_stage("segment", &json!({"sigma": 1.0}), &none, &inputs));
        assert_ne!(one, Identity::of_stage("segment", &json!({"sigma": 1}), &none, &BTreeMap::new()));
        let changed = BTreeMap::from([("image".to_owned(), Digest::of(b"another"))]);
        assert_ne!(one, Identity::of_stage("segment", &json!({"sigma": 1}), &none, &changed));
        let params = BTreeMap::from([("sigma".to_owned(), json!(1))]);
        assert_ne!(one, Identity::of_stage("segment", &json!({"sigma": 1}), &params, &inputs));
    }

    #[test]
    fn kinds_never_collide() {
        let values =
            [json!(1), json!(1.0), json!("1"), json!(true), json!([1]), json!({"1": null}), json!(null), json!("")];
        for (index, one) in values.iter().enumerate() {
            for other in &values[index + 1..] {
                assert_ne!(identity(one), identity(other), "{one} and {other}");
            }
        }
        assert_ne!(identity(&json!(["ab", "c"])), identity(&json!(["a", "bc"])));
        assert_ne!(identity(&json!([["a"], "b"])), identity(&json!([["a", "b"]])));
    }

    proptest! {
        #[test]
        fn xm_27_identity_does_not_depend_on_the_order_of_keys(pairs in prop::collection::btree_map("[a-z]{1,6}", any::<i64>(), 0..8)) {
            let forward: serde_json::Map<_, _> = pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let backward: serde_json::Map<_, _> = pairs.iter().rev().map(|(k, v)| (k.clone(), json!(v))).collect();
            prop_assert_eq!(identity(&Value::Object(forward)), identity(&Value::Object(backward)));
        }

        #[test]
        fn different_numbers_differ(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite() && a != b);
            prop_assert_ne!(identity(&json!(a)), identity(&json!(b)));
        }
    }
}
