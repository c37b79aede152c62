//! What can be said of a tree only once the ids of its stages are known.

use std::collections::HashSet;

use mendel_model::StageName;

use super::task::{Tree, TreeTask};
use crate::{Place, Problem, Problems, nearest, nearest::suggestion};

/// Class path and id of each stage of a pipeline.
type Stages<'a> = &'a [(String, String)];

impl TreeTask {
    /// The ids of its marginal stages, where `stages` are the (class path, id) of its pipeline;
    /// an entry that names none of them is an error.
    pub fn marginal_ids(&self, stages: Stages<'_>) -> Result<Vec<String>, Problems> {
        let mut ids = Vec::new();
        let mut problems = Problems::new();
        for (entry, at) in &self.marginal {
            match marginal_id(entry, stages) {
                Some(id) => ids.push(id.to_owned()),
                None => problems.push(unknown_marginal(entry, at, stages)),
            }
        }
        problems.or(ids).map(|(ids, _)| ids)
    }
}

impl Tree {
    /// What selected tasks say of stages that their pipelines do not have; `stages_of` knows
    /// the (class path, id) of each pipeline. Each place is told once.
    pub fn check_stages<'a>(&self, stages_of: &dyn Fn(&TreeTask) -> Option<Stages<'a>>) -> Problems {
        let mut problems = Problems::new();
        let mut told = HashSet::new();
        for (index, task) in self.selected().filter(|(_, task)| task.sound) {
            let Some(stages) = stages_of(task) else { continue };
            let unknown = task.marginal_ids(stages).err().unwrap_or_default();
            let namespaces = task.config.as_object().into_iter().flat_map(serde_json::Map::keys);
            let odd = namespaces.filter(|key| stages.iter().all(|(_, id)| id != *key));
            let warnings = odd.map(|key| self.unknown_namespace(index, key, stages));
            for problem in unknown.into_iter().chain(warnings) {
                if told.insert((problem.file.clone(), problem.line, problem.column, problem.message.clone())) {
                    problems.push(problem);
                }
            }
        }
        problems
    }

    /// That a key of the config is the id of no stage.
    fn unknown_namespace(&self, task: usize, key: &str, stages: Stages<'_>) -> Problem {
        let ids = stages.iter().map(|(_, id)| id.as_str());
        let message = format!("`config` has values for `{key}`, which is no stage of the pipeline");
        let problem = Problem::warning("unknown_stage", message).key(key).hint(suggestion(key, ids));
        match self.place_of(task, &["config", key]) {
            Some(place) => problem.at(&place),
            None => problem,
        }
    }
}

/// The id that an entry of `marginal_stages` means: an id, or a class by its path.
fn marginal_id<'a>(entry: &str, stages: Stages<'a>) -> Option<&'a str> {
    let with_id = |wanted: &str| stages.iter().find(|(_, id)| id == wanted);
    let found = with_id(entry).or_else(|| stages.iter().find(|(class, _)| class == entry));
    let found = found.or_else(|| {
        // A class may be reachable by several paths; what it is called remains.
        let (_, class) = entry.rsplit_once('.')?;
        let same_name = |path: &str| path.rsplit('.').next() == Some(class);
        let by_name = stages.iter().find(|(path, _)| same_name(path));
        by_name.or_else(|| with_id(StageName::of_class(class).ok()?.as_str()))
    });
    found.map(|(_, id)| id.as_str())
}

fn unknown_marginal(entry: &str, at: &Place, stages: Stages<'_>) -> Problem {
    let ids: Vec<_> = stages.iter().map(|(_, id)| id.as_str()).collect();
    let known = format!("known: {}", ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", "));
    let hint = match nearest(entry, ids.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {known}"),
        None => known,
    };
    let message = format!("`marginal_stages` names `{entry}`, which is no stage of the pipeline");
    Problem::error("unknown_stage", message).key("marginal_stages").at(at).hint(hint)
}
