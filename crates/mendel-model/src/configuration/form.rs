//! How values are written: each part as a tag, a length and its bytes.

use super::FieldValue;
use crate::Digest;

/// Bytes of a canonical form.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form(Vec<u8>);

impl Form {
    pub(super) fn begin(domain: &str) -> Self {
        let mut form = Self(Vec::with_capacity(256));
        form.text("mendel identity 1");
        form.text(domain);
        form
    }

    pub(super) fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        self.0.extend((bytes.len() as u64).to_be_bytes());
        self.0.extend(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.tagged(b's', text.as_bytes());
    }

    pub(super) fn count(&mut self, tag: u8, parts: usize) {
        self.tagged(tag, &(parts as u64).to_be_bytes());
    }

    pub(super) fn digest(&mut self, tag: u8, digest: &Digest) {
        self.tagged(tag, digest.as_bytes());
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(super) fn finish(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Adds forms in the order of their bytes, each once.
    pub(super) fn sorted(&mut self, tag: u8, forms: Vec<Self>) {
        let mut all: Vec<Vec<u8>> = forms.into_iter().map(|form| form.0).collect();
        all.sort();
        all.dedup();
        self.count(tag, all.len());
        all.iter().for_each(|form| self.0.extend(form));
    }

    /// Adds a value that holds no other; answers whether it was one.
    pub(super) fn simple(&mut self, value: &FieldValue) -> bool {
        match value {
            FieldValue::None => self.tagged(b'n', b""),
            FieldValue::Bool(flag) => self.tagged(b'b', &[u8::from(*flag)]),
            FieldValue::Integer { negative, magnitude } => {
                let mut bytes = vec![u8::from(*negative)];
                bytes.extend(magnitude);
                self.tagged(b'i', &bytes);
            }
            FieldValue::Float(float) => self.tagged(b'f', &one_float(*float).to_bits().to_be_bytes()),
            FieldValue::Text(bytes) => self.tagged(b's', bytes),
            FieldValue::Path(bytes) => self.tagged(b'p', bytes),
            FieldValue::Content(digest) => self.digest(b'h', digest),
            FieldValue::Known { identity, .. } => self.digest(b'o', identity),
            FieldValue::Member { type_id, name } => {
                self.count(b'e', 2);
                self.text(&type_id.to_ascii_lowercase());
                self.text(name);
            }
            FieldValue::List(_)
            | FieldValue::Tuple(_)
            | FieldValue::Set(_)
            | FieldValue::Map(_)
            | FieldValue::Object(_) => return false,
        }
        true
    }
}

/// `-0.0` as `0.0`, and every NaN as one.
const fn one_float(float: f64) -> f64 {
    if float.is_nan() {
        f64::from_bits(0x7ff8_0000_0000_0000)
    } else if float == 0.0 {
        0.0
    } else {
        float
    }
}
