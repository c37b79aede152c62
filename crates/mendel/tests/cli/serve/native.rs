//! The native interface: its document, asking twice, streams, sessions of browsers.

use serde_json::{Value, json};

use super::lab::{Reply, Served, basic};
use crate::lab::{Lab, id};

#[test]
fn s01_s03_every_address_of_the_document_is_there_and_asks_who_is_there() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create"]);
    let document = served.get("/api/v1/openapi.json", &key).json();
    let paths = document["paths"].as_object().expect("paths");
    let mut asked = 0;
    for (path, methods) in paths {
        let address = path.replace("{name}", "x").replace("{digest}", &"0".repeat(64));
        let address = address.replace(['{', '}'], "0");
        for (method, operation) in methods.as_object().expect("methods") {
            let method = method.to_uppercase();
            let open = operation["x-needs"] == "nothing";
            assert_eq!(served.ask(&method, &address, &[], "").status, if open { 400 } else { 401 }, "{method} {path}");
            let known = served.ask(&method, &address, &[&basic(&key)], "");
            assert!(!matches!(known.status, 401 | 405 | 500), "{method} {path}: {known:?}");
            assert!(known.status != 404 || known.code() != "no_address", "{method} {path}: {known:?}");
            assert!(operation["x-needs"].is_string() && operation["operationId"].is_string(), "{method} {path}");
            asked += 1;
        }
        for method in
            ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().filter(|own| methods[&own.to_lowercase()].is_null())
        {
            let reply = served.ask(method, &address, &[&basic(&key), "x-http-method-override: GET"], "");
            assert_eq!(reply.status, 405, "{method} {path} is in no document: {reply:?}");
        }
    }
    assert!(asked > 50, "{asked}");
}

#[test]
fn p2_a_request_with_a_key_is_done_once() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create"]);
    let make = |name: &str, number: &str| {
        let number = format!("idempotency-key: {number}");
        served.ask("POST", "/api/v1/users", &[&basic(&key), &number], &json!({ "name": name }).to_string())
    };

    let first = make("ada", "one");
    let again = make("ada", "one");
    assert_eq!((first.status, again.status), (200, 200), "{again:?}");
    assert_eq!(first.json(), again.json());
    assert!(again.head.contains("idempotent-replayed: true"));
    assert_eq!((make("bob", "one").status, make("bob", "one").code().as_str()), (409, "key_reused"));
    assert_eq!(make("ada", "two").status, 409, "without the key it is another request");
    let refused = make("", "three");
    assert_eq!((refused.status, make("", "three").status), (422, 422));
    assert_eq!(make("ada", &"x".repeat(200)).status, 400);

    let key_made = |number: &str| {
        let number = format!("idempotency-key: {number}");
        served.ask("POST", "/api/v1/keys", &[&basic(&key), &number], "{}").json()
    };
    assert_ne!(key_made("four")["secret_key"], key_made("four")["secret_key"], "a secret is told once and not kept");
}

#[test]
fn a_stream_tells_a_run_and_goes_on_after_the_last_event() {
    let lab = Lab::new();
    lab.write("one.py", "print('first line')\nprint('second line')\n");
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create"]);
    let run = lab.run(&["one.py"]);
    let follow = |heads: &[&str]| {
        let own = basic(&key);
        let heads = [&[own.as_str()], heads].concat();
        served.ask("GET", &format!("/api/v1/runs/{}/stream", id(&run)), &heads, "")
    };

    // The run has ended, so its stream does.
    let told = follow(&[]);
    assert!(told.head.contains("text/event-stream"), "{}", told.head);
    assert!(told.body.contains("event: console") && told.body.contains("second line"), "{}", told.body);
    assert!(told.body.contains("event: status") && told.body.contains(r#""status":"completed""#), "{}", told.body);
    let place = told.body.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().expect("an id").to_owned();
    let rest = follow(&[&format!("last-event-id: {place}")]);
    assert!(!rest.body.contains("event: "), "{}", rest.body);
}

#[test]
fn s43_a_browser_changes_something_only_from_its_own_page() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create"]);
    let pair = json!({"access_key": key["access_key"], "secret_key": key["secret_key"]}).to_string();
    let signed_in = served.ask("POST", "/api/v1/sessions", &[], &pair);
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let cookie = signed_in.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    assert!(cookie.contains("httponly") && cookie.contains("samesite=lax"), "{cookie}");
    let cookie = cookie_of(&served, &pair);
    let token = format!("x-mendel-token: {}", cookie.1);
    let origin = format!("origin: {}", served.url);
    let change = |heads: &[&str]| {
        let heads = [&[cookie.0.as_str()], heads].concat();
        served.ask("POST", "/api/v1/users", &heads, r#"{"name":"x"}"#).status
    };

    assert_eq!(served.ask("GET", "/api/v1/me", &[&cookie.0], "").status, 200);
    assert_eq!(change(&[]), 403);
    assert_eq!(change(&[&origin]), 403);
    assert_eq!(change(&[&token]), 403);
    assert_eq!(change(&[&token, "origin: http://evil.example"]), 403);
    assert_eq!(change(&["x-mendel-token: 0000", &origin]), 403);
    assert_eq!(change(&[&token, &origin]), 200);

    let out = served.ask("DELETE", "/api/v1/sessions", &[&cookie.0, &token, &origin], "");
    assert_eq!(out.status, 204, "{out:?}");
    assert_eq!(served.ask("GET", "/api/v1/me", &[&cookie.0], "").status, 401, "signed out is signed out");
}

/// The head with a session's cookie as it is written, and the token of its page.
fn cookie_of(served: &Served, pair: &str) -> (String, String) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(served.authority()).expect("connects");
    let request = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{pair}",
        served.authority(),
        pair.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie: ")).expect("a cookie");
    let cookie = line.split_once(": ").and_then(|(_, value)| value.split(';').next()).expect("a cookie");
    let body: Value = serde_json::from_str(body).expect("a document");
    (format!("cookie: {cookie}"), body["token"].as_str().expect("told").to_owned())
}

#[test]
fn what_was_changed_is_in_the_trail() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create", "--user", "ada"]);
    lab.json(&["project", "create", "lab"]);
    lab.json(&["project", "member", "lab", "everyone", "viewer"]);
    lab.json(&["keys", "create", "--user", "bob"]);

    let trail: Reply = served.get("/api/v1/audit", &key);
    let entries = trail.json()["entries"].as_array().expect("entries").clone();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap_or_default()).collect();
    assert_eq!(actions, ["key.create", "user.create", "project.member", "key.create", "user.create"], "{trail:?}");
    assert_eq!((entries[2]["object"].as_str(), entries[2]["detail"]["role"].as_str()), (Some("lab"), Some("viewer")));
}
