//! Blobs on the wire: bytes sent in chunks that may be resumed, and fetched by range.
//!
//! The server checks the digest when an upload ends and the client when a download does,
//! so a byte lost on the way is never taken for good.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{Method, Response, header};
use mendel_model::Digest;
use serde::{Deserialize, Serialize};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

use crate::{
    Address, Client, ClientError,
    client::{Call, read},
};

/// L10: bytes in one chunk of an upload or download.
pub const CHUNK_BYTES: usize = 8 << 20;

/// How often an upload begins anew when others write the same blob.
const TURNS_MAX: usize = 5;

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadState {
    /// Bytes that need not be sent again.
    pub offset: u64,
    /// Whether the blob is stored and checked.
    pub complete: bool,
}

/// Digests of which some may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MissingBlobs {
    /// The digests.
    pub digests: Vec<Digest>,
}

impl Client {
    /// Stores `bytes` and tells their address.
    pub async fn put_blob(&self, bytes: &[u8]) -> Result<Digest, ClientError> {
        let digest = Digest::of(bytes);
        self.upload(digest, Source::Bytes(bytes)).await?;
        Ok(digest)
    }

    /// Stores the content of a file and tells its address and size. An upload that broke
    /// off goes on where it stopped.
    pub async fn put_blob_file(&self, path: &Path) -> Result<(Digest, u64), ClientError> {
        let failed = |source| ClientError::File { action: "read", path: path.to_owned(), source };
        let mut file = File::open(path).await.map_err(failed)?;
        let (digest, size) = digest_of(&mut file).await.map_err(failed)?;
        self.upload(digest, Source::File { file, size, path: path.to_owned() }).await?;
        Ok((digest, size))
    }

    /// The bytes at `digest`, checked.
    pub async fn blob(&self, digest: &Digest) -> Result<Bytes, ClientError> {
        let (first, total) = self.chunk(digest, 0).await?;
        let mut bytes = Vec::from(first);
        while (bytes.len() as u64) < total {
            let (next, _) = self.chunk(digest, bytes.len() as u64).await?;
            bytes.extend_from_slice(&next);
        }
        match Digest::of(&bytes) == *digest {
            true => Ok(bytes.into()),
            false => Err(ClientError::Damaged { digest: *digest }),
        }
    }

    /// Writes the bytes at `digest` to `path`. The file appears when it is whole and checked.
    pub async fn blob_to_file(&self, digest: &Digest, path: &Path) -> Result<u64, ClientError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", digest.short()));
        let part = path.with_file_name(name);
        if let Some(folder) = path.parent() {
            let made = tokio::fs::create_dir_all(folder).await;
            made.map_err(|source| ClientError::File { action: "make", path: folder.to_owned(), source })?;
        }
        let fetched = self.fetch(digest, &part).await;
        let placed = match fetched {
            Ok(size) => tokio::fs::rename(&part, path).await.map(|()| size).map_err(|source| ClientError::File {
                action: "write",
                path: path.to_owned(),
                source,
            }),
            Err(error) => Err(error),
        };
        if placed.is_err() {
            // What is left of a failed download is of no use; the first error is the one to tell.
            let _gone = tokio::fs::remove_file(&part).await;
        }
        placed
    }

    /// Which of `digests` are not stored.
    pub async fn missing_blobs(&self, digests: &[Digest]) -> Result<Vec<Digest>, ClientError> {
        let asked = MissingBlobs { digests: digests.to_vec() };
        let missing: MissingBlobs = self.send(Method::POST, Address::of(&[&"blobs", &"missing"]), &asked).await?;
        Ok(missing.digests)
    }

    /// How far the upload of `digest` has come.
    pub async fn upload_state(&self, digest: &Digest) -> Result<UploadState, ClientError> {
        self.get(Address::of(&[&"blobs", digest, &"upload"])).await
    }

    /// Stores one chunk of a blob at `offset`; after the last one the whole is checked.
    pub async fn put_chunk(
        &self,
        digest: &Digest,
        offset: u64,
        last: bool,
        chunk: Bytes,
    ) -> Result<UploadState, ClientError> {
        let address = Address::of(&[&"blobs", digest]).ask("offset", offset).ask("last", last);
        let answer = self.exchange(Call::new(Method::PUT, &address).bytes(chunk)).await?;
        read(&address, &answer)
    }

    async fn upload(&self, digest: Digest, mut source: Source<'_>) -> Result<(), ClientError> {
        let size = source.size();
        // A small blob is one request; only a large one is worth asking how far it came.
        let mut offset = match size > CHUNK_BYTES as u64 {
            true => match self.upload_state(&digest).await? {
                UploadState { complete: true, .. } => return Ok(()),
                state => state.offset.min(size),
            },
            false => 0,
        };
        let mut turns = 0;
        loop {
            let chunk = source.chunk(offset).await?;
            let end = offset + chunk.len() as u64;
            match self.put_chunk(&digest, offset, end >= size, chunk).await {
                Ok(UploadState { complete: true, .. }) => return Ok(()),
                Ok(state) => offset = state.offset.min(size),
                Err(error) if may_go_on(&error) && turns < TURNS_MAX => {
                    turns += 1;
                    match self.upload_state(&digest).await? {
                        UploadState { complete: true, .. } => return Ok(()),
                        state => offset = state.offset.min(size),
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn chunk(&self, digest: &Digest, offset: u64) -> Result<(Bytes, u64), ClientError> {
        let address = Address::of(&[&"blobs", digest]);
        let range = format!("bytes={offset}-{}", offset + CHUNK_BYTES as u64 - 1);
        let answer = self.exchange(Call::new(Method::GET, &address).header(header::RANGE, range)).await?;
        let total = total(&answer).unwrap_or(answer.body().len() as u64);
        let chunk = answer.into_body();
        if chunk.is_empty() && offset < total {
            return Err(ClientError::Unreadable { address: address.text(), why: "the range is empty".into() });
        }
        Ok((chunk, total))
    }

    async fn fetch(&self, digest: &Digest, part: &Path) -> Result<u64, ClientError> {
        let failed = |source| ClientError::File { action: "write", path: part.to_owned(), source };
        let (mut chunk, total) = self.chunk(digest, 0).await?;
        let mut file = File::create(part).await.map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        let mut offset = 0;
        loop {
            hasher.update(&chunk);
            file.write_all(&chunk).await.map_err(failed)?;
            offset += chunk.len() as u64;
            if offset >= total {
                break;
            }
            (chunk, _) = self.chunk(digest, offset).await?;
        }
        file.sync_all().await.map_err(failed)?;
        match Digest::from_bytes(*hasher.finalize().as_bytes()) == *digest {
            true => Ok(offset),
            false => Err(ClientError::Damaged { digest: *digest }),
        }
    }
}

/// Another uploader of the same blob was faster, or an earlier one left wrong bytes, which
/// the server has thrown away by now.
fn may_go_on(error: &ClientError) -> bool {
    matches!(error.code(), Some("wrong_offset" | "wrong_digest"))
}

/// The size of the whole blob, from `Content-Range: bytes 0-9/100`.
fn total(answer: &Response<Bytes>) -> Option<u64> {
    let range = answer.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.parse().ok()
}

enum Source<'a> {
    Bytes(&'a [u8]),
    File { file: File, size: u64, path: PathBuf },
}

impl Source<'_> {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    async fn chunk(&mut self, offset: u64) -> Result<Bytes, ClientError> {
        match self {
            Self::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(bytes.len()).min(bytes.len());
                Ok(Bytes::copy_from_slice(&bytes[start..(start + CHUNK_BYTES).min(bytes.len())]))
            }
            Self::File { file, size, path } => {
                let length = (*size - offset.min(*size)).min(CHUNK_BYTES as u64);
                let mut chunk = vec![0; length as usize];
                let read = async {
                    file.seek(std::io::SeekFrom::Start(offset)).await?;
                    file.read_exact(&mut chunk).await
                };
                match read.await {
                    Ok(_) => Ok(chunk.into()),
                    Err(source) => Err(ClientError::File { action: "read", path: path.clone(), source }),
                }
            }
        }
    }
}

async fn digest_of(file: &mut File) -> std::io::Result<(Digest, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok((Digest::from_bytes(*hasher.finalize().as_bytes()), size)),
            length => {
                hasher.update(&buffer[..length]);
                size += length as u64;
            }
        }
    }
}
