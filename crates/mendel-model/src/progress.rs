//! What a run says about its stages while it runs, and how far it is by that.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Timestamp;

/// Something that became of a stage, an input or the whole task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// When.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: StageEvent,
}

/// What became of a stage, an input or the whole task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum StageEvent {
    /// The task is entered.
    Enter {
        /// Its folder.
        task: String,
        /// How many inputs it has.
        inputs: u64,
        /// Its stages in pipeline order.
        stages: Vec<String>,
    },
    /// The task is started.
    Start {
        /// Where it takes up: `scratch`, or stored results.
        source: String,
    },
    /// An input is begun.
    Process {
        /// Which.
        input: Value,
        /// Its number, from zero.
        number: u64,
    },
    /// A stage is computed.
    StageStart {
        /// For which input.
        input: Value,
        /// Which.
        stage: String,
    },
    /// A stage was computed.
    StageEnd {
        /// For which input.
        input: Value,
        /// Which.
        stage: String,
        /// How long it took.
        #[serde(default)]
        seconds: f64,
    },
    /// A stage was not computed.
    StageSkip {
        /// For which input.
        input: Value,
        /// Which.
        stage: String,
        /// `reused` or `disabled`.
        #[serde(default)]
        why: String,
    },
    /// A stage says how far it is.
    Progress {
        /// For which input.
        input: Value,
        /// Which.
        stage: Option<String>,
        /// How many steps are done.
        step: Option<u64>,
        /// Of how many.
        of: Option<u64>,
        /// What it says beside.
        #[serde(default)]
        details: String,
    },
    /// A stage says something.
    Message {
        /// For which input.
        input: Value,
        /// Which.
        stage: Option<String>,
        /// What.
        text: String,
    },
    /// An input failed.
    Error {
        /// Which.
        input: Value,
        /// In which stage, where it was in one.
        stage: Option<String>,
        /// Why.
        error: String,
    },
    /// An input went through.
    Done {
        /// Which.
        input: Value,
    },
    /// The completion is put on record.
    Storing {},
    /// The task is completed.
    Completed {},
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// How many inputs it has.
    pub inputs: u64,
    /// How many went through.
    pub done: u64,
    /// How many failed.
    pub failed: u64,
    /// Its stages in pipeline order.
    pub stages: Vec<StageProgress>,
    /// What goes on now.
    pub active: Vec<Activity>,
    /// When it was entered.
    pub began: Option<Timestamp>,
    /// When it last said something.
    pub updated: Option<Timestamp>,
    /// The last thing that a stage said.
    pub said: String,
}

/// How far a stage is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StageProgress {
    /// Its id.
    pub stage: String,
    /// For how many inputs it was computed.
    pub computed: u64,
    /// For how many it was not: reused or disabled.
    pub skipped: u64,
    /// For how many it failed.
    pub failed: u64,
    /// How long it took in all.
    pub seconds: f64,
}

/// An input that goes on now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Which.
    pub input: Value,
    /// Its stage, once there is one.
    pub stage: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// How many steps of the stage are done, where it says so.
    pub step: Option<u64>,
    /// Of how many.
    pub of: Option<u64>,
    /// What the stage says beside.
    #[serde(default)]
    pub details: String,
}

impl StageEvent {
    /// Whether the next of its kind replaces it.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Progress { .. })
    }
}

impl Progress {
    /// Takes in a report.
    pub fn hear(&mut self, report: &StageReport) {
        let time = report.time;
        self.updated = Some(time);
        match &report.event {
            StageEvent::Enter { inputs, stages, .. } => {
                let stage = |stage: &String| StageProgress { stage: stage.clone(), ..StageProgress::default() };
                let stages = stages.iter().map(stage).collect();
                *self = Self { inputs: *inputs, stages, began: Some(time), updated: Some(time), ..Self::default() };
            }
            StageEvent::Process { input, .. } => self.active.push(Activity::of(input, None, time)),
            StageEvent::StageStart { input, stage } => self.put(Activity::of(input, Some(stage), time)),
            StageEvent::StageEnd { stage, seconds, .. } => {
                let stage = self.stage(stage);
                stage.computed += 1;
                stage.seconds += seconds;
            }
            StageEvent::StageSkip { stage, .. } => self.stage(stage).skipped += 1,
            StageEvent::Progress { input, stage, step, of, details } => {
                let since = self.active.iter().find(|one| one.input == *input).map_or(time, |one| one.since);
                let (step, of, details) = (*step, *of, details.clone());
                self.put(Activity { step, of, details, ..Activity::of(input, stage.as_ref(), since) });
            }
            StageEvent::Message { text, .. } => self.said.clone_from(text),
            StageEvent::Error { input, stage, .. } => {
                self.failed += 1;
                if let Some(stage) = stage {
                    self.stage(stage).failed += 1;
                }
                self.active.retain(|one| one.input != *input);
            }
            StageEvent::Done { input } => {
                self.done += 1;
                self.active.retain(|one| one.input != *input);
            }
            StageEvent::Start { .. } | StageEvent::Storing {} | StageEvent::Completed {} => {}
        }
    }

    /// Inputs a second, once one went through.
    pub fn rate(&self, now: Timestamp) -> Option<f64> {
        let seconds = now.since(self.began?) as f64 / 1000.0;
        (self.done + self.failed > 0 && seconds > 0.0).then(|| (self.done + self.failed) as f64 / seconds)
    }

    /// Milliseconds that are left at that rate.
    pub fn left(&self, now: Timestamp) -> Option<u64> {
        let left = self.inputs.saturating_sub(self.done + self.failed) as f64;
        self.rate(now).map(|rate| (left / rate * 1000.0) as u64)
    }

    fn put(&mut self, activity: Activity) {
        match self.active.iter_mut().find(|one| one.input == activity.input) {
            Some(one) => *one = activity,
            None => self.active.push(activity),
        }
    }

    fn stage(&mut self, id: &str) -> &mut StageProgress {
        let place = self.stages.iter().position(|stage| stage.stage == id).unwrap_or_else(|| {
            self.stages.push(StageProgress { stage: id.to_owned(), ..StageProgress::default() });
            self.stages.len() - 1
        });
        &mut self.stages[place]
    }
}

impl Activity {
    fn of(input: &Value, stage: Option<&String>, since: Timestamp) -> Self {
        let (step, of, details) = (None, None, String::new());
        Self { input: input.clone(), stage: stage.cloned(), since, step, of, details }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Progress {
        let mut progress = Progress::default();
        lines.iter().for_each(|line| progress.hear(&serde_json::from_str(line).expect("a report")));
        progress
    }

    #[test]
    fn rp_30_reports_add_up_to_how_far_a_run_is() {
        let progress = told(&[
            r#"{"event":"enter","time":1000,"task":"/t","inputs":4,"stages":["load","cut"]}"#,
            r#"{"event":"process","time":1000,"input":1,"number":0}"#,
            r#"{"event":"stage_skip","time":1000,"input":1,"stage":"load","why":"reused"}"#,
            r#"{"event":"stage_start","time":1000,"input":1,"stage":"cut"}"#,
            r#"{"event":"stage_end","time":2000,"input":1,"stage":"cut","seconds":1.0}"#,
            r#"{"event":"done","time":2000,"input":1}"#,
            r#"{"event":"process","time":2000,"input":"b","number":1}"#,
            r#"{"event":"stage_start","time":2000,"input":"b","stage":"load"}"#,
            r#"{"event":"progress","time":2500,"input":"b","stage":"load","step":3,"of":9,"details":"tiles"}"#,
        ]);
        assert_eq!((progress.inputs, progress.done, progress.failed), (4, 1, 0));
        assert_eq!((progress.stages[0].skipped, progress.stages[1].computed), (1, 1));
        let [active] = progress.active.as_slice() else { panic!("one goes on") };
        assert_eq!((active.step, active.of, active.stage.as_deref()), (Some(3), Some(9), Some("load")));
        assert_eq!(active.since, Timestamp(2000));
        assert_eq!(progress.left(Timestamp(2000)), Some(3000));
    }

    #[test]
    fn a_failed_input_goes_on_no_more() {
        let progress = told(&[
            r#"{"event":"enter","time":1,"task":"/t","inputs":1,"stages":["load"]}"#,
            r#"{"event":"process","time":1,"input":1,"number":0}"#,
            r#"{"event":"error","time":2,"input":1,"stage":"load","error":"no"}"#,
        ]);
        assert_eq!((progress.failed, progress.stages[0].failed, progress.active.len()), (1, 1, 0));
    }
}
