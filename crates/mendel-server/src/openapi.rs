//! The OpenAPI document, written from the very declarations that make the router.
//!
//! An address is in the document because it is in the router, and the other way round. What
//! an operation is called is the name of its handler.

use std::collections::BTreeMap;

use http::Method;
use mendel_model::Need;
use serde_json::{Map, Value, json};

/// One address as it was declared.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    method: Method,
    path: &'static str,
    need: Need,
    handler: &'static str,
}

impl Declared {
    pub(crate) fn of<H>(method: Method, path: &'static str, need: Need) -> Self {
        let whole = std::any::type_name::<H>();
        let handler = whole.rsplit("::").next().unwrap_or(whole);
        Self { method, path, need, handler }
    }

    fn operation(&self) -> Value {
        let tag = self.path.split('/').nth(1).filter(|tag| !tag.is_empty()).unwrap_or("server");
        let mut words = self.handler.replace('_', " ");
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let names = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<_> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let mut operation = json!({
            "operationId": self.handler,
            "summary": words,
            "tags": [tag],
            "parameters": parameters,
            "x-needs": needed(self.need),
            "responses": {
                "200": {"description": "Done; 204 where there is nothing to tell."},
                "4XX": {"$ref": "#/components/responses/Refusal"},
                "5XX": {"$ref": "#/components/responses/Refusal"},
            },
        });
        if matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            operation["requestBody"] = json!({"content": {
                "application/json": {"schema": {}},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            }});
            operation["parameters"].as_array_mut().into_iter().for_each(|parameters| {
                parameters.push(json!({
                    "name": "Idempotency-Key", "in": "header", "required": false,
                    "schema": {"type": "string", "maxLength": 128},
                }));
            });
        }
        operation
    }
}

fn needed(need: Need) -> String {
    match need {
        Need::Nothing => "nothing".to_owned(),
        Need::Identity => "somebody known".to_owned(),
        Need::InProject(role) => format!("{role} in the project"),
        Need::Operate => "operator".to_owned(),
        Need::Administer => "admin".to_owned(),
    }
}

/// The document of these addresses.
pub(crate) fn document(declared: &[Declared]) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for own in declared {
        let path = format!("/api/v1{}", own.path.trim_end_matches('/'));
        paths.entry(path).or_default().insert(own.method.as_str().to_ascii_lowercase(), own.operation());
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Mendel", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "security": [{"key": []}, {"token": []}],
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
            "responses": {"Refusal": {
                "description": "Why not.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
            }},
            "schemas": {"Refusal": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "hint": {"type": "string"},
                        "field": {"type": "string"},
                        "request_id": {"type": "string"},
                        "faults": {"type": "array", "items": {"type": "object"}},
                    },
                }},
            }},
        },
    })
}
