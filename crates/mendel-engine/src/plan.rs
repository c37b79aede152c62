//! The plan: each wanted step marked *reuse* or *compute*, with the reason.
//!
//! A result answers a step when everything it depended on is as it was. A doubt computes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mendel_model::{
    Dependency, DependencyKind, Digest, EnvironmentPolicy, Identity, Reason, ReasonKind, RunId, StepResult,
};
use serde_json::Value;

/// A stored result, and what its dependencies are now.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The stored result.
    pub result: StepResult,
    /// The present digest of each dependency of `result`, in its order.
    pub present: Vec<Option<Digest>>,
    /// Whether all of it that is asked for is stored.
    pub usable: bool,
}

/// An earlier run of the same task under other parameters, to say what differs.
#[derive(Debug, Clone)]
pub struct Relative {
    /// That run.
    pub run: RunId,
    /// Its parameters.
    pub params: BTreeMap<String, Value>,
}

/// A step that someone wants.
#[derive(Debug, Clone)]
pub struct StepRequest {
    /// Names the step within the plan.
    pub id: String,
    /// The task it belongs to.
    pub task: String,
    /// What it means; none when that is not known before it runs.
    pub identity: Option<Identity>,
    /// Its parameters.
    pub params: BTreeMap<String, Value>,
    /// Whether it must be computed whatever is stored.
    pub forced: bool,
    /// Results stored under its identity, newest first.
    pub candidates: Vec<Candidate>,
    /// The latest finished run of the same task under another identity.
    pub relative: Option<Relative>,
    /// Why a result under its identity was never to be reused.
    pub spoiled: Option<String>,
}

/// What happens to a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It is executed.
    Compute,
    /// The stored result answers.
    Reuse(Box<StepResult>),
    /// An earlier step of the same plan is the same work and answers.
    Same {
        /// Its place in the plan.
        step: usize,
    },
}

/// A step with its decision.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedStep {
    /// Names the step within the plan.
    pub id: String,
    /// The task it belongs to.
    pub task: String,
    /// What happens.
    pub action: Action,
    /// Why it is computed; for a reused one, what changed and does not count.
    pub reasons: Vec<Reason>,
}

/// What a request needs: its steps in order, each decided.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The steps in the order of the request.
    pub steps: Vec<PlannedStep>,
}

impl Plan {
    /// How many steps are executed.
    pub fn compute(&self) -> usize {
        self.steps.iter().filter(|step| step.action == Action::Compute).count()
    }

    /// How many steps are answered by what exists.
    pub fn reuse(&self) -> usize {
        self.steps.len() - self.compute()
    }
}

/// Decides every step of `requests`.
pub fn plan(requests: Vec<StepRequest>, policy: EnvironmentPolicy) -> Plan {
    let mut first_of: HashMap<Identity, usize> = HashMap::new();
    let mut steps = Vec::with_capacity(requests.len());
    for request in requests {
        let twin = request.identity.and_then(|identity| first_of.get(&identity).copied());
        let (action, reasons) = match twin {
            Some(step) => (Action::Same { step }, Vec::new()),
            None => decide(&request, policy),
        };
        if let (Some(identity), None) = (request.identity, twin) {
            first_of.insert(identity, steps.len());
        }
        steps.push(PlannedStep { id: request.id, task: request.task, action, reasons });
    }
    Plan { steps }
}

fn decide(request: &StepRequest, policy: EnvironmentPolicy) -> (Action, Vec<Reason>) {
    if request.forced {
        return (Action::Compute, vec![Reason::new(ReasonKind::Forced, "asked for")]);
    }
    if request.identity.is_none() {
        let unknown = Reason::new(ReasonKind::Unknown, "its parameters are known only once it runs");
        return (Action::Compute, vec![unknown]);
    }
    let counting = request.candidates.iter().enumerate().filter(|(place, candidate)| {
        candidate.usable
            && !request.candidates[..*place].iter().any(|newer| supersedes(&newer.result, &candidate.result))
    });
    let judged: Vec<_> = counting.map(|(_, candidate)| (candidate, changes(candidate))).collect();
    let counts = |reason: &Reason| reason.kind != ReasonKind::Environment || policy == EnvironmentPolicy::Strict;
    let fresh = judged.iter().find(|(_, reasons)| !reasons.iter().any(counts));
    if let Some((candidate, reasons)) = fresh {
        let shown = if policy == EnvironmentPolicy::Warn { reasons.clone() } else { Vec::new() };
        return (Action::Reuse(Box::new(candidate.result.clone())), shown);
    }
    // The nearest result explains best: the fewest changes, the newest of equal ones.
    let nearest = judged.into_iter().map(|(_, reasons)| reasons).min_by_key(Vec::len);
    let reasons = nearest.unwrap_or_else(|| match (&request.spoiled, &request.relative) {
        (Some(why), _) => vec![Reason::new(ReasonKind::Incomplete, why.clone())],
        (None, Some(relative)) => parameter_changes(&relative.params, &request.params),
        (None, None) => Vec::new(),
    });
    match reasons.is_empty() {
        true => (Action::Compute, vec![Reason::new(ReasonKind::Never, request.task.clone())]),
        false => (Action::Compute, reasons),
    }
}

/// Whether `newer` was made where `older` would have answered, and knows of more that counts.
///
/// Equal steps read the same where everything they read is the same: what the older one does
/// not know of was missed when it was made.
fn supersedes(newer: &StepResult, older: &StepResult) -> bool {
    let counts = |dependency: &&Dependency| dependency.kind != DependencyKind::Environment;
    let known: BTreeSet<_> = newer.dependencies.iter().filter(counts).collect();
    let mut seen = 0;
    let all_known = older.dependencies.iter().filter(counts).all(|dependency| {
        seen += 1;
        known.contains(dependency)
    });
    newer.identity == older.identity && all_known && seen < known.len()
}

/// What is not as it was when the candidate's result was made.
fn changes(candidate: &Candidate) -> Vec<Reason> {
    let pairs =
        candidate.result.dependencies.iter().zip(candidate.present.iter().copied().chain(std::iter::repeat(None)));
    let changed = pairs.filter(|(dependency, present)| dependency.digest != *present);
    let reasons = changed.map(|(dependency, present)| change(dependency, present));
    let doubts = candidate.result.stage.iter().flat_map(|stage| &stage.doubts);
    reasons.chain(doubts.map(|why| Reason::new(ReasonKind::Incomplete, why.clone()))).collect()
}

/// That a dependency is another now.
pub fn change(dependency: &Dependency, present: Option<Digest>) -> Reason {
    let kind = match dependency.kind {
        DependencyKind::Code | DependencyKind::Lookup => ReasonKind::Code,
        DependencyKind::Variable => ReasonKind::Variable,
        DependencyKind::Input | DependencyKind::Listing | DependencyKind::Existence => ReasonKind::Input,
        DependencyKind::Environment => ReasonKind::Environment,
    };
    Reason {
        before: dependency.digest.as_ref().map(Digest::to_string),
        after: present.as_ref().map(Digest::to_string),
        file: names_file(dependency.kind).then(|| dependency.subject.clone()),
        ..Reason::new(kind, dependency.subject.clone())
    }
}

/// Whether the subject is the path of one file or folder.
const fn names_file(kind: DependencyKind) -> bool {
    !matches!(kind, DependencyKind::Environment | DependencyKind::Lookup | DependencyKind::Variable)
}

/// Parameters that differ, by name.
pub(crate) fn parameter_changes(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<Reason> {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let reasons = changed.map(|name| Reason {
        before: before.get(name).map(Value::to_string),
        after: after.get(name).map(Value::to_string),
        ..Reason::new(ReasonKind::Parameter, name.clone())
    });
    reasons.collect()
}

#[cfg(test)]
mod tests {
    use mendel_model::{Canonical, Timestamp};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn identity(name: &str) -> Identity {
        Canonical::new("test").text(name).identity()
    }

    fn dependency(kind: DependencyKind, subject: &str, content: &str) -> Dependency {
        Dependency { kind, subject: subject.into(), digest: Some(Digest::of(content.as_bytes())) }
    }

    fn candidate(then: &[Dependency], now: &[&str]) -> Candidate {
        let result = StepResult {
            identity: identity("a"),
            key: Digest::of(b"key"),
            run: RunId::new(1, [1; 10]),
            step: "main".into(),
            dependencies: then.to_vec(),
            outputs: vec![],
            duration: 5,
            finished: Timestamp(9),
            input: None,
            stage: None,
        };
        let present = now.iter().map(|content| (!content.is_empty()).then(|| Digest::of(content.as_bytes())));
        Candidate { result, present: present.collect(), usable: true }
    }

    fn request(candidates: Vec<Candidate>) -> StepRequest {
        StepRequest {
            id: "train".into(),
            task: "train".into(),
            identity: Some(identity("a")),
            params: BTreeMap::from([("lr".into(), json!(0.1))]),
            forced: false,
            candidates,
            relative: None,
            spoiled: None,
        }
    }

    fn one(request: StepRequest, policy: EnvironmentPolicy) -> PlannedStep {
        plan(vec![request], policy).steps.remove(0)
    }

    #[test]
    fn rp_15_an_untouched_result_answers() {
        let code = [dependency(DependencyKind::Code, "train.py", "v1")];
        let step = one(request(vec![candidate(&code, &["v1"])]), EnvironmentPolicy::Warn);
        assert!(matches!(step.action, Action::Reuse(_)));
        assert!(step.reasons.is_empty());
    }

    #[test]
    fn a_changed_file_computes_and_is_named() {
        let code =
            [dependency(DependencyKind::Code, "train.py", "v1"), dependency(DependencyKind::Input, "d.csv", "x")];
        let step = one(request(vec![candidate(&code, &["v2", "x"])]), EnvironmentPolicy::Warn);
        assert_eq!(step.action, Action::Compute);
        assert_eq!(step.reasons.len(), 1);
        assert_eq!((step.reasons[0].kind, step.reasons[0].subject.as_str()), (ReasonKind::Code, "train.py"));
    }

    #[test]
    fn an_edit_undone_finds_the_older_result() {
        let newer = candidate(&[dependency(DependencyKind::Code, "train.py", "v2")], &["v1"]);
        let older = candidate(&[dependency(DependencyKind::Code, "train.py", "v1")], &["v1"]);
        let step = one(request(vec![newer, older]), EnvironmentPolicy::Warn);
        assert!(matches!(step.action, Action::Reuse(_)));
    }

    #[test]
    fn a_result_that_missed_what_a_newer_one_saw_never_answers() {
        let code = dependency(DependencyKind::Code, "train.py", "v1");
        let data = dependency(DependencyKind::Input, "data.csv", "x");
        let seen = |now: &str| candidate(&[code.clone(), data.clone()], &["v1", now]);
        let missed = || candidate(std::slice::from_ref(&code), &["v1"]);
        let step = one(request(vec![seen("y"), missed()]), EnvironmentPolicy::Warn);
        assert_eq!((step.action, step.reasons[0].subject.as_str()), (Action::Compute, "data.csv"));
        assert!(matches!(one(request(vec![seen("x"), missed()]), EnvironmentPolicy::Warn).action, Action::Reuse(_)));
        let other = candidate(&[dependency(DependencyKind::Code, "train.py", "v0"), data.clone()], &["v1", "y"]);
        assert!(matches!(one(request(vec![other, missed()]), EnvironmentPolicy::Warn).action, Action::Reuse(_)));
    }

    #[test]
    fn a_result_that_is_not_whole_never_answers() {
        let mut lacking = candidate(&[], &[]);
        lacking.usable = false;
        assert_eq!(one(request(vec![lacking]), EnvironmentPolicy::Warn).action, Action::Compute);
    }

    #[test]
    fn the_policy_decides_about_the_environment() {
        let lock = [dependency(DependencyKind::Environment, "environment", "numpy 1")];
        let changed = || request(vec![candidate(&lock, &["numpy 2"])]);
        let warned = one(changed(), EnvironmentPolicy::Warn);
        assert!(matches!(warned.action, Action::Reuse(_)));
        assert_eq!(warned.reasons[0].kind, ReasonKind::Environment);
        assert_eq!(one(changed(), EnvironmentPolicy::Strict).action, Action::Compute);
        assert!(one(changed(), EnvironmentPolicy::Ignore).reasons.is_empty());
    }

    #[test]
    fn a_new_parameter_value_is_the_reason() {
        let mut wanted = request(vec![]);
        let params = BTreeMap::from([("lr".into(), json!(0.2))]);
        wanted.relative = Some(Relative { run: RunId::new(1, [2; 10]), params });
        let step = one(wanted, EnvironmentPolicy::Warn);
        let reason = &step.reasons[0];
        assert_eq!((reason.kind, reason.subject.as_str()), (ReasonKind::Parameter, "lr"));
        assert_eq!((reason.before.as_deref(), reason.after.as_deref()), (Some("0.2"), Some("0.1")));
    }

    #[test]
    fn a_result_that_never_counted_is_told() {
        let mut wanted = request(vec![]);
        wanted.spoiled = Some("`d.csv` changed while it ran".into());
        let reason = &one(wanted, EnvironmentPolicy::Warn).reasons[0];
        assert_eq!((reason.kind, reason.subject.as_str()), (ReasonKind::Incomplete, "`d.csv` changed while it ran"));
    }

    #[test]
    fn equal_steps_are_one_step() {
        let planned = plan(vec![request(vec![]), request(vec![])], EnvironmentPolicy::Warn);
        assert_eq!(planned.steps[1].action, Action::Same { step: 0 });
        assert_eq!((planned.compute(), planned.reuse()), (1, 1));
    }

    #[test]
    fn force_and_doubt_compute() {
        let mut forced = request(vec![candidate(&[], &[])]);
        forced.forced = true;
        assert_eq!(one(forced, EnvironmentPolicy::Warn).reasons[0].kind, ReasonKind::Forced);
        let mut unknown = request(vec![candidate(&[], &[])]);
        unknown.identity = None;
        assert_eq!(one(unknown, EnvironmentPolicy::Warn).reasons[0].kind, ReasonKind::Unknown);
        let short = candidate(&[dependency(DependencyKind::Code, "a.py", "v1")], &[]);
        assert_eq!(one(request(vec![short]), EnvironmentPolicy::Warn).action, Action::Compute);
    }

    proptest! {
        #[test]
        fn reuse_only_where_every_dependency_that_counts_is_equal(pairs in prop::collection::vec((0..3u8, 0..3u8, 0..4u8), 0..6)) {
            let kinds = [DependencyKind::Code, DependencyKind::Input, DependencyKind::Listing, DependencyKind::Environment];
            let texts = ["a", "b", "c"];
            let then: Vec<_> = pairs.iter().enumerate().map(|(index, (was, _, kind))| dependency(kinds[*kind as usize], &format!("f{index}"), texts[*was as usize])).collect();
            let now: Vec<_> = pairs.iter().map(|(_, is, _)| texts[*is as usize]).collect();
            let step = one(request(vec![candidate(&then, &now)]), EnvironmentPolicy::Strict);
            let equal = pairs.iter().all(|(was, is, _)| was == is);
            prop_assert_eq!(matches!(step.action, Action::Reuse(_)), equal);
        }
    }
}
