//! Reading frames out of bytes that may be torn or damaged.
//!
//! A damaged stretch ends where the next whole frame with a later sequence begins; only
//! that stretch is given up.

use std::ops::Range;

use mendel_model::{BadRecord, Record};

/// A frame after a damaged stretch may not lie further ahead than this.
const SEQUENCE_REACH: u64 = 1 << 24;
const FRAME_HEAD: usize = 16;

/// A stretch of a segment that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Number of the segment.
    pub segment: u64,
    /// Bytes within it.
    pub bytes: Range<u64>,
}

/// What lies at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A whole frame.
    Frame {
        /// Its sequence.
        sequence: u64,
        /// Its length.
        length: usize,
    },
    /// Something unreadable, or written twice, and then a whole frame.
    Skip {
        /// Length of what is given up.
        length: usize,
    },
    /// A frame that these bytes do not hold whole.
    Incomplete,
    /// Nothing readable follows.
    Unreadable,
}

/// What lies at the beginning of `bytes`, where sequences above `after` are expected.
pub(crate) fn piece(bytes: &[u8], after: u64) -> Piece {
    match Record::peek(bytes) {
        Ok((sequence, length)) if sequence > after => Piece::Frame { sequence, length },
        Ok((_, length)) => Piece::Skip { length },
        Err(error) => match (next_frame(bytes, after), error) {
            (Some(length), _) => Piece::Skip { length },
            (None, BadRecord::Torn) => Piece::Incomplete,
            (None, BadRecord::Damaged { .. } | BadRecord::Impossible(_) | BadRecord::Unknown { .. }) => {
                Piece::Unreadable
            }
        },
    }
}

/// Where the next whole frame begins, the first byte not considered. The sequence is
/// looked at before the checksum, so that hardly any place is summed in vain.
fn next_frame(bytes: &[u8], after: u64) -> Option<usize> {
    let plausible = after + 1..=after.saturating_add(SEQUENCE_REACH);
    (1..bytes.len().saturating_sub(FRAME_HEAD)).find(|&at| {
        let sequence = bytes[at + 8..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        sequence.is_some_and(|sequence| plausible.contains(&sequence)) && Record::peek(&bytes[at..]).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use mendel_model::{ConsoleStream, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn frames(count: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for sequence in 1..=count {
            let text = format!("line {sequence}");
            Record::Console { stream: ConsoleStream::Out, time: Timestamp(1), text }.write(sequence, &mut bytes);
        }
        bytes
    }

    fn sequences(mut bytes: &[u8]) -> Vec<u64> {
        let mut found = Vec::new();
        loop {
            match piece(bytes, found.last().copied().unwrap_or(0)) {
                Piece::Frame { sequence, length } => {
                    found.push(sequence);
                    bytes = &bytes[length..];
                }
                Piece::Skip { length } => bytes = &bytes[length..],
                Piece::Incomplete | Piece::Unreadable => return found,
            }
        }
    }

    proptest! {
        #[test]
        fn a_flipped_byte_costs_one_frame_at_most(at in 0usize..500, bit in 0u8..8) {
            let mut bytes = frames(20);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let found = sequences(&bytes);
            prop_assert!(found.len() >= 19, "{:?}", found);
            prop_assert!(found.is_sorted());
        }

        #[test]
        fn a_cut_costs_the_torn_frame_only(cut in 0usize..600) {
            let bytes = frames(20);
            let cut = cut.min(bytes.len());
            let mut whole = 0;
            let mut end = 0;
            while let Ok((_, length)) = Record::peek(&bytes[end..cut]) {
                whole += 1;
                end += length;
            }
            prop_assert_eq!(sequences(&bytes[..cut]).len(), whole);
        }
    }
}
