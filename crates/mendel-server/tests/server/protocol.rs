//! The interface as any HTTP client sees it.

use std::sync::{Arc, Mutex};

use http::{Request, Response, StatusCode, header};
use mendel_api::{Client, ProblemBody, Transport};
use mendel_server::{App, RouterTransport, router};
use mendel_store::Store;

struct Plain {
    _folder: tempfile::TempDir,
    transport: RouterTransport,
}

impl Plain {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("a store");
        Self { _folder: folder, transport: RouterTransport::new(router(App::new(store))) }
    }

    async fn ask(&self, method: &str, address: &str, body: &'static [u8]) -> Response<bytes::Bytes> {
        let request = Request::builder().method(method).uri(address).body(body.into()).expect("a request");
        self.transport.call(request).await.expect("answered")
    }
}

fn code(answer: &Response<bytes::Bytes>) -> String {
    let body: ProblemBody = serde_json::from_slice(answer.body()).expect("a problem");
    body.error.code
}

#[tokio::test]
async fn the_root_says_who_answers() {
    let plain = Plain::new().await;
    for address in ["/api/v1", "/api/v1/"] {
        assert_eq!(plain.ask("GET", address, b"").await.status(), StatusCode::OK, "{address}");
    }
}

#[tokio::test]
async fn every_refusal_has_our_shape() {
    let plain = Plain::new().await;
    let refusals: [(&str, &str, &[u8], u16, &str); 9] = [
        ("GET", "/", b"", 404, "no_address"),
        ("GET", "/api/v1/nothing", b"", 404, "no_address"),
        ("DELETE", "/api/v1/projects", b"", 405, "no_method"),
        ("GET", "/api/v1/runs/xyz", b"", 422, "bad_reference"),
        ("GET", "/api/v1/runs/xyz/series", b"", 400, "bad_address"),
        ("GET", "/api/v1/blobs/xyz", b"", 400, "bad_address"),
        ("POST", "/api/v1/runs", b"{", 400, "unreadable"),
        ("POST", "/api/v1/runs", b"{}", 422, "invalid"),
        ("GET", "/api/v1/runs?archived=perhaps", b"", 422, "bad_query"),
    ];
    for (method, address, body, status, expected) in refusals {
        let answer = plain.ask(method, address, body).await;
        assert_eq!((answer.status().as_u16(), code(&answer).as_str()), (status, expected), "{method} {address}");
    }
}

#[tokio::test]
async fn a_blob_is_served_whole_and_by_range() {
    let plain = Plain::new().await;
    let digest = mendel_model::Digest::of(b"0123456789");
    let address = format!("/api/v1/blobs/{digest}");
    plain.ask("PUT", &address, b"0123456789").await;

    let whole = plain.ask("GET", &address, b"").await;
    assert_eq!((whole.status(), whole.body().as_ref()), (StatusCode::OK, &b"0123456789"[..]));
    assert_eq!(whole.headers()[header::CONTENT_LENGTH], "10");
    assert_eq!(whole.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");

    let range =
        |range: &str| Request::get(&address).header(header::RANGE, range).body(bytes::Bytes::new()).expect("a request");
    let part = plain.transport.call(range("bytes=2-4")).await.expect("answered");
    assert_eq!((part.status(), part.body().as_ref()), (StatusCode::PARTIAL_CONTENT, &b"234"[..]));
    assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 2-4/10");
    let beyond = plain.transport.call(range("bytes=10-")).await.expect("answered");
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers()[header::CONTENT_RANGE], "bytes */10");
}

#[tokio::test]
async fn a_body_larger_than_the_limit_is_refused() {
    let plain = Plain::new().await;
    let body = bytes::Bytes::from(vec![b' '; mendel_model::limits::BODY_BYTES + 1]);
    let request = Request::post("/api/v1/projects").body(body).expect("a request");
    let answer = plain.transport.call(request).await.expect("answered");
    assert_eq!((answer.status().as_u16(), code(&answer).as_str()), (413, "body_too_large"));
}

#[tokio::test]
async fn the_details_of_a_defect_are_reported_and_not_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_folder(folder.path()).await.expect("a store");
    let reported: Arc<Mutex<Vec<String>>> = Arc::default();
    let app = App::new(store).reporting({
        let reported = Arc::clone(&reported);
        move |defect| reported.lock().expect("no panic").push(defect.to_string())
    });
    let blobs = folder.path().join("blobs");
    std::fs::remove_dir_all(&blobs).expect("removed");
    std::fs::write(&blobs, "not a folder").expect("written");

    let client = Client::new(RouterTransport::new(router(app)));
    let error = client.put_blob(b"x").await.expect_err("a defect");

    assert_eq!((error.code(), error.to_string().as_str()), (Some("internal"), "the store failed"));
    let reported = reported.lock().expect("no panic");
    assert!(reported.len() == 1 && reported[0].contains("blobs"), "{reported:?}");
}
