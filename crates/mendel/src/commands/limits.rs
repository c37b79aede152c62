//! The limits of a server, as `mendel serve --limits` prints them.

use mendel_model::limits as l;
use serde_json::json;

use crate::printer::Printer;

/// Each limit: its id, what it bounds, and its number.
fn all() -> Vec<(&'static str, &'static str, u64)> {
    let n = |number: usize| number as u64;
    vec![
        ("L01", "bytes in a body", n(l::BODY_BYTES)),
        ("L02", "depth of a JSON body", n(l::JSON_DEPTH)),
        ("L02", "keys in one object of a body", n(l::JSON_KEYS)),
        ("L02", "bytes in one text of a body", n(l::JSON_TEXT_BYTES)),
        ("L03", "points in a batch", n(l::POINTS_PER_BATCH)),
        ("L03", "bytes in a batch", n(l::BATCH_BYTES)),
        ("L04", "series in a run", n(l::SERIES_PER_RUN)),
        ("L06", "characters in a name", n(l::NAME_CHARS)),
        ("L07", "parameters in a run", n(l::PARAMS_PER_RUN)),
        ("L07", "bytes in the value of a parameter", n(l::PARAM_BYTES)),
        ("L08", "bytes in a console line", n(l::CONSOLE_LINE_BYTES)),
        ("L08", "bytes of console in a run", l::CONSOLE_BYTES),
        ("L11", "files in a snapshot", n(l::SNAPSHOT_FILES)),
        ("L11", "bytes in a snapshot", l::SNAPSHOT_BYTES),
        ("L11", "bytes in one file of a snapshot", l::SNAPSHOT_FILE_BYTES),
        ("L13", "bytes in a YAML file", n(l::YAML_BYTES)),
        ("L15", "rows in a page", n(l::PAGE_ROWS)),
        ("L16", "cells of a grid", n(l::GRID_CELLS)),
        ("L17", "requests a second of one user while the server is busy", n(l::REQUESTS_PER_SECOND)),
        ("L17", "requests that one user may be ahead", n(l::REQUESTS_BURST)),
        ("L19", "connections", n(l::CONNECTIONS)),
        ("L19", "connections of one address", n(l::CONNECTIONS_PER_ADDRESS)),
        ("L19", "seconds a connection may be silent", l::IDLE_SECONDS),
        ("L19", "bytes in the head of a request", n(l::HEAD_BYTES)),
        ("L20", "streams of one user", n(l::STREAMS_PER_USER)),
    ]
}

/// Prints them.
pub fn print(printer: &Printer) {
    let all = all();
    let document: Vec<_> =
        all.iter().map(|(id, what, limit)| json!({ "id": id, "what": what, "limit": limit })).collect();
    printer.answer(&json!({ "limits": document }), |text| {
        for (id, what, limit) in &all {
            text.push_str(&format!("{id}  {limit:>12}  {what}\n"));
        }
    });
}
