//! The companion: one for each workspace, gone when nobody needs it, nothing left unsealed.

use std::{path::Path, time::Duration};

use mendel_api::Client;
use mendel_server::{App, Ended, RouterTransport, companion, companion_until, router};
use mendel_store::Store;
use tokio::sync::oneshot;

use crate::lab::{answering, frames, points, series, started, writer_id};

const SOON: Duration = Duration::from_millis(300);
const NEVER: Duration = Duration::from_secs(3600);

async fn store(folder: &Path) -> Store {
    Store::open_folder(folder).await.expect("a store")
}

#[tokio::test]
async fn a_companion_that_nobody_needs_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let ended = companion(store(folder.path()).await, &socket, SOON).await.expect("served");
    assert_eq!(ended, Ended::Served);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_connection_keeps_it_and_all_is_sealed_when_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let store = store(folder.path()).await;
    let serving = tokio::spawn({
        let (store, socket) = (store.clone(), socket.clone());
        async move { companion(store, &socket, SOON).await }
    });
    let client = Client::socket(&socket);
    answering(&client).await;
    let run = started(&client, "train").await.facts.id;
    let sent = frames(1, &[series(1, "loss", ""), points((0..100).map(|step| (step, 0.5)))]);
    client.append(run, 1, writer_id(), sent.into()).await.expect("stored");
    tokio::time::sleep(SOON * 2).await;
    client.hello().await.expect("still there");

    drop(client);

    assert_eq!(serving.await.expect("no panic").expect("served"), Ended::Served);
    assert_eq!(store.seal(Some(run)).await.expect("sealed").points, 0, "nothing is left to seal");
    assert_eq!(store.series(run).await.expect("series")[0].count, 100);
}

#[tokio::test]
async fn two_that_start_at_once_end_as_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let store = store(folder.path()).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let told = async { drop(stopped.await) };
    let first = companion_until(store.clone(), &socket, NEVER, told);
    let second = async {
        let ended = companion(store.clone(), &socket, NEVER).await.expect("answered");
        let _told = stop.send(());
        ended
    };
    let (first, second) = tokio::join!(first, second);

    assert_eq!((first.expect("served"), second), (Ended::Served, Ended::OtherServes));
}

#[tokio::test]
async fn a_companion_follows_one_that_was_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let store = store(folder.path()).await;
    for _ in 0..2 {
        let serving = tokio::spawn({
            let (store, socket) = (store.clone(), socket.clone());
            async move { companion(store, &socket, NEVER).await }
        });
        answering(&Client::socket(&socket)).await;
        serving.abort();
        assert!(serving.await.expect_err("aborted").is_cancelled());
    }
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_while_companions_come_and_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s");
    let store = store(folder.path()).await;
    let run = started(&Client::new(RouterTransport::new(router(App::new(store.clone())))), "train").await.facts.id;
    let writers: Vec<_> = (0..4)
        .map(|number| {
            let (store, socket) = (store.clone(), socket.clone());
            tokio::spawn(async move {
                let (writer, name) = (writer_id(), format!("loss {number}"));
                let batch = |sequence| match sequence {
                    1 => frames(1, &[series(1, &name, "")]),
                    _ => frames(sequence, &[points([(0, 1.0)])]),
                };
                for sequence in 1..=20 {
                    // A client of its own each time: between two calls nobody may be connected.
                    while Client::socket(&socket).append(run, 1, writer, batch(sequence).into()).await.is_err() {
                        let (store, socket) = (store.clone(), socket.clone());
                        tokio::spawn(async move { companion(store, &socket, Duration::from_millis(1)).await });
                        tokio::task::yield_now().await;
                    }
                    tokio::time::sleep(Duration::from_millis(sequence % 5)).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }

    let counts: Vec<_> = store.series(run).await.expect("series").into_iter().map(|series| series.count).collect();
    assert_eq!(counts, [19; 4]);
}
