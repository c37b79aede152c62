//! What a run of a task would do, step by step: looked up as the worker would, without it.
//!
//! A step whose inputs are computed anew is told as computed; early cut-off may still spare it.
//! Of a million steps each keeps little: what many have in common they share, and the digests
//! of a field are forgotten after the last stage that reads it.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use mendel_engine::{
    Action, Candidate, StepRequest,
    pipeline::{StageDecl, first_diverging},
    plan,
};
use mendel_model::{Canonical, Digest, Identity, InputId, Reason, ReasonKind, RunId, StepResult, stage_step};
use serde_json::{Map, Value};

use super::{Forest, StagedTask, pipeline::config_of, present::Present, reason, record::Completion, standing::Stood};
use crate::{context::Context, exit::Failure, run::options::RunOptions};

/// The field that is there without a stage that makes it.
const INPUT_ID: &str = "input_id";

/// Inputs that are looked up at once.
const AT_ONCE: usize = 1_000;

/// One step of a task.
pub struct Step {
    /// Id of its stage.
    pub stage: Arc<str>,
    /// Its input.
    pub input: InputId,
    /// The run whose result answers it; none where it is computed.
    pub reused: Option<RunId>,
    /// Why it is computed.
    pub reasons: Arc<[Reason]>,
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
    completions: HashMap<&'a str, &'a Completion>,
    /// Those around the task that is looked at, with all that they keep.
    above: HashMap<String, Arc<Completion>>,
}

/// The fields that a later stage reads: for each input the digest of its value, none where it
/// is computed anew.
type Fields = HashMap<String, Vec<Option<Digest>>>;

/// A completion of the task itself, or of one around it.
struct Known {
    own: bool,
    completion: Arc<Completion>,
    /// The first stage that diverges from it, if one does.
    first: Option<usize>,
}

/// What a stage means beside the fields of an input.
struct Meaning {
    config: Value,
    params: BTreeMap<String, Value>,
}

impl<'a> Planner<'a> {
    /// A planner for the tasks of `forest`, which stand as `stood` tells.
    pub fn new(
        context: &'a Context,
        forest: &'a Forest,
        stood: &'a [Stood],
        options: &'a RunOptions,
    ) -> Result<Self, Failure> {
        let completions = forest.tasks.iter().zip(stood);
        let completions =
            completions.filter_map(|(task, stood)| Some((task.address.as_str(), stood.completion.as_ref()?)));
        let environment = forest.known_lock(context)?.map(|lock| lock.digest());
        let (completions, above) = (completions.collect(), HashMap::new());
        let present = Present::new(context, forest);
        Ok(Self { context, forest, options, environment, present, completions, above })
    }

    /// How many steps `task` has.
    pub fn count(task: &StagedTask) -> usize {
        task.inputs.len() * task.pipeline.enabled(&task.config).into_iter().filter(|is| *is).count()
    }

    /// Gives the steps of `task` to `each`, stage by stage.
    pub async fn steps(
        &mut self,
        task: &StagedTask,
        stood: &Stood,
        each: &mut impl FnMut(Step),
    ) -> Result<(), Failure> {
        let own = |input: &InputId| Some(Canonical::new("value").value(&input.value()).finish());
        let mut fields = Fields::from([(INPUT_ID.to_owned(), task.inputs.iter().map(own).collect())]);
        let enabled = task.pipeline.enabled(&task.config);
        let stages = &task.pipeline.stages;
        let known = self.known(task, stood).await?;
        for place in (0..stages.len()).filter(|place| enabled[*place]) {
            self.stage((task, place), (stood, &known), &mut fields, each).await?;
            let is_read = |field: &str| stages[place + 1..].iter().any(|stage| stage.reads().any(|read| read == field));
            fields.retain(|field, _| is_read(field));
        }
        self.present.keep();
        Ok(())
    }

    /// The completions that tell of the steps of `task`: its own, then those of the tasks around it.
    async fn known(&mut self, task: &StagedTask, stood: &Stood) -> Result<Vec<Known>, Failure> {
        let mut around = Vec::new();
        if let Some(completion) = &stood.completion {
            around.push((true, Arc::new(completion.clone().whole(&self.context.client).await?)));
        }
        let above: Vec<String> =
            Path::new(&task.address).ancestors().skip(1).map(|at| at.display().to_string()).collect();
        self.above.retain(|address, _| above.contains(address));
        for address in above {
            let Some(completion) = self.completions.get(address.as_str()) else { continue };
            if !self.above.contains_key(&address) {
                let whole = Arc::new((*completion).clone().whole(&self.context.client).await?);
                self.above.insert(address.clone(), whole);
            }
            around.extend(self.above.get(&address).map(|whole| (false, whole.clone())));
        }
        let current = task.current_stages();
        // Another parameter that all stages see is another meaning of each of them.
        let has_params = |completion: &Completion| completion.full_spec.get("params") == task.spec.get("params");
        let known = around.into_iter().filter(|(_, completion)| task.visible.is_empty() || has_params(completion));
        let known = known.map(|(own, completion)| {
            let first = first_diverging(&current, Some(&completion.pipeline)).map(|(first, _)| first);
            Known { own, completion, first }
        });
        Ok(known.collect())
    }

    async fn stage(
        &mut self,
        (task, place): (&StagedTask, usize),
        (stood, known): (&Stood, &[Known]),
        fields: &mut Fields,
        each: &mut impl FnMut(Step),
    ) -> Result<(), Failure> {
        let stage = &task.pipeline.stages[place];
        let meaning = Meaning {
            config: match config_of(&task.config, &stage.id) {
                Value::Null => Value::Object(Map::new()),
                config => config.clone(),
            },
            params: task.visible.clone().into_iter().collect(),
        };
        let identity = |at: usize| {
            let identity = meaning.identity(stage, fields, at)?;
            // Only the worker knows what auto-configuration makes of the config; it made the same of
            // it where everything up to this stage is as it was.
            let input = task.inputs[at].json();
            let reached = known.iter().filter(|known| known.first.is_none_or(|first| place < first));
            let mut steps = reached.filter_map(|known| known.completion.steps.get(&input)?.get(&stage.id));
            Some(steps.next().map_or(identity, |step| step.identity))
        };
        let identities: Vec<_> = (0..task.inputs.len()).map(identity).collect();
        let (name, forced): (Arc<str>, _) = (stage.id.as_str().into(), self.options.force || self.options.no_pickup);
        let mut made: Vec<Vec<Option<Digest>>> = stage.outputs.iter().map(|_| Vec::new()).collect();
        let mut reasons: Arc<[Reason]> = Arc::new([]);
        for (part, inputs) in task.inputs.chunks(AT_ONCE).enumerate() {
            let identities = &identities[part * AT_ONCE..][..inputs.len()];
            let wanted: Vec<_> = identities.iter().flatten().filter(|_| !forced).copied().collect();
            let mut found = self.context.client.results_of(&wanted).await?.into_iter();
            for (at, (input, identity)) in inputs.iter().zip(identities).enumerate() {
                let is_asked = identity.is_some() && !forced;
                let results = if is_asked { found.next().unwrap_or_default() } else { Vec::new() };
                let own = known.first().filter(|known| known.own);
                let seconds = own.and_then(|known| known.completion.seconds(&stage.id, input));
                let seconds = seconds.or_else(|| results.first().map(|result| result.duration as f64 / 1000.0));
                let (answer, decided) = self.decide((task, place), input, *identity, results)?;
                let record = answer.as_ref().and_then(|result| result.stage.as_ref());
                for (field, column) in stage.outputs.iter().zip(&mut made) {
                    let made = record.and_then(|record| record.fields.iter().find(|made| made.name == *field));
                    column.push(made.map(|made| made.digest));
                }
                let own = match answer {
                    Some(_) => Vec::new(),
                    None => {
                        let anew = identity.is_none().then(|| anew(stage, fields, part * AT_ONCE + at));
                        self.explain(decided, stage, stood, anew)
                    }
                };
                if *own != *reasons {
                    reasons = own.into();
                }
                let reused = answer.map(|result| result.run);
                each(Step { stage: name.clone(), input: input.clone(), reused, reasons: reasons.clone(), seconds });
            }
        }
        for field in &stage.consumes {
            fields.remove(field);
        }
        fields.extend(stage.outputs.iter().cloned().zip(made));
        Ok(())
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

    /// Why a step is computed: what stands against its stage, else which field is computed
    /// anew, else what the engine says.
    fn explain(&self, decided: Vec<Reason>, stage: &StageDecl, stood: &Stood, anew: Option<&str>) -> Vec<Reason> {
        if self.options.force || self.options.no_pickup {
            return decided;
        }
        let own = stood.standing.causes.iter().filter(|cause| cause.stage.as_deref() == Some(&stage.id));
        let own: Vec<_> = own.map(reason::of).collect();
        match anew {
            _ if !own.is_empty() => own,
            Some(field) => {
                vec![Reason::new(ReasonKind::Unknown, format!("it reads `{field}`, which is computed anew"))]
            }
            None => decided,
        }
    }
}

impl Meaning {
    /// What the step of the input at `at` means; none where what it reads is computed anew.
    fn identity(&self, stage: &StageDecl, fields: &Fields, at: usize) -> Option<Identity> {
        let reads = stage.reads().map(|field| Some((field.to_owned(), fields.get(field)?[at]?)));
        let reads: BTreeMap<_, _> = reads.collect::<Option<_>>()?;
        Some(Identity::of_stage(&stage.id, &self.config, &self.params, &reads))
    }
}

/// A field that the stage reads and that is computed anew for the input at `at`.
fn anew<'s>(stage: &'s StageDecl, fields: &Fields, at: usize) -> &'s str {
    let is_known = |field: &&str| fields.get(*field).is_some_and(|column| column[at].is_some());
    stage.reads().find(|field| !is_known(field)).unwrap_or_default()
}
