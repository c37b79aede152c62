//! Who is let in, and with what.

use serde_json::json;

use super::lab::{Served, basic};
use crate::lab::Lab;

#[test]
fn s12_the_set_up_link_makes_one_admin_once() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let secret = served.set_up.as_deref().and_then(|link| link.split_once('#')).expect("a link").1.to_owned();
    let set_up = |secret: &str| {
        let body = json!({"secret": secret, "name": "ada"}).to_string();
        served.ask("POST", "/api/v1/set-up", &[], &body)
    };

    let page = served.ask("GET", "/set-up", &[], "");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    assert!(!page.head.contains("unsafe") && page.body.contains("/set-up.js"));
    assert_eq!(set_up("guessed").status, 404);
    let made = set_up(&secret);
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(set_up(&secret).status, 404, "it works once");

    let me = served.get("/api/v1/me", &made.json());
    assert_eq!((me.status, me.json()["role"].as_str()), (200, Some("admin")));
    drop(served);
    assert_eq!(Served::start(&lab, &[]).set_up, None);
}

#[test]
fn a_key_opens_the_server_until_it_is_taken_back() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create", "--clearml", "--user", "ada", "--label", "laptop"]);
    let (access, secret) = (key["access_key"].as_str().expect("told"), key["secret_key"].as_str().expect("told"));
    assert_eq!(access.len(), 30);
    let variables = key["environment"].as_str().expect("told");
    assert!(variables.contains(&format!("CLEARML_API_HOST={}\n", served.url)), "{variables}");
    assert!(variables.contains(secret) && key["clearml_conf"].as_str().expect("told").contains(secret));

    assert_eq!(served.get("/api/v1/runs", &key).status, 200);
    let listed = lab.mendel(&["keys", "ls"]).out;
    assert!(listed.contains(access) && listed.contains("laptop") && !listed.contains(secret), "{listed}");
    let stored = std::fs::read(lab.workspace().join("mendel.db")).expect("a store");
    let log = std::fs::read(lab.workspace().join("mendel.db-wal")).unwrap_or_default();
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    assert!(!holds(&stored) && !holds(&log), "a secret is kept as a hash only");

    lab.json(&["keys", "revoke", access]);
    let refused = served.get("/api/v1/runs", &key);
    assert_eq!((refused.status, refused.code().as_str()), (401, "unauthenticated"));
}

#[test]
fn s08_a_wrong_secret_and_an_unknown_key_are_told_alike() {
    let lab = Lab::new();
    let served = Served::start(&lab, &[]);
    let key = lab.json(&["keys", "create"]);
    let mut wrong = key.clone();
    wrong["secret_key"] = json!("wrong");
    let mut unknown = wrong.clone();
    unknown["access_key"] = json!("A".repeat(30));

    let without_number = |reply: super::lab::Reply| {
        let mut told = reply.json();
        told["error"]["request_id"] = json!("");
        (reply.status, told)
    };
    let told = without_number(served.get("/api/v1/runs", &wrong));
    assert_eq!(told, without_number(served.get("/api/v1/runs", &unknown)));
    assert_eq!(told.0, 401);
    let tries: Vec<_> = (0..5).map(|_| served.get("/api/v1/runs", &wrong)).collect();
    let last = tries.last().expect("a reply");
    assert_eq!(last.status, 429);
    assert!(last.head.contains("retry-after: "), "{}", last.head);
    assert_eq!(served.get("/api/v1/runs", &key).status, 429, "a right try waits as well");
}

#[test]
fn s44_a_name_that_is_not_ours_is_refused() {
    let lab = Lab::new();
    let served = Served::start(&lab, &["--host-name", "lab.example"]);
    let key = lab.json(&["keys", "create"]);
    let ask = |host: &str| {
        let head = basic(&key);
        served.raw(format!("GET /api/v1/me HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{head}\r\n\r\n").as_bytes())
    };
    for host in ["localhost", "localhost:9", "127.0.0.1", "[::1]:8008", "lab.example:80"] {
        assert_eq!(ask(host).status, 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "", "lab.example.evil"] {
        assert_eq!(ask(host).status, 421, "{host}");
    }
}
