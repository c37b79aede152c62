//! The files of a journal: numbered segments, each with a header that says whose it is.
//!
//! A segment is `header · frames`. The header is 64 bytes: magic, version, attempt, run,
//! writer, first sequence, checksum.

use std::{fs, io, path::Path};

use mendel_model::{RunId, WriterId};
use uuid::Uuid;

/// Bytes of a header.
pub(crate) const HEADER_BYTES: usize = 64;
/// A writer goes on to the next segment at this size.
pub(crate) const SEGMENT_BYTES: u64 = 4 << 20;

const MAGIC: &[u8; 8] = b"MNDLSEG\n";
const VERSION: u32 = 1;

/// Whose records a segment holds, and with which sequence they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The run.
    pub run: RunId,
    /// Its attempt.
    pub attempt: u32,
    /// The writer.
    pub writer: WriterId,
    /// Sequence of the first record.
    pub first: u64,
}

/// Why bytes are not the header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSegment {
    /// Too short, foreign or damaged.
    #[error("the header of the segment is damaged")]
    Damaged,
    /// Written by a newer program.
    #[error("the segment has version {0}, newer than this program knows")]
    Newer(u32),
}

impl Header {
    /// The bytes of this header.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.attempt.to_le_bytes());
        bytes[16..32].copy_from_slice(self.run.uuid().as_bytes());
        bytes[32..48].copy_from_slice(self.writer.uuid().as_bytes());
        bytes[48..56].copy_from_slice(&self.first.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..56]);
        bytes[56..60].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadSegment> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(BadSegment::Damaged)?;
        if !bytes.starts_with(MAGIC) || crc32fast::hash(&bytes[..56]) != word(bytes, 56) {
            return Err(BadSegment::Damaged);
        }
        match word(bytes, 8) {
            VERSION => Ok(Self {
                run: RunId::from_uuid(id(bytes, 16)),
                attempt: word(bytes, 12),
                writer: WriterId::from_uuid(id(bytes, 32)),
                first: u64::from(word(bytes, 48)) | u64::from(word(bytes, 52)) << 32,
            }),
            newer => Err(BadSegment::Newer(newer)),
        }
    }
}

fn word(bytes: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn id(bytes: &[u8; HEADER_BYTES], at: usize) -> Uuid {
    let mut own = [0; 16];
    own.copy_from_slice(&bytes[at..at + 16]);
    Uuid::from_bytes(own)
}

/// The file name of a segment.
pub(crate) fn name(number: u64) -> String {
    format!("{number:08}.seg")
}

/// The numbers of the segments in a journal folder, rising.
pub(crate) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_suffix(".seg")).and_then(|digits| digits.parse::<u64>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_and_a_flipped_bit_is_seen() {
        let header = Header { run: RunId::new(1, [2; 10]), attempt: 3, writer: WriterId::new(4, [5; 10]), first: 6 };
        let bytes = header.to_bytes();
        assert_eq!(Header::from_bytes(&bytes), Ok(header));
        for at in 0..56 {
            let mut flipped = bytes;
            flipped[at] ^= 4;
            assert_eq!(Header::from_bytes(&flipped), Err(BadSegment::Damaged));
        }
        assert_eq!(Header::from_bytes(&bytes[..63]), Err(BadSegment::Damaged));
    }
}
