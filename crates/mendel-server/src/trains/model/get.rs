//! Models that are read.

use std::collections::BTreeSet;

use mendel_model::ModelUse;
use serde_json::{Value, json};

use super::{find, shape};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    level::Level,
    query::{Conditions, Fields, Order, Page, Projection, expand, values},
    refusal::Refusal,
    task::{find as find_task, legacy, objects, prefix_filter, widen_projects},
    value::{flag, flag_or, needed, texts, told},
};

/// Which fields of models take which conditions.
const FIELDS: Fields = Fields {
    pattern: &["name", "comment"],
    list: &["tags", "system_tags", "framework", "uri", "id", "user", "project", "task", "parent", "metadata.*"],
    range: &["last_iteration", "last_metrics.*"],
    date: &["last_update", "last_change"],
    exact: &["ready"],
    text: &["id", "name", "comment", "parent", "task", "labels", "framework"],
};

/// References of models.
const REFERENCES: [(&str, &str); 5] =
    [("user", "user"), ("company", "company"), ("project", "project"), ("task", "task"), ("parent", "model")];

/// A model in the form of an earlier level.
fn aged(call: &Call, model: &mut Object) {
    legacy::mix_tags(call.level, model);
    if call.level <= Level(2, 16) && call.level < Level(2, 13) {
        model.insert("metadata".to_owned(), json!([]));
    }
}

/// `models.get_by_id`
pub(super) async fn by_id(call: &Call) -> Answer {
    let model = find(call, needed(&call.data, "model")?).await?;
    let directory = Directory::read(call).await?;
    let mut item = shape::model(call, &directory, &model);
    shape::add_metrics(call, &mut item).await?;
    aged(call, &mut item);
    Ok(told(json!({"model": Projection::read(&call.data)?.apply(item)})))
}

/// `models.get_all`, and with `full` `models.get_all_ex` and `models.get_by_id_ex`.
pub(super) async fn all(call: &Call, full: bool) -> Answer {
    let (models, scroll) = list(call, &call.data, full).await?;
    let mut answer = told(json!({"models": models}));
    if let Some(scroll) = scroll {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

/// The models that a query asks for.
pub(in crate::trains) async fn list(
    call: &Call,
    request: &Object,
    full: bool,
) -> Result<(Vec<Object>, Option<String>), Refusal> {
    let mut request = request.clone();
    legacy::split_tags(call.level, &mut request, "model");
    let directory = Directory::read(call).await?;
    widen_projects(&directory, &mut request);
    let conditions = Conditions::read(&request, &FIELDS)?;
    let order = Order::read(&request)?;
    let projection = Projection::read(&request)?;
    let page = Page::read(&request, &call.app.scrolls)?;
    let ids = conditions.only("id").map(|ids| ids.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let wide = flag(&request, "search_hidden") || conditions.names("id");
    let private = !flag_or(&request, "allow_public", true);
    let metrics = conditions.fields().into_iter().chain(order.fields()).any(|field| field.starts_with("last_"));
    let mut fitting = Vec::new();
    for model in call.app.store.registered_models(ids.as_deref()).await? {
        let hidden = model.system_tags.iter().any(|tag| tag == "hidden");
        let public = model.system_tags.iter().any(|tag| tag == "public");
        let mut item = shape::model(call, &directory, &model);
        if metrics {
            shape::add_metrics(call, &mut item).await?;
        }
        let seen = call.rights.sees(&model.project);
        if seen && (wide || !hidden) && !(private && public) && conditions.fit(&item)? {
            fitting.push(item);
        }
    }
    order.sort(&mut fitting);
    let (mut cut, scroll) = page.cut(fitting, &call.app.scrolls);
    for item in &mut cut {
        if projection.wants("last_metrics") || projection.wants("last_iteration") {
            shape::add_metrics(call, item).await?;
        }
        aged(call, item);
    }
    if full {
        refer(call, &directory, &projection, &mut cut).await?;
    }
    Ok((cut.into_iter().map(|item| projection.apply(item)).collect(), scroll))
}

async fn refer(
    call: &Call,
    directory: &Directory,
    projection: &Projection,
    models: &mut [Object],
) -> Result<(), Refusal> {
    for (path, noun) in REFERENCES {
        let below = projection.below(path);
        if below.is_empty() && !projection.is_empty() {
            continue;
        }
        let fields = if below.is_empty() { vec!["id"] } else { below };
        let ids: BTreeSet<String> =
            models.iter().flat_map(|model| values(model, path)).filter_map(Value::as_str).map(str::to_owned).collect();
        let found = objects(call, directory, noun, &ids, &fields).await?;
        let object = |id: &str| found.get(id).cloned().unwrap_or_else(|| json!({"id": id}));
        models.iter_mut().for_each(|model| expand(model, path, &object));
    }
    Ok(())
}

/// `models.get_by_task_id`: the last model that a task made.
pub(super) async fn by_task(call: &Call) -> Answer {
    if call.level > Level(2, 13) {
        return Err(Refusal::new(301, 1, "Endpoint is not offered at this level; read the models of the task"));
    }
    let run = find_task(call, needed(&call.data, "task")?).await?;
    let linked = call.app.store.linked_models(&[run.number]).await?;
    let last = linked.into_iter().rfind(|(_, record)| record.usage == ModelUse::Output);
    let Some((_, record)) = last else {
        return Err(Refusal::bad(122, "Missing required fields in the task: models.output"));
    };
    let model = find(call, &record.id).await?;
    let mut item = shape::model(call, &Directory::read(call).await?, &model);
    aged(call, &mut item);
    Ok(told(json!({"model": item})))
}

/// `models.get_frameworks`
pub(super) async fn frameworks(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let projects = prefix_filter(&directory, texts(&call.data, "projects").as_deref(), true);
    let models = call.app.store.registered_models(None).await?;
    let frameworks: BTreeSet<String> = models
        .into_iter()
        .filter(|model| projects.as_ref().is_none_or(|projects| projects.contains(&model.project)))
        .map(|model| model.record.framework)
        .filter(|framework| !framework.is_empty())
        .collect();
    Ok(told(json!({"frameworks": frameworks})))
}
