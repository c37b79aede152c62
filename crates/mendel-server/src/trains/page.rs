//! Pages that clients link to: each leads to the page of the run.

use axum::response::{IntoResponse, Redirect, Response};
use http::{Method, request::Parts};

/// The page that a link of a client leads to; none where it is no such link.
pub(super) fn page(parts: &Parts) -> Option<Response> {
    if parts.method != Method::GET {
        return None;
    }
    let task = task_of(parts.uri.path())?;
    Some(Redirect::temporary(&format!("/runs/{task}")).into_response())
}

/// The task of `/tasks/<id>/…` or `/projects/<project or *>/experiments/<id>/…`.
fn task_of(path: &str) -> Option<&str> {
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let id = match words[..] {
        ["tasks", id, ..] => id,
        ["projects", _, "experiments" | "tasks", id, ..] => id,
        _ => return None,
    };
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tr_81_links_of_both_clients_name_a_task() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(task_of(&format!("/tasks/{id}/output/log")), Some(id));
        assert_eq!(task_of(&format!("/projects/*/experiments/{id}/output/log")), Some(id));
        assert_eq!(task_of("/projects/x/experiments/../output/log"), None);
        assert_eq!(task_of("/tasks/x"), None);
    }
}
