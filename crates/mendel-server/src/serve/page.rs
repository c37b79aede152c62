//! The page behind the set-up link: everything it needs comes from this server, and nothing in
//! it is put together from what was stored.

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderName, header};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page and its parts.
pub(super) fn pages() -> Router {
    Router::new()
        .route("/set-up", get(|| async { page("text/html; charset=utf-8", include_str!("../../pages/set-up.html")) }))
        .route(
            "/set-up.js",
            get(|| async { page("text/javascript; charset=utf-8", include_str!("../../pages/set-up.js")) }),
        )
        .route("/set-up.css", get(|| async { page("text/css; charset=utf-8", include_str!("../../pages/set-up.css")) }))
}

fn page(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    (headers, text).into_response()
}
