//! Every address, asked by every role: what a member may, and what others never hear of.

use serde_json::{Value, json};

use super::lab::{Served, basic};
use crate::lab::{Lab, id};

/// A server with a run in project `secret`, and a key for each role in it.
struct Team {
    served: Served,
    run: String,
    keys: Vec<(&'static str, Value)>,
}

const ROLES: [&str; 7] = ["nobody", "stranger", "viewer", "runner", "editor", "owner", "admin"];

impl Team {
    fn new(lab: &Lab) -> Self {
        lab.write("one.py", "print('secret words')\n");
        let served = Served::start(lab, &[]);
        let mut keys = vec![("admin", lab.json(&["keys", "create", "--user", "admin"]))];
        let run = lab.run(&["--project", "secret", "one.py"]);
        for name in ["stranger", "viewer", "runner", "editor", "owner"] {
            keys.push((name, lab.json(&["keys", "create", "--user", name])));
            if name != "stranger" {
                lab.json(&["project", "member", "secret", name, name]);
            }
        }
        Self { served, run: id(&run).to_owned(), keys }
    }

    fn ask(&self, role: &str, method: &str, path: &str, body: &str) -> super::lab::Reply {
        let path = path.replace("RUN", &self.run);
        let heads: Vec<String> =
            self.keys.iter().filter(|(name, _)| *name == role).map(|(_, key)| basic(key)).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        self.served.ask(method, &path, &heads, body)
    }
}

/// What each of [`ROLES`] is answered. Where several things may be wrong, the right comes first.
const TABLE: &[(&str, &str, &str, [u16; 7])] = &[
    ("GET", "/health", "", [200; 7]),
    ("GET", "/metrics", "", [401, 403, 403, 403, 403, 403, 200]),
    ("GET", "/api/v1", "", [401, 200, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/me", "", [401, 200, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs", "", [401, 200, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN", "", [401, 404, 200, 200, 200, 200, 200]),
    ("HEAD", "/api/v1/runs/RUN/series", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN/series", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN/console", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN/events", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN/artifacts", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN/results", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/runs/RUN/batches", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/projects/secret", "", [401, 404, 200, 200, 200, 200, 200]),
    ("GET", "/api/v1/projects/secret/members", "", [401, 404, 200, 200, 200, 200, 200]),
    ("PATCH", "/api/v1/runs/RUN", r#"{"add_tags":["x"]}"#, [401, 404, 403, 403, 200, 200, 200]),
    ("POST", "/api/v1/runs/RUN/status", r#"{"to":"publish","time":0}"#, [401, 404, 403, 403, 200, 409, 409]),
    ("POST", "/api/v1/runs/RUN/records", "", [401, 404, 403, 403, 422, 422, 422]),
    (
        "PUT",
        "/api/v1/projects/secret/members",
        r#"{"user":"viewer","role":"viewer"}"#,
        [401, 404, 403, 403, 403, 200, 200],
    ),
    ("GET", "/api/v1/users", "", [401, 200, 200, 200, 200, 200, 200]),
    ("POST", "/api/v1/users", r#"{"name":"new","role":"admin"}"#, [401, 403, 403, 403, 403, 403, 200]),
    ("PATCH", "/api/v1/users/viewer", r#"{"full_name":"V"}"#, [401, 403, 403, 403, 403, 403, 200]),
    ("POST", "/api/v1/keys", r#"{"user":"admin"}"#, [401, 403, 403, 403, 403, 403, 200]),
    ("GET", "/api/v1/keys?all=true", "", [401, 403, 403, 403, 403, 403, 200]),
    ("GET", "/api/v1/audit", "", [401, 200, 200, 200, 200, 200, 200]),
    ("POST", "/api/v1/upkeep/check", "{}", [401, 403, 403, 403, 403, 403, 200]),
    ("POST", "/api/v1/upkeep/backup", r#"{"path":"/tmp/x"}"#, [401, 403, 403, 403, 403, 403, 403]),
    ("GET", "/api/v1/no-such-thing", "", [401, 404, 404, 404, 404, 404, 404]),
    ("DELETE", "/api/v1/runs/RUN", "", [401, 404, 403, 403, 403, 204, 404]),
];

#[test]
fn s01_s02_every_address_answers_every_role_as_the_table_says() {
    let lab = Lab::new();
    let team = Team::new(&lab);
    let mut wrong = Vec::new();
    for (method, path, body, expected) in TABLE {
        for (role, expected) in ROLES.iter().zip(expected) {
            let got = team.ask(role, method, path, body);
            if got.status != *expected {
                wrong.push(format!("{method} {path} as {role}: {} and not {expected}: {}", got.status, got.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn s11_lists_counts_and_references_hold_nothing_of_other_projects() {
    let lab = Lab::new();
    let team = Team::new(&lab);

    let list = team.ask("stranger", "GET", "/api/v1/runs", "").json();
    assert_eq!((list["total"].as_u64(), list["runs"].as_array().map(Vec::len)), (Some(0), Some(0)));
    assert_eq!(team.ask("stranger", "GET", "/api/v1/projects", "").json(), json!([]));
    assert_eq!(team.ask("stranger", "GET", "/api/v1/models", "").json(), json!([]));
    let part = format!("/api/v1/runs/{}", &team.run[26..]);
    assert_eq!(
        (team.ask("stranger", "GET", &part, "").status, team.ask("viewer", "GET", &part, "").status),
        (404, 200)
    );
    let absent = "0".repeat(32);
    let hidden = team.ask("stranger", "GET", "/api/v1/runs/RUN/series", "").json()["error"]["message"].to_string();
    let none = team.ask("stranger", "GET", &format!("/api/v1/runs/{absent}/series"), "").json()["error"]["message"]
        .to_string();
    assert_eq!(hidden.replace(&team.run, ""), none.replace(&absent, ""), "hidden and absent are told alike");
}

#[test]
fn s11_a_request_names_only_what_its_sender_may_see() {
    let lab = Lab::new();
    let team = Team::new(&lab);
    let make = |role: &str, run: Value| team.ask(role, "POST", "/api/v1/runs", &json!({ "runs": [run] }).to_string());
    let fresh = |number: u32| format!("0190000000007000800000000000{number:04}");

    let into = json!({"id": fresh(1), "name": "x", "project": "secret", "created": 0});
    assert_eq!(make("stranger", into.clone()).status, 404);
    assert_eq!(make("viewer", into.clone()).status, 403);
    let made = make("runner", json!({"id": fresh(1), "name": "x", "project": "secret", "created": 0, "user": "admin"}));
    assert_eq!(
        (made.status, made.json()[0]["user"].as_str()),
        (200, Some("runner")),
        "who makes it is not theirs to say"
    );
    let child = json!({"id": fresh(2), "name": "x", "project": "own", "created": 0, "parent": team.run});
    assert_eq!(make("stranger", child).status, 404);
    let taken = json!({"id": team.run, "name": "x", "project": "own", "created": 0});
    assert_eq!(make("stranger", taken).status, 404, "the answer would have been the run of others");

    let own = make("stranger", json!({"id": fresh(3), "name": "x", "project": "own", "created": 0}));
    assert_eq!(own.status, 200, "{own:?}");
    let members = team.ask("stranger", "GET", "/api/v1/projects/own/members", "").json();
    assert_eq!(members[0]["role"], "owner", "whoever makes a project owns it");
    let moved = team.ask("stranger", "PATCH", &format!("/api/v1/runs/{}", fresh(3)), r#"{"project":"secret"}"#);
    assert_eq!(moved.status, 404);
}
