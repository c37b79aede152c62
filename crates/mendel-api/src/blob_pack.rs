//! Many small blobs on the wire: one body holds them, one answer tells that all are durable.

use bytes::{Buf as _, BufMut as _, Bytes};
use http::Method;
use mendel_model::Digest;
use serde::{Deserialize, Serialize};

use crate::{
    Address, Client, ClientError,
    client::{Call, read},
};

/// Bytes in one body of many blobs, with their lengths.
pub const PACK_BYTES: usize = 32 << 20;

/// Bytes of the length before each blob in a body.
pub const PACK_LENGTH: usize = 4;

/// The answer to many blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBlobs {
    /// Their digests, in order.
    pub digests: Vec<Digest>,
}

/// A file beside the blobs of a server on the same machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedBlob {
    /// Its name among the partial files.
    pub name: String,
    /// The digest of its bytes.
    pub digest: Digest,
}

/// Files that the server may take over as blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedBlobs {
    /// The files.
    pub files: Vec<OfferedBlob>,
}

/// The answer to [`OfferedBlobs`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptedBlobs {
    /// Of each file whether its bytes are stored; the others have to be sent.
    pub adopted: Vec<bool>,
}

/// The blobs of a body, each after its length; none where the body ends within one.
pub fn unpack_blobs(mut body: Bytes) -> Option<Vec<Bytes>> {
    let mut blobs = Vec::new();
    while !body.is_empty() {
        let length = body.try_get_u32_le().ok()? as usize;
        if length > body.len() {
            return None;
        }
        blobs.push(body.split_to(length));
    }
    Some(blobs)
}

/// A body of many blobs while it is filled.
#[derive(Debug, Default)]
pub struct BlobPack {
    body: Vec<u8>,
    digests: Vec<Digest>,
}

impl BlobPack {
    /// Adds a blob whose digest is known to be `digest`; all together stay within [`PACK_BYTES`].
    pub fn add(&mut self, digest: Digest, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("what fits into a body is smaller than it may be");
        self.body.put_u32_le(length);
        self.body.extend_from_slice(bytes);
        self.digests.push(digest);
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }
}

impl Client {
    /// Offers files to the server; tells of each whether its bytes are stored.
    pub async fn adopt_blobs(&self, files: Vec<OfferedBlob>) -> Result<Vec<bool>, ClientError> {
        let offered = OfferedBlobs { files };
        let answer: AdoptedBlobs = self.send(Method::POST, Address::of(&[&"blobs", &"adopt"]), &offered).await?;
        Ok(answer.adopted)
    }

    /// Stores all blobs of `pack`.
    pub async fn put_blobs(&self, pack: BlobPack) -> Result<(), ClientError> {
        if pack.is_empty() {
            return Ok(());
        }
        let address = Address::of(&[&"blobs"]);
        let answer = self.exchange(Call::new(Method::POST, &address).bytes(pack.body.into())).await?;
        let stored: StoredBlobs = read(&address, &answer)?;
        // A byte lost on the way makes another blob, which nothing names.
        let mut lost = pack.digests.iter().zip(stored.digests.iter().map(Some).chain(std::iter::repeat(None)));
        match lost.find(|(sent, stored)| Some(*sent) != *stored) {
            Some((digest, _)) => Err(ClientError::Damaged { digest: *digest }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_come_out_of_a_body_as_they_went_in() {
        let mut pack = BlobPack::default();
        for bytes in [&b"one"[..], b"", b"three"] {
            pack.add(Digest::of(bytes), bytes);
        }
        let body = Bytes::from(pack.body);
        assert_eq!(unpack_blobs(body.clone()).expect("whole"), [&b"one"[..], b"", b"three"]);
        for end in [1, 5, body.len() - 1] {
            assert_eq!(unpack_blobs(body.slice(..end)), None, "cut off at {end}");
        }
    }
}
