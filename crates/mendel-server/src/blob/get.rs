//! `GET /api/v1/blobs/{digest}`, with or without `Range`
//!
//! A range is answered with at most one chunk, as the standard allows; whoever wants all
//! at once gets it as a stream, so that no blob has to fit into memory.

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use mendel_api::CHUNK_BYTES;
use mendel_model::Digest;
use mendel_store::StoreError;

use crate::{App, problem::Problem, request::Named};

/// Fetch a blob
pub(crate) async fn get_blob(
    State(app): State<App>,
    Named(digest): Named<Digest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    send(app, digest, &headers).await
}

/// The bytes of a blob, or the part of them that the headers ask for.
pub(crate) async fn send(app: App, digest: Digest, headers: &HeaderMap) -> Result<Response, Problem> {
    let size = app.store.blobs().size(&digest).await?.ok_or_else(|| Problem::no("blob", digest))?;
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).and_then(ByteRange::read);
    let common = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, format!("\"{digest}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let Some(asked) = asked.filter(|_| size > 0) else {
        let length = [(header::CONTENT_LENGTH, size.to_string())];
        return Ok((common, length, whole(app, digest, size)).into_response());
    };
    let Some((first, last)) = asked.within(size) else {
        let message = format!("the blob has {size} bytes");
        let total = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
        return Ok((total, Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "bad_range", message)).into_response());
    };
    let bytes = app.store.blobs().read_range(&digest, first, last - first + 1).await?;
    let range = [(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))];
    Ok((StatusCode::PARTIAL_CONTENT, common, range, bytes).into_response())
}

fn whole(app: App, digest: Digest, size: u64) -> Body {
    let chunks = stream::try_unfold(0, move |offset| {
        let blobs = app.store.blobs().clone();
        async move {
            if offset >= size {
                return Ok::<_, StoreError>(None);
            }
            let chunk: Bytes = blobs.read_range(&digest, offset, CHUNK_BYTES as u64).await?;
            let next = offset + chunk.len() as u64;
            match chunk.is_empty() {
                true => Err(StoreError::Damaged(digest)),
                false => Ok(Some((chunk, next))),
            }
        }
    });
    Body::from_stream(chunks)
}

/// A range as it is asked for, before the size of the blob is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByteRange {
    From(u64, Option<u64>),
    Last(u64),
}

impl ByteRange {
    /// Reads `bytes=0-9`, `bytes=5-` or `bytes=-5`; several ranges are not understood, and
    /// what is not understood is as good as absent.
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        match (first, last) {
            ("", last) => last.parse().ok().map(Self::Last),
            (first, "") => Some(Self::From(first.parse().ok()?, None)),
            (first, last) => Some(Self::From(first.parse().ok()?, Some(last.parse().ok()?))),
        }
    }

    /// First and last byte of the answer; none where there is no such byte.
    fn within(self, size: u64) -> Option<(u64, u64)> {
        let (first, last) = match self {
            Self::From(first, last) => (first, last.unwrap_or(u64::MAX)),
            Self::Last(count) => (size.saturating_sub(count), if count == 0 { 0 } else { u64::MAX }),
        };
        let last = last.min(size.checked_sub(1)?).min(first.saturating_add(CHUNK_BYTES as u64 - 1));
        (first <= last).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_their_three_forms() {
        let within = |text: &str, size| ByteRange::read(text).expect("a range").within(size);
        assert_eq!(within("bytes=0-9", 100), Some((0, 9)));
        assert_eq!(within("bytes=90-500", 100), Some((90, 99)));
        assert_eq!(within("bytes=5-", 100), Some((5, 99)));
        assert_eq!(within("bytes=-5", 100), Some((95, 99)));
        assert_eq!(within("bytes=-500", 100), Some((0, 99)));
        assert_eq!(within("bytes=0-", 1 << 40), Some((0, CHUNK_BYTES as u64 - 1)));
    }

    #[test]
    fn a_range_beyond_the_end_is_none() {
        let within = |text: &str, size| ByteRange::read(text).expect("a range").within(size);
        assert_eq!(within("bytes=100-", 100), None);
        assert_eq!(within("bytes=9-3", 100), None);
        assert_eq!(within("bytes=-0", 100), None);
        assert_eq!(ByteRange::read("bytes=1-2,4-5"), None);
        assert_eq!(ByteRange::read("lines=1-2"), None);
    }
}
