//! The dialect as a whole: its protocol, and that no body makes any endpoint fail.

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use mendel_model::{ServerRole, Timestamp, User, UserId, UserKind};
use mendel_store::Store;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::{
    Object,
    schema::{self, Endpoint, Kind},
};
use crate::{App, ServerSettings, server_router};

/// A server in a folder of its own, and a key to it.
struct Lab {
    _folder: TempDir,
    router: Router,
    store: Store,
    basic: String,
}

impl Lab {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("a store");
        let app = App::new(store.clone());
        let basic = key(&app, "admin", ServerRole::Admin).await;
        Self { _folder: folder, router: server_router(app, ServerSettings::default()), store, basic }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let answer = self.router.clone().oneshot(request).await.expect("answers");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn call_as(&self, basic: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path).header("host", "localhost").header("authorization", basic);
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    async fn call(&self, name: &str, body: Value) -> Value {
        let (status, answer) = self.call_as(&self.basic, &format!("/{name}"), &body).await;
        assert_eq!(status, StatusCode::OK, "{name}: {answer}");
        answer["data"].clone()
    }

    /// Subcode of a refusal of the status 400.
    async fn refused(&self, name: &str, body: Value) -> u64 {
        let (status, answer) = self.call_as(&self.basic, &format!("/{name}"), &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {answer}");
        answer["meta"]["result_subcode"].as_u64().expect("a subcode")
    }

    async fn task(&self, name: &str) -> String {
        let project = self.call("projects.get_all", json!({"name": "^lab$"})).await;
        let project = match project["projects"][0]["id"].as_str() {
            Some(id) => id.to_owned(),
            None => text(&self.call("projects.create", json!({"name": "lab"})).await["id"]),
        };
        let task = json!({"name": name, "type": "training", "project": project, "script": {"repository": "r"}});
        text(&self.call("tasks.create", task).await["id"])
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn key(app: &App, name: &str, role: ServerRole) -> String {
    use base64::Engine as _;
    let user = User {
        id: UserId::from_uuid(uuid::Uuid::now_v7()),
        name: name.into(),
        full_name: String::new(),
        kind: UserKind::Person,
        role,
        created: Timestamp(0),
        disabled: false,
    };
    app.store.create_user(&user).await.expect("a user");
    let pair = app.access.create_key(&user, "", None).await.expect("a key");
    let pair = format!("{}:{}", pair.access_key, pair.secret_key);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

#[tokio::test]
async fn a_get_with_a_body_is_a_call_as_any_other() {
    let lab = Lab::new().await;
    let id = lab.task("one").await;
    for (method, path) in
        [("GET", "/v2.13/tasks.get_by_id"), ("PUT", "/tasks.get_by_id/"), ("POST", "/v999.0/tasks.get_by_id")]
    {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = request.header("authorization", &lab.basic).header("x-trains-trx", "t1");
        let body = json!({"task": id, "method": "get", "unknown": [1]}).to_string();
        let (status, answer) = lab.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!((status, answer["data"]["task"]["name"].as_str()), (StatusCode::OK, Some("one")), "{method} {path}");
        assert_eq!((&answer["meta"]["trx"], &answer["meta"]["result_code"]), (&json!("t1"), &json!(200)));
    }
}

#[tokio::test]
async fn every_refusal_is_an_envelope() {
    let lab = Lab::new().await;
    let of = |path: &str, body: &'static str, headers: &[(&'static str, &'static str)]| {
        let mut request = Request::post(path).header("host", "localhost").header("authorization", &lab.basic);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body)).expect("a request")
    };
    let cases = [
        (of("/tasks.nothing", "{}", &[]), 404, 0),
        (of("/tasks.get_by_id", "{", &[]), 400, 12),
        (of("/tasks.get_by_id", "{}", &[]), 400, 11),
        (of("/tasks.get_by_id", "{\"task\": \"x\"}", &[]), 400, 101),
        (of("/tasks.get_by_id", "{}", &[("content-encoding", "gzip")]), 415, 0),
        (of("/tasks.get_all", "{}", &[("authorization", "")]), 401, 0),
        (of("/events.add_batch", "", &[]), 400, 17),
        (of("/v2.1/tasks.clone", "{}", &[]), 404, 0),
        (of("/v2.20/models.get_by_task_id", "{}", &[]), 301, 1),
    ];
    for (request, code, subcode) in cases {
        let name = request.uri().path().to_owned();
        let (status, answer) = lab.send(request).await;
        if code != 401 {
            assert_eq!(status.as_u16(), code, "{name}: {answer}");
            assert_eq!(answer["meta"]["result_subcode"], json!(subcode), "{name}: {answer}");
        }
        assert!(answer["data"].is_object() && answer["meta"]["error_data"].is_object(), "{name}: {answer}");
    }
    let request = Request::get("/tasks.get_all").header("host", "localhost").body(Body::empty()).expect("a request");
    let (status, answer) = lab.send(request).await;
    assert_eq!((status.as_u16(), &answer["meta"]["result_subcode"]), (401, &json!(20)));
}

#[tokio::test]
async fn tr_44_the_life_of_a_task_follows_the_table() {
    let lab = Lab::new().await;
    let id = lab.task("life").await;
    let status = async || text(&lab.call("tasks.get_by_id", json!({"task": id})).await["task"]["status"]);
    assert_eq!(lab.refused("tasks.completed", json!({"task": id})).await, 110);
    for (action, after) in
        [("started", "in_progress"), ("started", "in_progress"), ("stopped", "stopped"), ("completed", "completed")]
    {
        lab.call(&format!("tasks.{action}"), json!({"task": id})).await;
        assert_eq!(status().await, after);
    }
    assert_eq!(lab.refused("tasks.stopped", json!({"task": id})).await, 110);
    lab.call("tasks.stopped", json!({"task": id, "force": true})).await;
    lab.call("tasks.close", json!({"task": id})).await;
    assert_eq!(status().await, "closed");
    assert_eq!(lab.refused("tasks.completed", json!({"task": id})).await, 110);
    lab.call("tasks.publish", json!({"task": id})).await;
    assert_eq!(status().await, "published");
    assert_eq!(lab.refused("tasks.reset", json!({"task": id})).await, 110);
    assert_eq!(lab.refused("tasks.edit", json!({"task": id, "name": "other"})).await, 110);
}

#[tokio::test]
async fn tr_29_a_queue_remembers_where_a_task_stood() {
    let lab = Lab::new().await;
    let id = lab.task("queued").await;
    let queue = text(&lab.call("queues.get_default", json!({})).await["id"]);
    let told = lab.call("tasks.enqueue", json!({"task": id})).await;
    assert_eq!((&told["queued"], &told["fields"]["execution.queue"]), (&json!(1), &json!(queue)));
    assert_eq!(lab.refused("tasks.enqueue", json!({"task": id})).await, 706);
    let told = lab.call("tasks.dequeue", json!({"task": id})).await;
    assert_eq!((&told["fields"]["status"], &told["fields"]["execution.queue"]), (&json!("created"), &Value::Null));
    lab.call("tasks.enqueue", json!({"task": id, "queue_name": "other"})).await;
    let next = lab.call("queues.get_next_task", json!({"queue": queue})).await;
    assert_eq!(next, json!({}));
    let other = text(&lab.call("queues.get_all", json!({"name": "^other$"})).await["queues"][0]["id"]);
    let next = lab.call("queues.get_next_task", json!({"queue": other, "get_task_info": true})).await;
    assert_eq!(next["entry"]["task"], json!(id));
    lab.call("tasks.started", json!({"task": id, "force": true})).await;
    let told = lab.call("tasks.dequeue", json!({"task": id, "new_status": "in_progress"})).await;
    assert_eq!(told["fields"]["status"], json!("in_progress"));
    assert_eq!(lab.refused("queues.get_next_task", json!({"queue": "none"})).await, 701);
}

#[tokio::test]
async fn tr_13_an_event_takes_the_place_of_an_earlier_one() {
    let lab = Lab::new().await;
    let id = lab.task("events").await;
    let send = async |lines: Vec<Value>| {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let request =
            Request::post("/events.add_batch").header("host", "localhost").header("authorization", &lab.basic);
        let request = request.header("content-type", "application/json-lines");
        lab.send(request.body(Body::from(body)).expect("a request")).await
    };
    let scalar = |iter: i64, value: f64| json!({"type": "training_stats_scalar", "task": id, "metric": "m", "variant": "v", "iter": iter, "value": value, "method": "get"});
    let (_, answer) = send(vec![scalar(3, 1.0), scalar(3, 7.0), json!({"type": "nothing", "task": id})]).await;
    assert_eq!((&answer["data"]["added"], &answer["data"]["errors"]), (&json!(2), &json!(1)), "{answer}");
    let plot =
        json!({"type": "plot", "task": id, "metric": "p", "variant": "v", "iter": 1, "plot_str": "{\"data\": []}"});
    let single = json!({"type": "training_stats_scalar", "task": id, "metric": "Summary", "variant": "best", "iter": -(1_i64 << 31), "value": 0.5});
    send(vec![plot.clone(), plot.clone(), plot, single]).await;
    let curves = lab.call("events.scalar_metrics_iter_histogram", json!({"task": id})).await;
    assert_eq!(curves, json!({"m": {"v": {"name": "v", "x": [3], "y": [7]}}}));
    let plots = lab.call("events.get_task_plots", json!({"task": id})).await;
    assert_eq!(plots["returned"], json!(1));
    let task = lab.call("tasks.get_by_id", json!({"task": id})).await["task"].clone();
    let last = &task["last_metrics"][super::task::told::key_of("m")][super::task::told::key_of("v")];
    assert_eq!((&last["value"], &last["min_value"], &last["max_value"]), (&json!(7), &json!(1), &json!(7)));
    assert_eq!(task["last_iteration"], json!(3));
    let (status, answer) = send(vec![scalar(1, 1.0), json!({"type": "plot"})]).await;
    assert_eq!((status.as_u16(), &answer["data"]["errors"]), (200, &json!(1)));
    assert_eq!(send(vec![json!({"type": "log", "task": "none"})]).await.1["meta"]["result_subcode"], json!(131));
}

#[tokio::test]
async fn what_a_caller_may_not_see_is_not_there() {
    let lab = Lab::new().await;
    let id = lab.task("secret").await;
    let app = App::new(lab.store.clone());
    let basic = key(&app, "guest", ServerRole::User).await;
    let ask = async |name: &str, body: Value| lab.call_as(&basic, &format!("/{name}"), &body).await;
    assert_eq!(ask("tasks.get_by_id", json!({"task": id})).await.1["meta"]["result_subcode"], json!(101));
    assert_eq!(ask("tasks.delete", json!({"task": id, "force": true})).await.1["meta"]["result_subcode"], json!(101));
    assert_eq!(ask("tasks.get_all", json!({"id": [id]})).await.1["data"]["tasks"], json!([]));
    assert_eq!(ask("projects.get_all", json!({})).await.1["data"]["projects"], json!([]));
    let made = ask("projects.create", json!({"name": "their own"})).await.1;
    let task = json!({"name": "mine", "type": "training", "project": made["data"]["id"]});
    let own = ask("tasks.create", task).await.1["data"]["id"].clone();
    assert_eq!(ask("tasks.get_by_id", json!({"task": own})).await.1["data"]["task"]["name"], json!("mine"));
    assert_eq!(ask("tasks.delete", json!({"task": own})).await.1["data"]["deleted"], json!(true));
}

/// Bodies that fit the types of an endpoint more or less, from a seed.
struct Bodies<'a> {
    state: u64,
    ids: &'a [String],
}

impl Bodies<'_> {
    fn pick(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % below.max(1)
    }

    fn request(&mut self, endpoint: &Endpoint) -> Object {
        let mut body = Object::new();
        for field in &endpoint.request {
            if field.required || self.pick(3) == 0 {
                let value = if self.pick(8) == 0 { self.junk() } else { self.value(&field.kind, &field.name, 0) };
                body.insert(field.name.clone(), value);
            }
        }
        body
    }

    fn junk(&mut self) -> Value {
        let junk = [
            json!(null),
            json!(-1),
            json!(1e300),
            json!(""),
            json!("__$not"),
            json!([]),
            json!([null, 1, "-x"]),
            json!({}),
            json!({"a.b": {"$c": [1]}}),
            json!("\u{0}ü/../%2e"),
            json!(true),
            json!([["x"], {"y": 1}]),
            json!(i64::MIN),
        ];
        junk[self.pick(junk.len())].clone()
    }

    fn value(&mut self, kind: &Kind, name: &str, depth: usize) -> Value {
        match kind {
            Kind::Any | Kind::Object => match self.pick(2) {
                0 => self.junk(),
                _ => json!({"Args": {"lr": {"section": "Args", "name": "lr", "value": "1"}}}),
            },
            Kind::Text => match self.pick(4) {
                0 => json!("training"),
                1 => json!("a name"),
                2 if name == "name" || name == "pattern" => json!("(?i)^a.*"),
                _ => json!(self.ids[self.pick(self.ids.len())]),
            },
            Kind::Int => json!([0, 1, -3, 10_000, i64::MAX, 1_700_000_000][self.pick(6)]),
            Kind::Number => json!([0.0, 1.5, -2.0, 1_700_000_000.0][self.pick(4)]),
            Kind::Bool => json!(self.pick(2) == 0),
            Kind::Time => json!(["2020-02-24T15:05:35.426770+00:00", "soon"][self.pick(2)]),
            Kind::Word(words) => json!(words[self.pick(words.len())]),
            Kind::List(inner) => Value::Array((0..self.pick(3)).map(|_| self.value(inner, name, depth + 1)).collect()),
            Kind::Map(inner) => {
                let key = ["k", "a.b$c", "ü"][self.pick(3)];
                json!({key: self.value(inner, name, depth + 1)})
            }
            Kind::Fields(fields) if depth < 6 => {
                let some = fields.iter().filter(|_| self.pick(2) == 0).collect::<Vec<_>>();
                some.into_iter()
                    .map(|field| (field.name.clone(), self.value(&field.kind, &field.name, depth + 1)))
                    .collect()
            }
            Kind::Fields(_) => json!({}),
            Kind::Named(name) => self.value(schema::named(name), name, depth + 1),
        }
    }
}

/// Requests of each endpoint in one round.
const REQUESTS: usize = 3;

#[test]
fn no_body_makes_any_endpoint_fail_and_answers_have_the_types_of_the_table() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() });
    let result = runner.run(&any::<u64>(), |seed| {
        runtime.block_on(every_endpoint(seed));
        Ok(())
    });
    result.expect("every endpoint answers");
}

async fn every_endpoint(seed: u64) {
    let lab = Lab::new().await;
    let task = lab.task("known").await;
    let model = text(&lab.call("models.create", json!({"name": "net", "uri": "file:///x", "task": task})).await["id"]);
    let queue = text(&lab.call("queues.get_default", json!({})).await["id"]);
    let project = text(&lab.call("tasks.get_by_id", json!({"task": task})).await["task"]["project"]);
    let report = text(&lab.call("reports.create", json!({"name": "text"})).await["id"]);
    lab.call("workers.register", json!({"worker": "w", "queues": [queue]})).await;
    let scalar =
        json!({"type": "training_stats_scalar", "task": task, "metric": "m", "variant": "v", "iter": 1, "value": 1});
    lab.call("events.add", scalar).await;
    let ids = [task, model, queue, project, report, "w".into(), "0".repeat(32), String::new()];
    let mut bodies = Bodies { state: seed, ids: &ids };
    for endpoint in schema::endpoints().iter().filter(|endpoint| !endpoint.name.starts_with("auth.revoke")) {
        for _ in 0..REQUESTS {
            let body = Value::Object(bodies.request(endpoint));
            let level = ["", "/v2.1", "/v2.9", "/v2.13", "/v2.31"][bodies.pick(5)];
            let (status, answer) = lab.call_as(&lab.basic, &format!("{level}/{}", endpoint.name), &body).await;
            assert!(status.as_u16() < 500, "{} {body}: {answer}", endpoint.name);
            // References of these are told as the objects they name.
            let expanded = endpoint.name.ends_with("_ex");
            let told = status == StatusCode::OK && level.is_empty() && !expanded;
            if let Some(data) = answer["data"].as_object().filter(|_| told) {
                let told = schema::conforms(&endpoint.answer, data);
                assert_eq!(told, Ok(()), "{} {body}: {answer}", endpoint.name);
            }
        }
    }
}
