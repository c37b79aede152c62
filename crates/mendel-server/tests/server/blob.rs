//! Blobs: sent in chunks, resumed, fetched by range, never wrong.

use bytes::Bytes;
use mendel_api::{BlobPack, CHUNK_BYTES, ClientError, UploadState};
use mendel_model::Digest;

use crate::lab::{Lab, file_of, refusal};

#[tokio::test]
async fn small_bytes_come_back() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        for bytes in [&b""[..], b"x", b"some bytes"] {
            let digest = client.put_blob(bytes).await.expect("stored");
            assert_eq!(digest, Digest::of(bytes));
            assert_eq!(client.blob(&digest).await.expect("fetched"), bytes);
        }
    }
}

#[tokio::test]
async fn a_file_of_several_chunks_comes_back() {
    let lab = Lab::new().await;
    let (path, bytes) = file_of(lab.folder.path(), "large", 2 * CHUNK_BYTES + 12_345);
    for client in lab.clients() {
        let (digest, size) = client.put_blob_file(&path).await.expect("stored");
        assert_eq!((digest, size), (Digest::of(&bytes), bytes.len() as u64));

        let back = lab.folder.path().join("back");
        assert_eq!(client.blob_to_file(&digest, &back).await.expect("fetched"), size);
        assert!(std::fs::read(&back).expect("a file") == bytes);
        assert!(client.blob(&digest).await.expect("fetched") == bytes);
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let lab = Lab::new().await;
    let (path, bytes) = file_of(lab.folder.path(), "large", CHUNK_BYTES + 999);
    let digest = Digest::of(&bytes);
    let begun = Bytes::copy_from_slice(&bytes[..1000]);
    let state = lab.outside.put_chunk(&digest, 0, false, begun).await.expect("stored");
    assert_eq!(state, UploadState { offset: 1000, complete: false });
    assert_eq!(lab.inside.upload_state(&digest).await.expect("answered"), state);
    assert_eq!(lab.inside.missing_blobs(&[digest]).await.expect("answered"), [digest]);

    lab.outside.put_blob_file(&path).await.expect("stored");

    assert!(lab.inside.upload_state(&digest).await.expect("answered").complete);
    assert_eq!(lab.inside.missing_blobs(&[digest]).await.expect("answered"), []);
    assert!(lab.inside.blob(&digest).await.expect("fetched") == bytes);
}

#[tokio::test]
async fn a_chunk_that_does_not_follow_is_refused_with_what_is_there() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let digest = Digest::of(b"never sent");
        let error = client.put_chunk(&digest, 7, false, Bytes::from_static(b"x")).await.expect_err("a gap");
        assert_eq!(error.code(), Some("wrong_offset"));
        assert_eq!(error.problem().and_then(|problem| problem.expected), Some(0));
    }
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_are_never_stored() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let digest = Digest::of(b"right");
        let sent = client.put_chunk(&digest, 0, true, Bytes::from_static(b"wrong")).await;
        assert_eq!(refusal(sent), (422, "wrong_digest".into()));
        assert_eq!(client.missing_blobs(&[digest]).await.expect("answered"), [digest]);
        assert_eq!(refusal(client.blob(&digest).await), (404, "not_found".into()));
    }
}

#[tokio::test]
async fn what_an_earlier_upload_left_wrong_does_not_spoil_the_next() {
    let lab = Lab::new().await;
    let (path, bytes) = file_of(lab.folder.path(), "large", CHUNK_BYTES + 10);
    let digest = Digest::of(&bytes);
    lab.inside.put_chunk(&digest, 0, false, Bytes::from_static(b"not these")).await.expect("stored");

    lab.outside.put_blob_file(&path).await.expect("stored");

    assert!(lab.inside.blob(&digest).await.expect("fetched") == bytes);
}

#[tokio::test]
async fn damaged_bytes_are_never_served() {
    let lab = Lab::new().await;
    let digest = lab.inside.put_blob(b"precious").await.expect("stored");
    let path = lab.blob_file(&digest);
    // Stored blobs are read-only; damage does not ask.
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(&path, b"precioux").expect("damaged");

    let back = lab.folder.path().join("back");
    assert_eq!(refusal(lab.outside.blob(&digest).await), (424, "content_damaged".into()));
    assert!(lab.outside.blob_to_file(&digest, &back).await.is_err());
    assert!(!back.exists());
    lab.outside.put_blob(b"precious").await.expect("stored again");
    assert_eq!(lab.outside.blob(&digest).await.expect("fetched"), "precious");
}

#[tokio::test]
async fn a_chunk_larger_than_a_chunk_is_refused() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let chunk = Bytes::from(vec![0; CHUNK_BYTES + 1]);
        let sent = client.put_chunk(&Digest::of(&chunk), 0, true, chunk).await;
        assert_eq!(refusal(sent), (413, "body_too_large".into()));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let lab = Lab::new().await;
    let error = lab.outside.put_blob_file(&lab.folder.path().join("nothing")).await.expect_err("absent");
    assert!(matches!(error, ClientError::File { action: "read", .. }), "{error}");
}

#[tokio::test]
async fn many_small_blobs_are_one_request() {
    let lab = Lab::new().await;
    for (number, client) in lab.clients().into_iter().enumerate() {
        let contents: Vec<Vec<u8>> = (0..100).map(|index| format!("{number} {}", index / 2).into_bytes()).collect();
        let mut pack = BlobPack::default();
        contents.iter().for_each(|bytes| pack.add(Digest::of(bytes), bytes));
        client.put_blobs(pack).await.expect("stored");
        for bytes in &contents {
            assert_eq!(client.blob(&Digest::of(bytes)).await.expect("fetched"), bytes);
        }
        let mut wrong = BlobPack::default();
        wrong.add(Digest::of(b"other"), b"bytes");
        let refused = client.put_blobs(wrong).await;
        assert!(matches!(refused, Err(ClientError::Damaged { digest }) if digest == Digest::of(b"other")));
    }
}
