//! Projects that are read.

use std::collections::BTreeSet;

use mendel_store::ProjectRecord;
use serde_json::{Value, json};

use super::stats;
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::{Directory, basename},
    query::{Conditions, Fields, Order, Page, Projection, expand, values},
    refusal::Refusal,
    session::COMPANY,
    task::{legacy, objects},
    time::iso,
    value::{flag, flag_or, needed, text, texts, told},
};

/// Which fields of projects take which conditions.
const FIELDS: Fields = Fields {
    pattern: &["name", "basename", "description"],
    list: &["tags", "system_tags", "id", "parent"],
    range: &["last_update"],
    date: &[],
    exact: &[],
    text: &["id", "name", "description"],
};

/// References of projects.
const REFERENCES: [(&str, &str); 3] = [("user", "user"), ("company", "company"), ("parent", "project")];

/// A project as it is told.
pub(super) fn project(directory: &Directory, record: &ProjectRecord) -> Object {
    let facts = &record.document;
    let list = |key: &str| {
        let mut list: Vec<String> = texts(facts, key).unwrap_or_default();
        list.sort();
        list
    };
    let created = record.project.created;
    let updated = facts.get("updated").and_then(Value::as_i64).map_or(created, mendel_model::Timestamp);
    let user = text(facts, "user").unwrap_or_default();
    let mut item = told(json!({
        "id": record.id,
        "name": record.project.name,
        "basename": basename(&record.project.name),
        "description": record.project.description,
        "user": directory.user(user),
        "company": if facts.contains_key("public") { "" } else { COMPANY },
        "created": iso(created),
        "last_update": iso(updated),
        "tags": list("tags"),
        "system_tags": list("system_tags"),
    }));
    for key in ["default_output_destination", "featured", "logo_url"] {
        if let Some(value) = facts.get(key).filter(|value| !value.is_null()) {
            item.insert(key.to_owned(), value.clone());
        }
    }
    let parent = directory.parent_of(&record.project.name).map(|parent| parent.id.as_str());
    item.insert("parent".to_owned(), parent.map_or(Value::Null, Value::from));
    item
}

/// `projects.get_by_id`
pub(super) async fn by_id(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let id = needed(&call.data, "project")?;
    let record = directory.by_id(id).ok_or_else(|| Refusal::no_project(id))?;
    let mut item = project(&directory, record);
    legacy::mix_tags(call.level, &mut item);
    Ok(told(json!({"project": item})))
}

/// `projects.get_all`, and with `full` `projects.get_all_ex`.
pub(in crate::trains) async fn all(call: &Call, full: bool) -> Answer {
    let mut request = call.data.clone();
    legacy::split_tags(call.level, &mut request, "project");
    let directory = Directory::read(call).await?;
    let shallow = flag(&request, "shallow_search");
    let parents = texts_of(&request, "parent");
    let top = shallow && parents.is_empty() && !request.contains_key("id");
    let conditions = Conditions::read(&request, &FIELDS)?;
    // A project anywhere below a parent fits it, unless only its own children are asked for.
    let conditions = if shallow { conditions } else { conditions.without("parent") };
    let order = Order::read(&request)?;
    let projection = Projection::read(&request)?;
    let page = Page::read(&request, &call.app.scrolls)?;
    let wide = flag(&request, "search_hidden") || conditions.names("id");
    let private = !flag_or(&request, "allow_public", true);
    let outer: Vec<&str> =
        parents.iter().filter_map(|id| directory.by_id(id)).map(|record| record.project.name.as_str()).collect();
    let active = stats::active_projects(call, &directory, &request).await?;
    let children = stats::children_projects(call, &directory, &request).await?;
    let mut fitting = Vec::new();
    for record in &directory.projects {
        let name = record.project.name.as_str();
        let item = project(&directory, record);
        let hidden = texts(&record.document, "system_tags").unwrap_or_default().iter().any(|tag| tag == "hidden");
        let public = record.document.contains_key("public");
        let below = |outer: &&str| name != *outer && Directory::is_within(name, outer);
        let placed = if shallow {
            !top || directory.parent_of(name).is_none()
        } else {
            parents.is_empty() || outer.iter().any(below)
        };
        let chosen = [&active, &children].into_iter().flatten().all(|names| names.contains(name));
        if placed && chosen && (wide || !hidden) && !(private && public) && conditions.fit(&item)? {
            fitting.push(item);
        }
    }
    order.sort(&mut fitting);
    let (mut cut, scroll) = page.cut(fitting, &call.app.scrolls);
    if full {
        stats::add(call, &directory, &request, &mut cut).await?;
        refer(call, &directory, &projection, &mut cut).await?;
    }
    cut.iter_mut().for_each(|item| legacy::mix_tags(call.level, item));
    let extra = ["stats", "sub_projects", "own_tasks", "own_models", "own_datasets", "dataset_stats", "hidden"];
    let told_items: Vec<Object> = cut
        .into_iter()
        .map(|item| {
            // What was asked for by flags is told whatever the fields are.
            let kept: Object = item
                .iter()
                .filter(|(key, _)| extra.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            let mut item = projection.apply(item);
            item.extend(kept);
            item
        })
        .collect();
    let mut answer = told(json!({"projects": told_items}));
    if let Some(scroll) = scroll {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

fn texts_of(request: &Object, key: &str) -> Vec<String> {
    match request.get(key) {
        Some(Value::String(one)) => vec![one.clone()],
        _ => texts(request, key).unwrap_or_default(),
    }
}

async fn refer(
    call: &Call,
    directory: &Directory,
    projection: &Projection,
    projects: &mut [Object],
) -> Result<(), Refusal> {
    for (path, noun) in REFERENCES {
        let below = projection.below(path);
        if below.is_empty() && !projection.is_empty() {
            continue;
        }
        let fields = if below.is_empty() { vec!["id"] } else { below };
        let ids: BTreeSet<String> = projects
            .iter()
            .flat_map(|project| values(project, path))
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let found = objects(call, directory, noun, &ids, &fields).await?;
        let object = |id: &str| found.get(id).cloned().unwrap_or_else(|| json!({"id": id}));
        projects.iter_mut().for_each(|project| expand(project, path, &object));
    }
    Ok(())
}
