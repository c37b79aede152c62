//! The form of every answer: `meta` with what became of the call, `data` with what it told.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Object, level::Level, refusal::Refusal, time::new_id};

/// What an endpoint tells.
pub(super) enum Told {
    /// The `data` of an envelope.
    Data(Object),
    /// A file to be saved under a name.
    File { name: String, media: &'static str, body: String },
}

/// What identifies a call in its envelope.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) trx: Option<String>,
    pub(super) name: String,
    pub(super) requested: Option<Level>,
    pub(super) actual: Option<Level>,
}

impl Seen {
    /// A call nothing is known of yet.
    pub(super) fn new(trx: Option<&str>) -> Self {
        Self { id: new_id(), trx: trx.map(str::to_owned), name: String::new(), requested: None, actual: None }
    }
}

/// The answer to a call.
pub(super) fn respond(seen: &Seen, outcome: Result<Told, Refusal>) -> Response {
    match outcome {
        Ok(Told::Data(data)) => envelope(seen, 200, 0, "OK", &Object::new(), None, data),
        Ok(Told::File { name, media, body }) => file(&name, media, body),
        Err(refusal) => {
            let stack =
                (refusal.code == 500 && refusal.subcode == 0).then_some("the server keeps the details in its log");
            let Refusal { code, subcode, message, data, .. } = &refusal;
            envelope(seen, *code, *subcode, message, data, stack, Object::new())
        }
    }
}

fn envelope(
    seen: &Seen,
    code: u16,
    subcode: u16,
    message: &str,
    facts: &Object,
    stack: Option<&str>,
    data: Object,
) -> Response {
    let level = |level: Option<Level>| level.map_or(Value::Null, Level::told);
    let body = json!({
        "meta": {
            "id": seen.id,
            "trx": seen.trx.as_ref().unwrap_or(&seen.id),
            "endpoint": {
                "name": seen.name,
                "requested_version": level(seen.requested),
                "actual_version": level(seen.actual),
            },
            "result_code": code,
            "result_subcode": subcode,
            "result_msg": message,
            "error_stack": stack,
            "error_data": facts,
        },
        "data": data,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn file(name: &str, media: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename={plain}"));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
