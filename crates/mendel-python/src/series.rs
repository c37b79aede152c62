//! The numbers by which a writer's points name their series.
//!
//! Looked up by the hash that Python keeps in each text, so that neither a text is copied
//! nor anything allocated for a name that was seen before.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use mendel_model::{
    SeriesKey,
    limits::{NAME_CHARS, SERIES_PER_RUN},
};
use pyo3::{prelude::*, types::PyString};

/// Passes on hashes that are hashes already.
#[derive(Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_isize(&mut self, value: isize) {
        self.0 = (self.0.rotate_left(26) ^ value.cast_unsigned() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

struct Entry {
    title: Py<PyString>,
    series: Py<PyString>,
    /// Another entry whose texts have the same hashes.
    next: Option<u32>,
}

/// The series one writer has named.
#[derive(Default)]
pub(crate) struct SeriesTable {
    first: HashMap<(isize, isize), u32, BuildHasherDefault<Passed>>,
    entries: Vec<Entry>,
}

/// The number of a series.
pub(crate) enum Number {
    Known(u32),
    /// Named for the first time.
    New(u32, SeriesKey),
    /// A run has no room for another series (L04).
    TooMany,
}

impl SeriesTable {
    /// The number of a series. Both texts are exact `str` objects, whose hash and
    /// comparison run no code of the user and let no other thread in.
    #[inline]
    pub(crate) fn number(&mut self, title: &Bound<'_, PyString>, series: &Bound<'_, PyString>) -> PyResult<Number> {
        let hashes = (title.hash()?, series.hash()?);
        let first = self.first.get(&hashes).copied();
        let mut at = first;
        while let Some(number) = at {
            let entry = &self.entries[number as usize];
            if same(title, &entry.title)? && same(series, &entry.series)? {
                return Ok(Number::Known(number));
            }
            at = entry.next;
        }
        let number = u32::try_from(self.entries.len()).expect("far fewer series are taken");
        if self.entries.len() >= SERIES_PER_RUN {
            return Ok(Number::TooMany);
        }
        self.entries.push(Entry { title: title.clone().unbind(), series: series.clone().unbind(), next: first });
        self.first.insert(hashes, number);
        let key = SeriesKey { metric: name(title), variant: name(series) };
        Ok(Number::New(number, key))
    }
}

#[inline]
fn same(text: &Bound<'_, PyString>, kept: &Py<PyString>) -> PyResult<bool> {
    let kept = kept.bind(text.py());
    match text.is(kept) {
        true => Ok(true),
        false => text.as_any().eq(kept),
    }
}

/// A name as L06 wants it: not too long, and without control characters.
fn name(text: &Bound<'_, PyString>) -> String {
    let text = text.to_string_lossy();
    text.chars().take(NAME_CHARS).map(|character| if character.is_control() { ' ' } else { character }).collect()
}
