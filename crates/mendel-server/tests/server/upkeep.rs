//! Sealing, checking, repairing, collecting garbage, backing up.

use mendel_store::Store;

use crate::lab::{Lab, frames, made, points, series, started, wanted, writer_id};

#[tokio::test]
async fn sealing_changes_no_answer() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let (id, writer) = (started(client, "train").await.facts.id, writer_id());
        client.append(id, 1, writer, frames(1, &[series(1, "loss", "")]).into()).await.expect("stored");
        for batch in 0..10_i64 {
            let values = (0..50).map(|step| (batch * 50 + step, step as f64));
            let sequence = 2 + u64::try_from(batch).expect("small");
            client.append(id, 1, writer, frames(sequence, &[points(values)]).into()).await.expect("stored");
        }
        let before = client.points(id, "loss", "", 0).await.expect("points");
        let sealed = client.seal(Some(id)).await.expect("sealed");
        assert_eq!(sealed.points, 500);
        assert_eq!(client.points(id, "loss", "", 0).await.expect("points"), before);
    }
}

#[tokio::test]
async fn damage_is_found_and_put_aside() {
    let lab = Lab::new().await;
    let digest = lab.inside.put_blob(b"precious").await.expect("stored");
    assert_eq!(lab.outside.check().await.expect("checked"), []);
    std::fs::remove_file(lab.blob_file(&digest)).expect("removed");
    std::fs::write(lab.blob_file(&digest), b"precioux").expect("damaged");

    let found = lab.outside.check().await.expect("checked");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].subject.contains(&digest.to_string()));
    assert_eq!(lab.outside.repair().await.expect("repaired"), found);
    assert_eq!(lab.outside.check().await.expect("checked"), []);
}

#[tokio::test]
async fn young_garbage_stays() {
    let lab = Lab::new().await;
    let digest = lab.inside.put_blob(b"about to be named").await.expect("stored");
    for dry_run in [true, false] {
        lab.outside.collect_garbage(dry_run).await.expect("collected");
        assert_eq!(lab.outside.missing_blobs(&[digest]).await.expect("answered"), []);
    }
}

#[tokio::test]
async fn a_backup_is_a_store_with_everything() {
    let lab = Lab::new().await;
    let run = made(&lab.inside, wanted("train")).await;
    let into = lab.folder.path().join("copy");
    lab.outside.backup(&into).await.expect("backed up");

    let copy = Store::open_folder_existing(&into).await.expect("a store");
    assert_eq!(copy.run(run.facts.id).await.expect("answered"), Some(run));
}
