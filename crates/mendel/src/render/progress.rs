//! How far a run is, as lines with bars: one for the run, one for each of its stages.

use mendel_model::{Activity, Progress, StageProgress, Timestamp};

use super::{text::safe, time::span, value::number};

const BAR: u64 = 20;
const NAME_MAX: usize = 24;

/// The line of a run: its bar, rate and estimate.
pub fn head(name: &str, progress: &Progress, now: Timestamp) -> String {
    let gone = progress.done + progress.failed;
    let mut text = format!("{}  {} {gone}/{} inputs", safe(name), bar(gone, progress.inputs), progress.inputs);
    if progress.failed > 0 {
        text.push_str(&format!(", {} failed", progress.failed));
    }
    if let (Some(rate), Some(left)) = (progress.rate(now), progress.left(now))
        && gone < progress.inputs
    {
        text.push_str(&format!("  {}/s  {} left", number(rounded(rate)), span(left)));
    }
    text
}

/// A line for each stage that was reached, and one for what a stage said last.
pub fn stages(progress: &Progress, now: Timestamp) -> Vec<String> {
    let width = progress.stages.iter().map(|stage| stage.stage.chars().count()).max().unwrap_or(0).min(NAME_MAX);
    let mut lines: Vec<_> = progress.stages.iter().map(|stage| line(stage, progress, width, now)).collect();
    if !progress.said.is_empty() {
        lines.push(format!("  {}", safe(&progress.said)));
    }
    lines
}

fn line(stage: &StageProgress, progress: &Progress, width: usize, now: Timestamp) -> String {
    let name: String = stage.stage.chars().take(NAME_MAX).collect();
    let gone = stage.computed + stage.skipped + stage.failed;
    let mut text = format!("  {:width$}  {} {gone}/{}", safe(&name), bar(gone, progress.inputs), progress.inputs);
    if stage.skipped > 0 {
        text.push_str(&format!(", {} not computed", stage.skipped));
    }
    if stage.failed > 0 {
        text.push_str(&format!(", {} failed", stage.failed));
    }
    if stage.computed > 0 {
        let each = stage.seconds / stage.computed as f64;
        text.push_str(&format!(", {} each", span((each * 1000.0) as u64)));
    }
    for active in progress.active.iter().filter(|active| active.stage.as_deref() == Some(&stage.stage)).take(3) {
        text.push_str(&format!("  [{}]", activity(active, now)));
    }
    text
}

fn activity(active: &Activity, now: Timestamp) -> String {
    let input = active.input.as_str().map_or_else(|| active.input.to_string(), str::to_owned);
    let took = now.since(active.since);
    let mut text = format!("input {}", safe(&input));
    match (active.step, active.of) {
        (Some(step), Some(of)) if of > 0 => {
            text.push_str(&format!(" {} {step}/{of}", bar(step, of)));
            if step > 0 && took > 0 {
                let left = took as f64 / step as f64 * of.saturating_sub(step) as f64;
                text.push_str(&format!(" {} left", span(left as u64)));
            }
        }
        (Some(step), _) => text.push_str(&format!(" step {step}")),
        (None, _) => text.push_str(&format!(" for {}", span(took))),
    }
    if !active.details.is_empty() {
        text.push_str(&format!(" {}", safe(&active.details)));
    }
    text
}

/// A bar of blocks; as full as `done` is of `all`.
fn bar(done: u64, all: u64) -> String {
    let full = if all == 0 { BAR } else { (done.min(all) * BAR) / all } as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(BAR as usize - full))
}

fn rounded(rate: f64) -> f64 {
    let digits = if rate < 10.0 { 100.0 } else { 1.0 };
    (rate * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rp_30_a_run_and_its_stages_have_bars_rates_and_estimates() {
        let mut progress = Progress { inputs: 4, done: 2, began: Some(Timestamp(0)), ..Progress::default() };
        progress.stages.push(StageProgress { stage: "cut".into(), computed: 2, seconds: 3.0, ..Default::default() });
        progress.active.push(Activity {
            input: json!(3),
            stage: Some("cut".into()),
            since: Timestamp(2000),
            step: Some(5),
            of: Some(10),
            details: "tiles".into(),
        });
        assert_eq!(head("a", &progress, Timestamp(4000)), "a  ██████████░░░░░░░░░░ 2/4 inputs  0.5/s  4.0 s left");
        assert_eq!(
            stages(&progress, Timestamp(4000)),
            ["  cut  ██████████░░░░░░░░░░ 2/4, 1.5 s each  [input 3 ██████████░░░░░░░░░░ 5/10 2.0 s left tiles]"]
        );
    }
}
