use mendel_model::Digest;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn current(id: &str, code: &str, config: Value) -> CurrentStage {
    CurrentStage { id: id.into(), class: format!("m.{id}"), code: Some(Digest::of(code.as_bytes())), config }
}

fn recorded(stage: &CurrentStage) -> RecordedStage {
    let CurrentStage { id, class, code, config } = stage.clone();
    RecordedStage { id, class, code, config, enabled: true }
}

fn three() -> Vec<CurrentStage> {
    vec![current("a", "1", json!({})), current("b", "1", json!({"s": [1, 2], "k": 1})), current("c", "1", Value::Null)]
}

#[test]
fn rp_23_the_first_stage_that_is_new_or_has_other_code_or_config_diverges() {
    let record: Vec<_> = three().iter().map(recorded).collect();
    let with = |index: usize, stage: CurrentStage| {
        let mut stages = three();
        stages[index] = stage;
        first_diverging(&stages, Some(&record))
    };
    assert_eq!(first_diverging(&three(), Some(&record)), None);
    assert_eq!(first_diverging(&three(), None), Some((0, Divergence::New)));
    assert_eq!(first_diverging(&[], None), None);
    assert_eq!(with(1, current("b", "2", json!({"s": [1, 2], "k": 1}))), Some((1, Divergence::Code)));
    assert_eq!(with(2, current("z", "1", json!({}))), Some((2, Divergence::New)));
    let unknown = CurrentStage { code: None, ..three().remove(0) };
    assert_eq!(with(0, unknown), Some((0, Divergence::Code)));
}

#[test]
fn rp_22_config_is_compared_by_value_and_a_missing_one_is_empty() {
    let record: Vec<_> = three().iter().map(recorded).collect();
    let with = |index: usize, id: &str, config: Value| {
        let mut stages = three();
        stages[index] = current(id, "1", config);
        first_diverging(&stages, Some(&record)).map(|(index, _)| index)
    };
    for same in [json!({"k": 1, "s": [1, 2]}), json!({"s": [1, 2], "k": 1})] {
        assert_eq!(with(1, "b", same), None);
    }
    for other in [json!({"s": [2, 1], "k": 1}), json!({"s": [1, 2], "k": 1.0}), json!({}), Value::Null] {
        assert_eq!(with(1, "b", other.clone()), Some(1), "{other}");
    }
    assert_eq!((with(0, "a", Value::Null), with(2, "c", json!({}))), (None, None));
}

#[test]
fn rp_24_an_inserted_stage_diverges_and_a_removed_one_alone_does_not() {
    let record: Vec<_> = three().iter().map(recorded).collect();
    let mut inserted = three();
    inserted.insert(1, current("new", "1", json!({})));
    assert_eq!(first_diverging(&inserted, Some(&record)), Some((1, Divergence::New)));
    let mut removed = three();
    removed.remove(1);
    assert_eq!(first_diverging(&removed, Some(&record)), None);
}

#[test]
fn rp_25_rp_26_rp_27_the_candidate_that_diverges_latest_is_picked_and_the_earlier_of_equal_ones() {
    let picked = |candidates: &[Option<usize>]| pick_up(candidates).map(|pickup| (pickup.candidate, pickup.first));
    for (candidates, expected) in [
        (&[][..], None),
        (&[Some(0), Some(0)], None),
        (&[Some(1), Some(2)], Some((1, Some(2)))),
        (&[Some(2), Some(2), Some(1)], Some((0, Some(2)))),
        (&[Some(3), None, None], Some((1, None))),
    ] {
        assert_eq!(picked(candidates), expected, "{candidates:?}");
    }
}

proptest! {
    #[test]
    fn rp_23_everything_before_the_first_diverging_stage_is_as_it_was(edits in prop::collection::vec(0..3u8, 1..6)) {
        let before: Vec<_> = (0..edits.len()).map(|index| current(&format!("s{index}"), "1", json!({"k": index}))).collect();
        let record: Vec<_> = before.iter().map(recorded).collect();
        let now: Vec<_> = edits.iter().zip(&before).map(|(edit, stage)| match edit {
            1 => current(&stage.id, "2", stage.config.clone()),
            2 => current(&stage.id, "1", json!({"k": -1})),
            _ => stage.clone(),
        }).collect();
        let first = edits.iter().position(|edit| *edit > 0);
        prop_assert_eq!(first_diverging(&now, Some(&record)).map(|(index, _)| index), first);
    }
}
