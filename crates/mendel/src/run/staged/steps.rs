//! What a run of a task would do, step by step: looked up as the worker would, without it.
//!
//! A step whose inputs are computed anew is told as computed; early cut-off may still spare it.

use std::collections::{BTreeMap, HashMap};

use mendel_engine::{Action, Candidate, StepRequest, plan};
use mendel_model::{Canonical, Digest, Identity, InputId, Reason, ReasonKind, RunId, StepResult, stage_step};
use serde_json::{Map, Value};

use super::{Forest, StagedTask, pipeline::config_of, present::Present, reason, record::Completion, standing::Stood};
use crate::{context::Context, exit::Failure, run::options::RunOptions};

/// The field that is there without a stage that makes it.
const INPUT_ID: &str = "input_id";

/// One step of a task.
pub struct Step {
    /// Id of its stage.
    pub stage: String,
    /// Its input.
    pub input: InputId,
    /// The run whose result answers it; none where it is computed.
    pub reused: Option<RunId>,
    /// Why it is computed.
    pub reasons: Vec<Reason>,
    /// Seconds that it took before, where that is known.
    pub seconds: Option<f64>,
}

impl Step {
    /// Its name within the task.
    pub fn name(&self) -> String {
        stage_step(&self.stage, Some(&self.input))
    }
}

/// Looks steps up.
pub struct Planner<'a> {
    context: &'a Context,
    forest: &'a Forest,
    options: &'a RunOptions,
    environment: Option<Digest>,
    present: Present<'a>,
}

/// The fields of one input: digest of each value, none where it is computed anew.
type Fields = HashMap<String, Option<Digest>>;

impl<'a> Planner<'a> {
    /// A planner for the tasks of `forest`.
    pub fn new(context: &'a Context, forest: &'a Forest, options: &'a RunOptions) -> Result<Self, Failure> {
        let environment = forest.known_lock(context)?.map(|lock| lock.digest());
        let present = Present::new(context, forest);
        Ok(Self { context, forest, options, environment, present })
    }

    /// The steps of `task`, stage by stage.
    pub async fn steps(&mut self, task: &StagedTask, stood: &Stood) -> Result<Vec<Step>, Failure> {
        let inputs = task.inputs.iter().map(|input| {
            let own = Canonical::new("value").value(&input.value()).finish();
            Fields::from([(INPUT_ID.to_owned(), Some(own))])
        });
        let mut fields: Vec<Fields> = inputs.collect();
        let enabled = task.pipeline.enabled(&task.config);
        let diverging = stood.standing.first_diverging.as_deref();
        let first = task.pipeline.stages.iter().position(|stage| Some(stage.id.as_str()) == diverging);
        let mut steps = Vec::new();
        for place in (0..task.pipeline.stages.len()).filter(|place| enabled[*place]) {
            let record = stood.completion.as_ref().filter(|_| first.is_none_or(|first| place < first));
            steps.extend(self.stage((task, place), stood, record, &mut fields).await?);
        }
        self.present.keep();
        Ok(steps)
    }

    async fn stage(
        &mut self,
        (task, place): (&StagedTask, usize),
        stood: &Stood,
        record: Option<&Completion>,
        fields: &mut [Fields],
    ) -> Result<Vec<Step>, Failure> {
        let stage = &task.pipeline.stages[place];
        let identities: Vec<_> = task
            .inputs
            .iter()
            .zip(fields.iter())
            .map(|(input, fields)| {
                let identity = self.identity((task, place), fields)?;
                // Only the worker knows what auto-configuration makes of the config.
                let known = record.and_then(|record| record.steps.get(&input.json())?.get(&stage.id));
                Some(known.map_or(identity, |step| step.identity))
            })
            .collect();
        let wanted: Vec<_> = identities.iter().flatten().copied().collect();
        let forced = self.options.force || self.options.no_pickup;
        let mut found = match forced {
            true => Vec::new(),
            false => self.context.client.results_of(&wanted).await?,
        }
        .into_iter();
        let mut steps = Vec::with_capacity(identities.len());
        for ((input, fields), identity) in task.inputs.iter().zip(fields.iter_mut()).zip(identities) {
            let results = if identity.is_some() { found.next().unwrap_or_default() } else { Vec::new() };
            let seconds = stood.completion.as_ref().and_then(|completion| completion.seconds(&stage.id, input));
            let seconds = seconds.or_else(|| results.first().map(|result| result.duration as f64 / 1000.0));
            let (answer, reasons) = self.decide((task, place), input, identity, results)?;
            let reasons = self.explain(reasons, (task, place), stood, (&*fields, identity.is_none()));
            for field in &stage.outputs {
                let made = answer.as_ref().and_then(|result| result.stage.as_ref());
                let made = made.and_then(|made| made.fields.iter().find(|made| made.name == *field));
                fields.insert(field.clone(), made.map(|made| made.digest));
            }
            for field in &stage.consumes {
                fields.remove(field);
            }
            let reused = answer.map(|result| result.run);
            let reasons = if reused.is_some() { Vec::new() } else { reasons };
            steps.push(Step { stage: stage.id.clone(), input: input.clone(), reused, reasons, seconds });
        }
        Ok(steps)
    }

    /// What a step means; none where what it reads is computed anew.
    fn identity(&self, (task, place): (&StagedTask, usize), fields: &Fields) -> Option<Identity> {
        let stage = &task.pipeline.stages[place];
        let reads = stage.reads().map(|field| Some((field.to_owned(), (*fields.get(field)?)?)));
        let reads: BTreeMap<_, _> = reads.collect::<Option<_>>()?;
        let params: BTreeMap<_, _> = task.visible.clone().into_iter().collect();
        let config = match config_of(&task.config, &stage.id) {
            Value::Null => Value::Object(Map::new()),
            config => config.clone(),
        };
        Some(Identity::of_stage(&stage.id, &config, &params, &reads))
    }

    fn decide(
        &mut self,
        (task, place): (&StagedTask, usize),
        input: &InputId,
        identity: Option<Identity>,
        results: Vec<StepResult>,
    ) -> Result<(Option<StepResult>, Vec<Reason>), Failure> {
        let mut candidates = Vec::with_capacity(results.len());
        for result in results {
            let step = (task, place, input);
            let present = result.dependencies.iter();
            let present = present.map(|dependency| self.present.of_step(step, dependency, self.environment));
            let present = present.collect::<Result<_, _>>()?;
            candidates.push(Candidate { present, usable: self.has_values((task, place), &result), result });
        }
        let request = StepRequest {
            id: String::new(),
            task: task.pipeline.stages[place].id.clone(),
            identity,
            params: BTreeMap::new(),
            forced: self.options.force || self.options.no_pickup,
            candidates,
            relative: None,
            spoiled: None,
        };
        let step = plan(vec![request], self.forest.settings.policy).steps.pop();
        let Some(step) = step else { return Ok((None, Vec::new())) };
        match step.action {
            Action::Reuse(result) => Ok((Some(*result), step.reasons)),
            Action::Compute | Action::Same { .. } => Ok((None, step.reasons)),
        }
    }

    /// Whether the values are stored that the worker needs of a result.
    fn has_values(&self, (task, place): (&StagedTask, usize), result: &StepResult) -> bool {
        let stage = &task.pipeline.stages[place];
        let is_marginal = task.marginal.contains(&stage.id) && !self.options.keep_marginals;
        let fields = result.stage.as_ref().map_or(&[][..], |made| &made.fields);
        is_marginal || stage.outputs.iter().all(|name| fields.iter().any(|field| field.kept && field.name == *name))
    }

    /// Why a step is computed: what stands against its stage, else what the engine says.
    fn explain(
        &self,
        decided: Vec<Reason>,
        (task, place): (&StagedTask, usize),
        stood: &Stood,
        (fields, is_downstream): (&Fields, bool),
    ) -> Vec<Reason> {
        if self.options.force || self.options.no_pickup {
            return decided;
        }
        let stage = &task.pipeline.stages[place];
        let own = stood.standing.causes.iter().filter(|cause| cause.stage.as_deref() == Some(&stage.id));
        let own: Vec<_> = own.map(reason::of).collect();
        if !own.is_empty() {
            return own;
        }
        if is_downstream {
            let anew = stage.reads().find(|field| !matches!(fields.get(*field), Some(Some(_))));
            let subject = format!("`{}`, which is computed anew", anew.unwrap_or_default());
            return vec![Reason::new(ReasonKind::Unknown, format!("it reads {subject}"))];
        }
        decided
    }
}
