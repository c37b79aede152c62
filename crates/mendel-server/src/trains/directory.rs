//! Names and ids: the dialect knows projects by id where the store knows them by name.

use mendel_store::ProjectRecord;
use serde_json::{Value, json};

use super::{Object, call::Call, refusal::Refusal};

/// The projects that whoever calls may see, as of one moment.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) projects: Vec<ProjectRecord>,
    users: Vec<(String, String)>,
}

impl Directory {
    /// Reads it.
    pub(super) async fn read(call: &Call) -> Result<Self, Refusal> {
        let users = super::session::users(call).await?;
        let mut projects = call.app.store.project_records().await?;
        projects.retain(|record| call.rights.sees(&record.project.name));
        Ok(Self { projects, users })
    }

    /// The id of the user that runs name so; whoever has no account is told by the name.
    pub(super) fn user<'a>(&'a self, name: &'a str) -> &'a str {
        self.users.iter().find(|(_, own)| own == name).map_or(name, |(id, _)| id)
    }

    /// The name of a user by the id.
    pub(super) fn user_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.users.iter().find(|(own, _)| own == id).map_or(id, |(_, name)| name)
    }

    /// The project of that id.
    pub(super) fn by_id(&self, id: &str) -> Option<&ProjectRecord> {
        self.projects.iter().find(|record| record.id == id)
    }

    /// The project of that name.
    pub(super) fn by_name(&self, name: &str) -> Option<&ProjectRecord> {
        let found = self.projects.binary_search_by(|record| record.project.name.as_str().cmp(name));
        found.ok().map(|at| &self.projects[at])
    }

    /// The id of a project by its name.
    pub(super) fn id_of(&self, name: &str) -> Option<&str> {
        self.by_name(name).map(|record| record.id.as_str())
    }

    /// The name of a project by its id, or the refusal of the dialect.
    pub(super) fn name_of(&self, id: &str) -> Result<&str, Refusal> {
        self.by_id(id).map(|record| record.project.name.as_str()).ok_or_else(|| Refusal::no_project(id))
    }

    /// The project that holds `name`, by the last `/`.
    pub(super) fn parent_of(&self, name: &str) -> Option<&ProjectRecord> {
        self.by_name(name.rsplit_once('/')?.0)
    }

    /// Whether a project is below another, at any depth, or is it.
    pub(super) fn is_within(name: &str, outer: &str) -> bool {
        name.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// A project as a reference is told.
    pub(super) fn reference(&self, id: &str, fields: &[&str]) -> Value {
        let mut told = Object::new();
        told.insert("id".to_owned(), id.into());
        if let Some(record) = self.by_id(id) {
            let whole = fields.contains(&"*");
            if whole || fields.contains(&"name") {
                told.insert("name".to_owned(), record.project.name.as_str().into());
            }
            if whole || fields.contains(&"basename") {
                told.insert("basename".to_owned(), basename(&record.project.name).into());
            }
            if whole || fields.contains(&"description") {
                told.insert("description".to_owned(), record.project.description.as_str().into());
            }
            if whole || fields.contains(&"system_tags") {
                told.insert("system_tags".to_owned(), marks(&record.document, "system_tags"));
            }
            if whole || fields.contains(&"tags") {
                told.insert("tags".to_owned(), marks(&record.document, "tags"));
            }
        }
        told.into()
    }
}

fn marks(document: &Object, key: &str) -> Value {
    document.get(key).filter(|value| value.is_array()).cloned().unwrap_or_else(|| json!([]))
}

/// The last part of a project's path.
pub(super) fn basename(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}
