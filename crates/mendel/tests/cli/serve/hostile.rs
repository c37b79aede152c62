//! What hostile requests are answered.

use serde_json::{Value, json};

use super::lab::{Served, basic};
use crate::lab::Lab;

struct Target {
    served: Served,
    key: Value,
    _lab: Lab,
}

impl Target {
    fn new() -> Self {
        let lab = Lab::new();
        let served = Served::start(&lab, &[]);
        let key = lab.json(&["keys", "create"]);
        Self { served, key, _lab: lab }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let reply = self.served.ask(method, path, &[&basic(&self.key)], body);
        assert_ne!(reply.status, 500, "{method} {path}: {reply:?}");
        for leak in ["/tmp/", "SELECT", "panicked", "mendel.db", ".rs:"] {
            assert!(!reply.body.contains(leak), "{method} {path} tells `{leak}`: {reply:?}");
        }
        let code = serde_json::from_str(&reply.body)
            .map(|body: Value| body["error"]["code"].as_str().unwrap_or("").to_owned());
        (reply.status, code.unwrap_or_default())
    }

    /// Heads as they stand, and no body.
    fn raw(&self, request: &str) -> u16 {
        let heads = format!("host: {}\r\nconnection: close\r\n{}", self.served.authority(), basic(&self.key));
        self.served.raw(request.replace("HEADS", &heads).as_bytes()).status
    }
}

#[test]
fn s05_a_path_in_another_form_leads_nowhere() {
    let target = Target::new();
    for path in [
        "//api/v1/me",
        "/api//v1/me",
        "/./api/v1/me",
        "/api/v1/../v1/me",
        "/api/v1/%2e%2e/v1/me",
        "/api/v1/me;x=1",
        "/API/V1/ME",
        "/api/v1/m%65%00",
        "/api/v1/%6de%252f",
        "/api/v1/projects/a%5Cb",
        "/api/v1/projects/..%2F..%2Fetc",
        "/api/v1/me//",
    ] {
        assert_eq!(target.ask("GET", path, "").0, 404, "{path}");
    }
}

#[test]
fn s20_names_that_mean_a_place_are_refused_and_change_nothing() {
    let target = Target::new();
    let long = "x".repeat(300);
    for (name, expected) in [
        ("../up", 422),
        ("a/../../b", 422),
        ("nul\u{0}", 422),
        ("line\nbreak", 422),
        ("", 422),
        (long.as_str(), 422),
        ("..", 422),
    ] {
        let body = json!({"name": name, "created": 0}).to_string();
        assert_eq!(target.ask("POST", "/api/v1/projects", &body).0, expected, "{name:?}");
    }
    assert_eq!(target.served.get("/api/v1/projects", &target.key).json(), json!([]));
}

#[test]
fn s51_s34_what_stands_in_a_query_stays_a_value() {
    let target = Target::new();
    for (query, expected) in [
        ("project=x'%20OR%20'1'='1", 200),
        ("filter=name%20=%20'a'%20OR%201=1;%20DROP%20TABLE%20runs", 422),
        ("filter=__import__('os')", 422),
        ("sort=number;%20DROP%20TABLE%20runs", 422),
        ("sort=password", 422),
        ("limit=100000", 422),
        ("limit=-1", 422),
        ("cursor=abc", 422),
        ("identity=x", 422),
        ("status=ok", 422),
    ] {
        assert_eq!(target.ask("GET", &format!("/api/v1/runs?{query}"), "").0, expected, "{query}");
    }
}

#[test]
fn s10_unknown_and_foreign_fields_of_a_body_are_refused() {
    let target = Target::new();
    for (method, path, body) in [
        ("POST", "/api/v1/users", r#"{"name":"x","id":"0","password":"p"}"#),
        ("PATCH", "/api/v1/users/x", r#"{"owner":true}"#),
        ("POST", "/api/v1/keys", r#"{"owner":"x"}"#),
        ("PUT", "/api/v1/projects/x/members", r#"{"user":null,"role":"root"}"#),
    ] {
        let (status, _) = target.ask(method, path, body);
        assert_eq!(status, 422, "{method} {path} {body}");
    }
}

#[test]
fn s55_bodies_that_are_too_much_or_nothing_are_refused_with_the_reason() {
    let target = Target::new();
    let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let wide = format!("{{{}}}", (0..10_001).map(|key| format!("\"k{key}\":1")).collect::<Vec<_>>().join(","));
    for (body, expected) in [
        (deep.as_str(), (422, "too_complex")),
        (wide.as_str(), (422, "too_complex")),
        ("{", (400, "unreadable")),
        ("", (400, "unreadable")),
        ("\u{0}", (400, "unreadable")),
        ("[1]", (422, "invalid")),
        (r#"{"name":5}"#, (422, "invalid")),
        (r#"{"name":"a","name":"b"}"#, (422, "invalid")),
    ] {
        let (status, code) = target.ask("POST", "/api/v1/users", body);
        assert_eq!((status, code.as_str()), expected, "{}", &body[..body.len().min(40)]);
    }
    let large = format!("\"{}\"", "x".repeat(9 << 20));
    assert_eq!(target.ask("PUT", "/api/v1/notes/n", &large), (413, "body_too_large".to_owned()));
}

#[test]
fn s54_a_head_that_smuggles_or_swells_is_refused() {
    let target = Target::new();
    let two_lengths =
        "POST /api/v1/users HTTP/1.1\r\nHEADS\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(target.raw(two_lengths), 400);
    assert_eq!(
        target.raw("POST /api/v1/users HTTP/1.1\r\nHEADS\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
        400
    );
    assert_eq!(target.raw("GET /api/v1/me HTTP/1.1\r\nHEADS\r\nhost: localhost\r\n\r\n"), 421);
    assert_eq!(target.raw(&format!("GET /api/v1/me HTTP/1.1\r\nHEADS\r\nx: {}\r\n\r\n", "x".repeat(40 << 10))), 431);
    assert_eq!(target.raw("GET /api/v1/me HTTP/1.1\r\nHEADS\r\nx : y\r\n\r\n"), 400);
    assert_eq!(target.raw("nonsense\r\n\r\n"), 400);
    assert_eq!(target.raw("GET /api/v1/me HTTP/1.1\r\nHEADS\r\n\r\n"), 200);
}

#[test]
fn s07_tokens_of_others_and_of_nobody_are_refused_alike() {
    let target = Target::new();
    let other = Target::new();
    for shown in [
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
        "Bearer x.y.z",
        "Bearer ",
        "Basic !!!!",
        "Basic eDp5",
        "Digest x",
        "x",
        &format!("Bearer {}", "a".repeat(9000)),
        basic(&other.key).trim_start_matches("authorization: "),
    ] {
        let reply = target.served.ask("GET", "/api/v1/me", &[&format!("authorization: {shown}")], "");
        assert_eq!((reply.status, reply.code().as_str()), (401, "unauthenticated"), "{shown}");
    }
}

#[test]
fn s25_s26_bytes_are_named_by_what_they_are_and_nothing_else() {
    let target = Target::new();
    let claimed = "0".repeat(64);
    let put = |digest: &str| target.ask("PUT", &format!("/api/v1/blobs/{digest}?offset=0&last=true"), "other bytes").0;
    assert!(matches!(put(&claimed), 409 | 422), "the digest is the server's to tell");
    for bad in ["x", "..%2Fmendel.db", &"0".repeat(63), "%2Fetc%2Fpasswd"] {
        assert!(matches!(put(bad), 400 | 404 | 422), "{bad}");
        assert!(matches!(target.ask("GET", &format!("/api/v1/blobs/{bad}"), "").0, 400 | 404 | 422), "{bad}");
    }
    assert_eq!(target.ask("GET", &format!("/api/v1/blobs/{claimed}"), "").0, 404);
    assert!(matches!(target.ask("DELETE", "/api/v1/runs/..%2F..", "").0, 400 | 404 | 422));
}

#[test]
fn s06_two_installations_share_no_secret_and_a_fresh_one_has_no_account() {
    let (one, two) = (Lab::new(), Lab::new());
    let served: Vec<_> = [&one, &two].into_iter().map(|lab| Served::start(lab, &[])).collect();
    let secrets: Vec<_> = served.iter().map(|served| served.set_up.clone().expect("a link")).collect();
    assert_ne!(secrets[0].split_once('#'), secrets[1].split_once('#'));
    for guess in
        ["admin:admin", "root:", "EGRTCO8JMSIGI6S39GTP43NFWXDQOW:x!XTov_G-#vspE*Y(h$Anm&DIc5Ou-F)jsl$PdOyj5wG1&E!Z8"]
    {
        let (name, secret) = guess.split_once(':').expect("a pair");
        let key = json!({"access_key": name, "secret_key": secret});
        assert_eq!(served[0].get("/api/v1/me", &key).status, 401, "{guess}");
    }
}
