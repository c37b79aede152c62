//! Blobs: whole, verified, once; damaged ones never served.

use std::fs;

use mendel_model::Digest;
use mendel_store::StoreError;
use tokio::task::JoinSet;

use crate::world::World;

fn path(world: &World, digest: &Digest) -> std::path::PathBuf {
    let name = digest.to_string();
    world.blobs().join(&name[..2]).join(name)
}

fn leftovers(world: &World) -> usize {
    fs::read_dir(world.blobs().join("tmp")).expect("a folder").count()
}

#[tokio::test]
async fn bytes_are_read_back_whole_and_in_parts() {
    let world = World::sqlite().await;
    let blobs = world.store.blobs();
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
    let digest = blobs.put(bytes.clone()).await.expect("puts");
    assert_eq!(digest, Digest::of(&bytes));
    assert_eq!(blobs.read(&digest).await.expect("reads"), bytes);
    assert_eq!(blobs.read_range(&digest, 1_000, 10).await.expect("reads"), bytes[1_000..1_010]);
    assert_eq!(blobs.read_range(&digest, 299_999, 10).await.expect("reads").len(), 1);
    assert!(blobs.read_range(&digest, 400_000, 10).await.expect("reads").is_empty());
    assert_eq!(blobs.size(&digest).await.expect("reads"), Some(300_000));
    let absent = Digest::of(b"absent");
    assert_eq!(blobs.missing(&[digest, absent]).await.expect("asks"), [absent]);
    assert!(matches!(blobs.read(&absent).await, Err(StoreError::BlobMissing(_))));
    assert_eq!(blobs.list().await.expect("lists"), [(digest, 300_000)]);
    assert_eq!(leftovers(&world), 0);
}

#[tokio::test]
async fn a_file_is_copied_in() {
    let world = World::sqlite().await;
    let source = world.folder.path().join("source");
    fs::write(&source, b"content").expect("writes");
    let (digest, size) = world.store.blobs().put_file(&source).await.expect("copies");
    assert_eq!((digest, size), (Digest::of(b"content"), 7));
    assert_eq!(world.store.blobs().put_file(&source).await.expect("copies again").0, digest);
    assert_eq!(world.store.blobs().read(&digest).await.expect("reads"), b"content"[..]);
    assert_eq!(leftovers(&world), 0);
}

#[tokio::test]
async fn an_upload_in_chunks_goes_on_where_it_was_cut() {
    let world = World::sqlite().await;
    let (blobs, bytes) = (world.store.blobs(), b"0123456789".as_slice());
    let digest = Digest::of(bytes);
    assert_eq!(blobs.write(&digest, 0, &bytes[..4], false).await.expect("writes"), 4);
    assert!(!blobs.has(&digest).await.expect("asks"), "a half is never seen");
    let gap = blobs.write(&digest, 6, &bytes[6..], true).await;
    assert!(matches!(gap, Err(StoreError::WrongOffset { expected: 4, given: 6 })));
    assert_eq!(blobs.uploaded(&digest).await.expect("asks"), 4);
    assert_eq!(blobs.write(&digest, 2, &bytes[2..6], false).await.expect("a chunk may come again"), 6);
    assert_eq!(blobs.write(&digest, 6, &bytes[6..], true).await.expect("ends"), 10);
    assert_eq!(blobs.write(&digest, 6, &bytes[6..], true).await.expect("ends again"), 10);
    assert_eq!(blobs.read(&digest).await.expect("reads"), bytes);
    assert_eq!(leftovers(&world), 0);
}

#[tokio::test]
async fn s26_other_bytes_under_a_digest_are_refused() {
    let world = World::sqlite().await;
    let (blobs, digest) = (world.store.blobs(), Digest::of(b"true"));
    let whole = blobs.write(&digest, 0, &b"false"[..], true).await;
    assert!(matches!(whole, Err(StoreError::WrongDigest { .. })));
    blobs.write(&digest, 0, &b"fa"[..], false).await.expect("writes");
    let parts = blobs.write(&digest, 2, &b"lse"[..], true).await;
    assert!(matches!(parts, Err(StoreError::WrongDigest { .. })));
    assert!(!blobs.has(&digest).await.expect("asks"));
    assert_eq!(blobs.uploaded(&digest).await.expect("asks"), 0, "it begins anew");
    blobs.write(&digest, 0, &b"tr"[..], false).await.expect("writes");
    blobs.write(&digest, 2, &b"ue"[..], true).await.expect("ends");
    assert_eq!(blobs.read(&digest).await.expect("reads"), b"true"[..]);
}

#[tokio::test]
async fn damaged_bytes_are_put_aside_and_never_served() {
    let world = World::sqlite().await;
    let blobs = world.store.blobs();
    for part in [false, true] {
        let digest = blobs.put(b"good".as_slice()).await.expect("puts");
        fs::write(path(&world, &digest), b"evil!").expect("writes");
        let read = match part {
            true => blobs.read_range(&digest, 0, 2).await,
            false => blobs.read(&digest).await,
        };
        assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
        assert!(matches!(blobs.read(&digest).await, Err(StoreError::BlobMissing(_))));
        assert!(world.blobs().join("quarantine").join(digest.to_string()).exists());
    }
}

#[tokio::test]
async fn one_blob_put_by_many_at_once_is_there_once() {
    let world = World::sqlite().await;
    let bytes = vec![7_u8; 100_000];
    let digest = Digest::of(&bytes);
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (blobs, bytes) = (world.another().await.blobs().clone(), bytes.clone());
        tasks.spawn(async move {
            if number % 2 == 0 {
                return blobs.put(bytes).await.map(drop);
            }
            blobs.write(&digest, 0, bytes[..50_000].to_vec(), false).await?;
            blobs.write(&digest, 50_000, bytes[50_000..].to_vec(), true).await.map(drop)
        });
    }
    for put in tasks.join_all().await {
        // A chunk that comes after another upload has ended finds all bytes there.
        put.expect("puts");
    }
    assert_eq!(world.store.blobs().list().await.expect("lists"), [(digest, 100_000)]);
    assert_eq!(world.store.blobs().read(&digest).await.expect("reads"), bytes);
}

#[tokio::test]
async fn many_blobs_put_at_once_are_each_there_once_and_whole() {
    let world = World::sqlite().await;
    let blobs = world.store.blobs();
    let contents: Vec<_> = (0..300).map(|number| format!("content {}", number / 3).into_bytes()).collect();
    let damaged = blobs.put(contents[0].clone()).await.expect("puts");
    fs::write(path(&world, &damaged), b"cut off").expect("writes");
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (blobs, contents) = (blobs.clone(), contents.iter().cloned().map(Into::into).collect());
        tasks.spawn(async move { blobs.put_many(contents).await });
    }
    let digests: Vec<_> = contents.iter().map(|bytes| Digest::of(bytes)).collect();
    for put in tasks.join_all().await {
        assert_eq!(put.expect("puts"), digests);
    }
    assert_eq!(blobs.list().await.expect("lists").len(), 100);
    for (digest, bytes) in digests.iter().zip(&contents) {
        assert_eq!(blobs.read(digest).await.expect("reads"), bytes);
    }
    assert_eq!(leftovers(&world), 0);
}

#[tokio::test]
async fn many_blobs_that_cannot_be_written_leave_nothing_behind() {
    let world = World::sqlite().await;
    let contents: Vec<_> = (0..40).map(|number| format!("content {number}").into_bytes()).collect();
    // A file lies where the folder of the last one would be.
    let last = path(&world, &Digest::of(&contents[39]));
    fs::write(last.parent().expect("a folder"), b"in the way").expect("writes");
    let put = world.store.blobs().put_many(contents.into_iter().map(Into::into).collect()).await;
    assert!(matches!(put, Err(StoreError::File { .. })), "{put:?}");
    assert_eq!(leftovers(&world), 0);
}

#[tokio::test]
async fn files_beside_the_blobs_are_taken_over_when_they_have_the_bytes() {
    let world = World::sqlite().await;
    let blobs = world.store.blobs();
    let staged = |name: &str, bytes: &[u8]| fs::write(world.blobs().join("tmp").join(name), bytes).expect("writes");
    // Few are flushed one by one, many as a group.
    for (round, count) in [3, 20].into_iter().enumerate() {
        let content = |number: usize| format!("{round} {number}").into_bytes();
        let offered = |number: usize| (format!("{number}.staged"), Digest::of(&content(number)));
        (0..count).for_each(|number| staged(&offered(number).0, &content(number)));
        staged("wrong.staged", b"other bytes");
        let files: Vec<_> = (0..count).map(offered).chain([("wrong.staged".into(), Digest::of(b"bytes"))]).collect();
        let mut expected = vec![true; count];
        expected.push(false);
        assert_eq!(blobs.adopt(files.clone()).await.expect("adopts"), expected);
        assert_eq!(blobs.adopt(files).await.expect("adopts again"), expected, "an answer may be lost");
        for number in 0..count {
            assert_eq!(blobs.read(&offered(number).1).await.expect("reads"), content(number));
        }
        assert_eq!(leftovers(&world), 0);
    }
    let outside = world.blobs().join("outside.staged");
    fs::write(&outside, b"outside").expect("writes");
    staged("1-2.new", b"upload");
    std::os::unix::fs::symlink(&outside, world.blobs().join("tmp/link.staged")).expect("links");
    let names = ["../outside.staged", "1-2.new", ".staged", "link.staged", "missing.staged"];
    for (name, bytes) in names.into_iter().zip([&b"outside"[..], b"upload", b"", b"outside", b"missing"]) {
        let adopted = blobs.adopt(vec![(name.to_owned(), Digest::of(bytes))]).await;
        assert_ne!(adopted.ok(), Some(vec![true]), "{name}");
    }
    assert!(outside.exists() && world.blobs().join("tmp/1-2.new").exists());
}
