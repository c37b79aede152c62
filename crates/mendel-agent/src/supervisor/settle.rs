//! Settles a run's parameters and identity from what its own parser reported.

use mendel_model::{Identity, Origin, Param, RunUpdate};

use crate::{
    job::{Job, narrowing},
    worker::ReportedParam,
};

/// The section of parameters that a parser reported.
const SECTION: &str = "Args";

/// What a parser reported, as the run keeps it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settled {
    /// The parameters.
    pub(super) params: Vec<Param>,
    /// What the run means.
    pub(super) identity: Identity,
    /// Whether it meant something else before.
    pub(super) changed: bool,
}

impl Settled {
    /// From the parameters and the words that none of them took. `before` is what the run
    /// meant so far.
    pub(super) fn new(job: &Job, reported: &[ReportedParam], rest: &[String], before: Option<Identity>) -> Self {
        let params: Vec<_> = reported.iter().map(param).collect();
        let identity = match (job.parser_settles, before) {
            (false, Some(before)) => before,
            (true | false, _) => {
                let rest = [rest, &narrowing(&job.root, job.inputs.as_deref().unwrap_or_default())].concat();
                Identity::of_script(job.launch.entry(), &job.starts_in, &params, &rest)
            }
        };
        Self { changed: before.is_some_and(|before| before != identity), params, identity }
    }

    /// The change of the run that keeps it.
    pub(super) fn update(&self) -> RunUpdate {
        RunUpdate { set_params: self.params.clone(), identity: Some(self.identity), ..RunUpdate::default() }
    }
}

fn param(reported: &ReportedParam) -> Param {
    let origin = match &reported.words {
        Some(words) => Origin::CommandLine { words: words.clone() },
        None if reported.default.as_ref() == Some(&reported.value) => Origin::Default { at: None },
        None => Origin::Code,
    };
    Param {
        section: SECTION.to_owned(),
        name: reported.name.clone(),
        kind: reported.kind.clone(),
        value: reported.value.clone(),
        origin,
        required: reported.required,
        description: reported.help.clone().unwrap_or_default(),
    }
}
