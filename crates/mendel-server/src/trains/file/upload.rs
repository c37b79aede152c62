//! Files that are written: a body as it is, or the parts of a form, streamed to disk.

use std::path::PathBuf;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use http::HeaderMap;
use mendel_store::FileRecord;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::{kept, media};
use crate::{App, trains::refusal::Refusal};

/// `PUT /<path>`: the body is the file.
pub(super) async fn whole(app: &App, path: &str, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    let mut stream = body.into_data_stream();
    let mut file = Spool::new(app).await?;
    while let Some(chunk) = stream.next().await {
        file.write(&chunk.map_err(|_| broken())?).await?;
    }
    let record = file.keep(app, path, &kept_media(media(headers))).await?;
    app.store.put_files(&[record], (app.now)()).await?;
    Ok(axum::Json(json!(path)).into_response())
}

/// Forms and streams say nothing of the file itself.
fn kept_media(media: &str) -> String {
    let plain = ["application/x-www-form-urlencoded", "application/octet-stream", "application/json"];
    if plain.contains(&media) || media.starts_with("multipart/") { String::new() } else { media.to_owned() }
}

fn broken() -> Refusal {
    Refusal::bad(12, "The body ended too early")
}

/// `POST /`: each part of a form is a file, whose path is the name of its field.
pub(super) async fn form(app: &App, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
    let kind = media(headers);
    let boundary =
        kind.split(';').find_map(|word| word.trim().strip_prefix("boundary=")).map(|word| word.trim_matches('"'));
    let boundary = boundary.filter(|_| kind.starts_with("multipart/form-data"));
    let boundary = boundary.ok_or_else(|| Refusal::bad(12, "The body is no form of files"))?;
    let mut form = Form::new(boundary, body);
    let mut records = Vec::new();
    while let Some(head) = form.next_part().await? {
        let path = kept(&head.name)?;
        let mut file = Spool::new(app).await?;
        while let Some(bytes) = form.next_bytes().await? {
            file.write(&bytes).await?;
        }
        records.push(file.keep(app, &path, "").await?);
    }
    app.store.put_files(&records, (app.now)()).await?;
    let paths: Vec<_> = records.iter().map(|record| record.path.as_str()).collect();
    Ok(axum::Json(json!(paths)).into_response())
}

/// A file on its way into the blobs.
struct Spool {
    path: PathBuf,
    file: tokio::fs::File,
    size: u64,
}

impl Spool {
    async fn new(app: &App) -> Result<Self, Refusal> {
        let path = app.store.blobs().scratch(&crate::trains::time::new_id());
        let file = tokio::fs::File::create(&path).await.map_err(|error| failed(&path, error))?;
        Ok(Self { path, file, size: 0 })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(|error| failed(&self.path, error))
    }

    async fn keep(mut self, app: &App, path: &str, media: &str) -> Result<FileRecord, Refusal> {
        self.file.flush().await.map_err(|error| failed(&self.path, error))?;
        let kept = app.store.blobs().put_file(&self.path).await;
        let (digest, size) = kept?;
        Ok(FileRecord { path: path.to_owned(), digest, size, media: media.to_owned() })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What could not be removed goes with the partial blobs.
        let _left = std::fs::remove_file(&self.path);
    }
}

fn failed(path: &std::path::Path, error: std::io::Error) -> Refusal {
    mendel_store::StoreError::file(path, error).into()
}

/// What a part of a form says of itself.
struct Head {
    name: String,
}

/// A form as it comes in: never more of it in memory than a few chunks.
struct Form {
    /// `\r\n--boundary`
    mark: Vec<u8>,
    stream: axum::body::BodyDataStream,
    buffer: Vec<u8>,
    ended: bool,
    inside: bool,
}

impl Form {
    fn new(boundary: &str, body: Body) -> Self {
        // The first boundary has no line before it; it is given one.
        let (mark, buffer) = (format!("\r\n--{boundary}").into_bytes(), b"\r\n".to_vec());
        Self { mark, stream: body.into_data_stream(), buffer, ended: false, inside: false }
    }

    /// Reads one more chunk; whether there was one.
    async fn fill(&mut self) -> Result<bool, Refusal> {
        match self.stream.next().await {
            Some(chunk) => {
                self.buffer.extend_from_slice(&chunk.map_err(|_| broken())?);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// The bytes of this part that are known to belong to it; none at its end.
    async fn next_bytes(&mut self) -> Result<Option<Bytes>, Refusal> {
        while self.inside {
            if let Some(at) = find(&self.buffer, &self.mark) {
                let bytes: Vec<u8> = self.buffer.drain(..at).collect();
                self.inside = false;
                return Ok(Some(bytes.into()));
            }
            // The end may hold the beginning of a mark.
            let sure = self.buffer.len().saturating_sub(self.mark.len());
            if sure > 0 {
                let bytes: Vec<u8> = self.buffer.drain(..sure).collect();
                return Ok(Some(bytes.into()));
            }
            if !self.fill().await? {
                return Err(broken());
            }
        }
        Ok(None)
    }

    /// Goes to the next part; none after the last.
    async fn next_part(&mut self) -> Result<Option<Head>, Refusal> {
        /// Bytes of a part's headers, at most.
        const HEAD: usize = 64 << 10;
        while self.next_bytes().await?.is_some() {}
        loop {
            if self.ended {
                return Ok(None);
            }
            if let Some(at) = find(&self.buffer, &self.mark) {
                let rest = &self.buffer[at + self.mark.len()..];
                if rest.starts_with(b"--") {
                    self.ended = true;
                    return Ok(None);
                }
                if let Some(end) = find(rest, b"\r\n\r\n") {
                    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
                    self.buffer.drain(..at + self.mark.len() + end + 4);
                    self.inside = true;
                    return Ok(Some(Head { name: name_of(&head)? }));
                }
            }
            if self.buffer.len() > HEAD {
                return Err(Refusal::bad(12, "The head of a part is too long"));
            }
            if !self.fill().await? {
                return Err(broken());
            }
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The name of a part's field, which may hold anything but a quote.
fn name_of(head: &str) -> Result<String, Refusal> {
    let line = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    let line = line.unwrap_or_default();
    let after = |key: &str| line.find(key).map(|at| &line[at + key.len()..]);
    let quoted = after(" name=\"").or_else(|| after(";name=\"")).and_then(|rest| rest.split('"').next());
    let starred = after(" name*=").and_then(|rest| rest.split(';').next()?.splitn(3, '\'').nth(2));
    let name = match (quoted, starred) {
        (Some(quoted), _) => quoted.replace("%22", "\""),
        (None, Some(starred)) => crate::trains::call::unescape(starred.trim()),
        (None, None) => String::new(),
    };
    if name.is_empty() { Err(Refusal::bad(12, "A part has no name")) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parts(chunks: Vec<&'static [u8]>) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
        let chunks = chunks.into_iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from_static(chunk)));
        let mut form = Form::new("X", Body::from_stream(futures_util::stream::iter(chunks)));
        let mut parts = Vec::new();
        while let Some(head) = form.next_part().await? {
            let mut bytes = Vec::new();
            while let Some(more) = form.next_bytes().await? {
                bytes.extend_from_slice(&more);
            }
            parts.push((head.name, bytes));
        }
        Ok(parts)
    }

    #[tokio::test]
    async fn a_form_is_read_however_it_is_cut() {
        const WHOLE: &[u8] = b"--X\r\nContent-Disposition: form-data; name=\"/p/a\"; filename=\"/p/a\"\r\n\r\nbytes\r\n--Y\r\n--X\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--X--\r\n";
        let wanted = vec![("/p/a".to_owned(), b"bytes\r\n--Y".to_vec()), ("b".to_owned(), Vec::new())];
        assert_eq!(parts(vec![WHOLE]).await.expect("whole"), wanted);
        assert_eq!(parts(WHOLE.chunks(1).collect()).await.expect("bytewise"), wanted);
        assert!(parts(vec![&WHOLE[..60]]).await.is_err());
    }
}
