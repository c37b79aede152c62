//! What concerns the whole workspace: tags, counts, and lists as files.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    envelope::Told,
    model, project,
    query::{text as plain, values},
    refusal::Refusal,
    session,
    task::{self, system_tags},
    value::{flag, items, needed, object, text, texts, told},
};

/// Rows of a file, at most.
const ROWS: usize = 100_000;

/// Answers an endpoint of `organization`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "get_tags" => tags(call).await,
        "get_user_companies" => {
            let company = json!({
                "id": session::COMPANY, "name": "Mendel", "allocated": 1,
                "owners": [{"id": call.who.id, "name": call.who.name, "avatar": ""}],
            });
            Ok(told(json!({"companies": [company]})))
        }
        "get_entities_count" => counts(call).await,
        "prepare_download_for_get_all" => prepare(call),
        _ => return None,
    })
}

/// `organization.get_tags`
async fn tags(call: &Call) -> Answer {
    let (mut tags, mut system) = (BTreeSet::new(), BTreeSet::new());
    let runs = call.app.store.scan_runs(&mendel_store::RunScan::default()).await?;
    for run in runs.into_iter().filter(|run| call.rights.sees(&run.facts.project)) {
        system.extend(system_tags(&run));
        tags.extend(run.facts.tags);
    }
    let models = call.app.store.registered_models(None).await?;
    for model in models.into_iter().filter(|model| call.rights.sees(&model.project)) {
        tags.extend(model.record.tags);
        system.extend(model.system_tags);
    }
    let filter = object(&call.data, "filter").cloned().unwrap_or_default();
    if let Some(wanted) = texts(&filter, "tags").filter(|wanted| !wanted.is_empty()) {
        tags.retain(|tag| wanted.contains(tag));
    }
    let mut answer = told(json!({"tags": tags}));
    if flag(&call.data, "include_system") {
        answer.insert("system_tags".to_owned(), json!(system));
    }
    Ok(answer)
}

/// `organization.get_entities_count`: how many things fit each of the queries.
async fn counts(call: &Call) -> Answer {
    let mut answer = Object::new();
    for key in ["projects", "tasks", "models", "pipelines", "datasets", "reports"] {
        let Some(query) = object(&call.data, key) else { continue };
        let mut query = query.clone();
        for shared in ["search_hidden", "allow_public"] {
            if let Some(value) = call.data.get(shared) {
                query.entry(shared).or_insert_with(|| value.clone());
            }
        }
        for cut in ["page", "page_size", "only_fields", "scroll_id", "size"] {
            query.remove(cut);
        }
        let count = count_pages(call, key, query).await?;
        answer.insert(key.to_owned(), count.into());
    }
    Ok(answer)
}

/// The same caller with another request.
fn with(call: &Call, data: Object) -> Call {
    Call {
        app: call.app.clone(),
        who: call.who.clone(),
        rights: call.rights.clone(),
        name: call.name.clone(),
        level: call.level,
        data,
        lines: Vec::new(),
        worker: call.worker.clone(),
        base: call.base.clone(),
    }
}

/// How many things of a kind fit a query.
async fn count_pages(call: &Call, key: &str, query: Object) -> Result<usize, Refusal> {
    let (mut total, mut number) = (0, 0);
    loop {
        let mut page = query.clone();
        page.insert("page".to_owned(), number.into());
        page.insert("page_size".to_owned(), 500.into());
        page.insert("only_fields".to_owned(), json!(["id"]));
        let found = match key {
            "models" => model::list(call, &page, false).await?.0.len(),
            "projects" | "pipelines" | "datasets" => {
                items(&project::list(&with(call, page), false).await?, "projects").len()
            }
            _ => task::list(call, &page, false).await?.tasks.len(),
        };
        total += found;
        number += 1;
        if found < 500 || total >= ROWS {
            return Ok(total);
        }
    }
}

/// `organization.prepare_download_for_get_all`: keeps what a file will hold.
fn prepare(call: &Call) -> Answer {
    if texts(&call.data, "only_fields").unwrap_or_default().is_empty() {
        return Err(Refusal::missing(&["only_fields"]));
    }
    let id = call.app.scrolls.put(None, Value::Object(call.data.clone()));
    Ok(told(json!({"prepare_id": id})))
}

/// `organization.download_for_get_all`: the file, a line for each thing.
pub(super) async fn download(call: &Call) -> Result<Told, Refusal> {
    let id = needed(&call.data, "prepare_id")?;
    let kept = call.app.scrolls.get(id).filter(Value::is_object);
    let kept =
        told(kept.ok_or_else(|| Refusal::bad(10, format!("Invalid id: prepare_id={id}")).with("prepare_id", id))?);
    let mappings: Vec<Object> =
        items(&kept, "field_mappings").iter().filter_map(|item| item.as_object().cloned()).collect();
    let models = text(&kept, "entity_type") == Some("model");
    let heads: Vec<String> =
        mappings.iter().map(|one| cell(text(one, "name").or(text(one, "field")).unwrap_or_default())).collect();
    let mut body = heads.join(",") + "\n";
    let (mut number, mut rows) = (0, 0);
    loop {
        let mut query = kept.clone();
        query.insert("page".to_owned(), number.into());
        query.insert("page_size".to_owned(), 500.into());
        let found = match models {
            true => model::list(call, &query, true).await?.0,
            false => task::list(call, &query, true).await?.tasks,
        };
        for item in &found {
            let line: Vec<String> = mappings.iter().map(|mapping| cell(&mapped(item, mapping))).collect();
            body += &(line.join(",") + "\n");
        }
        (number, rows) = (number + 1, rows + found.len());
        if found.len() < 500 || rows >= ROWS {
            break;
        }
    }
    let name = if models { "models.csv" } else { "tasks.csv" };
    Ok(Told::File { name: name.to_owned(), media: "text/csv; charset=utf-8", body })
}

/// The values of a field as one text, by the words that stand for some of them.
fn mapped(item: &Object, mapping: &Object) -> String {
    let field = text(mapping, "field").unwrap_or_default();
    let shown = values(item, field).into_iter().map(|value| {
        let words = items(mapping, "values").iter().filter_map(Value::as_object);
        let word = words.clone().find(|word| word.get("key") == Some(value));
        word.and_then(|word| word.get("value")).map_or_else(|| plain(value), plain)
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// A cell of a file of values; what a spreadsheet would run is made text.
fn cell(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_cells_run_nothing_and_keep_their_commas() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("-1.5"), "-1.5");
        assert_eq!(cell("say \"x\""), "\"say \"\"x\"\"\"");
    }
}
