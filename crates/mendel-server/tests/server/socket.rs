//! The socket itself: whose it is, what it replaces, and how it ends.

use std::os::unix::{fs::PermissionsExt, net::UnixListener};

use mendel_api::{Client, ClientError};
use mendel_server::{App, router, serve_socket};
use mendel_store::Store;

use crate::lab::{Lab, answering};

#[tokio::test]
async fn only_the_owner_may_connect() {
    let lab = Lab::new().await;
    let mode = std::fs::metadata(lab.socket()).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn who_answers_tells_workspace_and_version() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let hello = client.hello().await.expect("answered");
        assert_eq!((hello.workspace.as_str(), hello.version.is_empty()), ("77", false));
    }
}

#[tokio::test]
async fn the_socket_goes_with_its_server() {
    let lab = Lab::new().await;
    let client = lab.outside.clone();
    let socket = lab.socket();
    let _folder = lab.stop().await;

    assert!(!socket.exists());
    let error = client.hello().await.expect_err("nobody");
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert!(error.is_passing());
}

#[tokio::test]
async fn a_living_server_is_not_replaced() {
    let lab = Lab::new().await;
    let other = router(App::new(lab.store.clone()));
    let error = serve_socket(other, &lab.socket(), std::future::pending()).await.expect_err("taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    lab.outside.hello().await.expect("still there");
}

#[tokio::test]
async fn what_a_dead_server_left_is_replaced_and_other_files_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_folder(folder.path()).await.expect("a store");
    let socket = folder.path().join("s");
    drop(UnixListener::bind(&socket).expect("bound"));

    let router = router(App::new(store));
    let serving = tokio::spawn({
        let (router, socket) = (router.clone(), socket.clone());
        async move { serve_socket(router, &socket, std::future::pending()).await }
    });
    answering(&Client::socket(&socket)).await;
    serving.abort();

    let file = folder.path().join("precious");
    std::fs::write(&file, "text").expect("written");
    assert!(serve_socket(router, &file, std::future::pending()).await.is_err());
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "text");
}

#[tokio::test]
async fn a_client_finds_the_server_that_came_after() {
    let lab = Lab::new().await;
    let client = lab.outside.clone();
    let socket = lab.socket();
    let folder = lab.stop().await;
    let store = Store::open_folder(folder.path()).await.expect("a store");
    tokio::spawn(async move { serve_socket(router(App::new(store)), &socket, std::future::pending()).await });

    answering(&client).await;
}
