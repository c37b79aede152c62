//! Looking after a store: damage found, garbage removed, copies that open, later formats
//! refused.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use mendel_model::{Digest, Manifest, NewRun, Record, Timestamp};
use mendel_store::{Damage, Garbage, Store, StoreError};
use serde_json::json;

use crate::world::{Batch, World, both, id, key, new_run, now, points};

both!(garbage_is_what_nothing_names_and_is_not_young, damage_is_found_and_put_aside, a_healthy_store_has_no_damage,);

/// Now by the clock that files go by.
fn today() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Timestamp(since.as_millis() as i64)
}

fn later() -> Timestamp {
    Timestamp(today().0 + 25 * 3_600_000)
}

async fn put(world: &World, text: &str) -> Digest {
    world.store.blobs().put(text.as_bytes().to_vec()).await.expect("puts")
}

/// A run with a snapshot of one file, an artifact and an event with a blob.
async fn full(world: &World) -> Vec<Digest> {
    let (file, artifact, medium) = (put(world, "file").await, put(world, "artifact").await, put(world, "medium").await);
    let manifest =
        json!({"entries": [{"path": "a.py", "kind": "file", "digest": file, "size": 4, "executable": false}]});
    let manifest: Manifest = serde_json::from_value(manifest).expect("a manifest");
    let snapshot = put(world, &serde_json::to_string(&manifest).expect("text")).await;
    let diff = put(world, "diff").await;
    let mut new = NewRun { snapshot: Some(snapshot), ..new_run(1) };
    new.script.diff = Some(diff);
    world.store.create_runs(&[new], None, now()).await.expect("creates");
    world.store.move_run(id(1), None, &crate::world::change(mendel_model::Move::Start), now()).await.expect("starts");
    let own = json!({"name": "a", "type": "file", "digest": artifact, "size": 8, "file": "a", "time": 0});
    let event = json!({"kind": "media", "metric": "m", "variant": "", "step": 0, "time": 0, "blob": medium});
    let batch = Batch::new(1, 1)
        .add(Record::Artifact(serde_json::from_value(own).expect("an artifact")))
        .add(Record::Event(serde_json::from_value(event).expect("an event")))
        .series(0, "loss")
        .add(points(0, 0..5_000, |step| step as f64));
    world.append(1, batch).await.expect("appends");
    vec![file, artifact, medium, snapshot, diff]
}

async fn garbage_is_what_nothing_names_and_is_not_young(world: World) {
    let kept = full(&world).await;
    let lost = put(&world, "nobody's").await;
    let young = world.store.collect_garbage(false, today()).await.expect("collects");
    assert_eq!(young, Garbage::default());
    let would = world.store.collect_garbage(true, later()).await.expect("counts");
    assert_eq!(would, Garbage { blobs: 1, bytes: 8 });
    assert!(world.store.blobs().has(&lost).await.expect("asks"));
    assert_eq!(world.store.collect_garbage(false, later()).await.expect("collects"), would);
    assert_eq!(world.store.blobs().missing(&kept).await.expect("asks"), []);
    assert_eq!(world.store.blobs().missing(&[lost]).await.expect("asks"), [lost]);
    world.store.delete_run(id(1)).await.expect("deletes");
    let rest = world.store.collect_garbage(false, later()).await.expect("collects");
    assert_eq!(rest.blobs, kept.len());
}

async fn damage_is_found_and_put_aside(world: World) {
    let blobs = full(&world).await;
    let path = |digest: &Digest| world.blobs().join(&digest.to_string()[..2]).join(digest.to_string());
    fs::write(path(&blobs[0]), b"other").expect("writes");
    fs::remove_file(path(&blobs[1])).expect("removes");
    let found = world.store.check().await.expect("checks");
    assert!(found.contains(&Damage::Blob(blobs[0])), "{found:?}");
    assert!(matches!(&found[1], Damage::MissingBlob { digest, .. } if *digest == blobs[1]), "{found:?}");
    assert_eq!(found.len(), 2);
    assert!(world.store.blobs().has(&blobs[0]).await.expect("asks"), "looking changes nothing");
    assert_eq!(world.store.repair(today()).await.expect("repairs"), found);
    assert!(world.blobs().join("quarantine").join(blobs[0].to_string()).exists());
    let missing = world.store.check().await.expect("checks");
    assert!(
        missing.iter().all(|damage| matches!(damage, Damage::MissingBlob { .. })) && missing.len() == 2,
        "{missing:?}"
    );
}

async fn a_healthy_store_has_no_damage(world: World) {
    full(&world).await;
    assert_eq!(world.store.check().await.expect("checks"), []);
    world.store.seal(Some(id(1))).await.expect("seals");
    assert_eq!(world.store.check().await.expect("checks"), []);
}

#[tokio::test]
async fn asking_for_a_blob_makes_it_young() {
    let world = World::sqlite().await;
    let digest = put(&world, "old").await;
    let path = world.blobs().join(&digest.to_string()[..2]).join(digest.to_string());
    let old = SystemTime::now() - Duration::from_secs(48 * 3600);
    fs::File::options().append(true).open(&path).expect("opens").set_modified(old).expect("ages");
    assert_eq!(world.store.collect_garbage(true, today()).await.expect("counts").blobs, 1);
    assert_eq!(world.store.blobs().missing(&[digest]).await.expect("asks"), []);
    assert_eq!(world.store.collect_garbage(false, today()).await.expect("collects").blobs, 0);
}

#[tokio::test]
async fn a_lost_manifest_keeps_all_blobs() {
    let world = World::sqlite().await;
    let new = NewRun { snapshot: Some(Digest::of(b"lost manifest")), ..new_run(1) };
    world.store.create_runs(&[new], None, now()).await.expect("creates");
    put(&world, "perhaps listed there").await;
    let refused = world.store.collect_garbage(false, later()).await;
    assert!(matches!(refused, Err(StoreError::BlobMissing(_))), "{refused:?}");
}

#[tokio::test]
async fn a_copy_is_a_store_of_one_moment() {
    let world = World::sqlite().await;
    let blobs = full(&world).await;
    let into = tempfile::tempdir().expect("a folder");
    world.store.backup(into.path()).await.expect("copies");
    let copy = Store::open_folder_existing(into.path()).await.expect("opens");
    assert_eq!(copy.run(id(1)).await.expect("reads"), world.store.run(id(1)).await.expect("reads"));
    assert_eq!(copy.points(id(1), &key("loss"), 0).await.expect("reads").len(), 5_000);
    assert_eq!(copy.blobs().missing(&blobs).await.expect("asks"), []);
    assert_eq!(copy.check().await.expect("checks"), []);
    copy.close().await;
    world.store.create_runs(&[new_run(2)], None, now()).await.expect("creates");
    world.store.backup(into.path()).await.expect("copies again");
    let copy = Store::open_folder_existing(into.path()).await.expect("opens");
    assert!(copy.run(id(2)).await.expect("reads").is_some());
}

#[tokio::test]
async fn a_later_store_is_refused_and_not_touched() {
    let world = World::sqlite().await;
    world.store.close().await;
    let file = world.folder.path().join("mendel.db");
    let pool = sqlx::SqlitePool::connect(file.to_str().expect("text")).await.expect("opens");
    sqlx::query("UPDATE mendel_store SET format = 99").execute(&pool).await.expect("writes");
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pool).await.expect("flushes");
    pool.close().await;
    let before = fs::read(&file).expect("reads");
    let refused = Store::open_folder(world.folder.path()).await;
    assert!(matches!(refused, Err(StoreError::Newer { found: 99, .. })), "{refused:?}");
    assert_eq!(fs::read(&file).expect("reads"), before);
}

#[tokio::test]
async fn a_file_that_is_no_store_and_a_folder_without_one_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let absent = Store::open_folder_existing(folder.path()).await;
    assert!(matches!(absent, Err(StoreError::NotFound { what: "store", .. })));
    fs::write(folder.path().join("mendel.db"), b"this is not a database, not at all, but long enough").expect("writes");
    let other = Store::open_folder(folder.path()).await;
    assert!(matches!(other, Err(StoreError::Corrupt(_))), "{other:?}");
}
