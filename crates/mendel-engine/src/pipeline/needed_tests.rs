use proptest::prelude::*;

use super::*;
use crate::pipeline::order_stages;

fn stage(id: &str, inputs: &[&str], consumes: &[&str], outputs: &[&str]) -> StageDecl {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    StageDecl {
        class: format!("m.{id}"),
        id: id.into(),
        inputs: owned(inputs),
        consumes: owned(consumes),
        outputs: owned(outputs),
        enabled_by_default: true,
    }
}

/// A makes a, B makes b of it, C consumes b for c, D makes d of c.
fn chain() -> Vec<StageDecl> {
    vec![
        stage("a", &["input_id"], &[], &["a"]),
        stage("b", &["a"], &[], &["b"]),
        stage("c", &[], &["b"], &["c"]),
        stage("d", &["c"], &[], &["d"]),
    ]
}

fn fields(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn rp_23_a_consumed_or_marginal_field_brings_back_the_stage_that_makes_it() {
    for (loaded, first, extra) in [
        ("a c d", 2, &[1][..]),
        ("a c d", 3, &[]),
        ("c d", 1, &[0]),
        ("c d", 2, &[0, 1]),
        ("", 3, &[0, 1, 2]),
        ("a b c d", 2, &[]),
        ("d", 4, &[]),
        ("", 0, &[]),
    ] {
        assert_eq!(
            stages_needed(&chain(), &[true; 4], &fields(loaded), first).unwrap(),
            extra,
            "{loaded} from {first}"
        );
    }
}

#[test]
fn rp_23_a_disabled_stage_needs_nothing_and_is_named_where_its_field_is_missed() {
    let enabled = [true, true, false, true];
    let missed = stages_needed(&chain(), &enabled, &fields("a b"), 3).unwrap_err();
    assert_eq!((missed.stage.as_str(), missed.field.as_str(), missed.disabled.as_deref()), ("d", "c", Some("c")));
    assert!(missed.to_string().contains("disabled stage `c`"));
    let enabled = [true, true, false, false];
    assert!(stages_needed(&chain(), &enabled, &fields(""), 2).unwrap().is_empty());
    let lost = stages_needed(&[stage("x", &["y"], &[], &[])], &[true], &fields(""), 0).unwrap_err();
    assert!(lost.to_string().contains("no stage makes"), "{lost}");
}

proptest! {
    #[test]
    fn rp_23_what_runs_finds_what_it_reads_and_nothing_else_runs(
        reads in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 1..7),
        kept in prop::collection::vec(any::<bool>(), 7),
        first in any::<prop::sample::Index>(),
    ) {
        let stages: Vec<_> = reads.iter().enumerate().map(|(index, reads)| {
            let inputs: Vec<_> = reads.iter().filter(|_| index > 0).map(|read| format!("f{}", read.index(index))).collect();
            let inputs: Vec<_> = inputs.iter().map(String::as_str).collect();
            stage(&format!("s{index}"), &inputs, &[], &[&format!("f{index}")])
        }).collect();
        prop_assert_eq!(order_stages(&stages).unwrap(), (0..stages.len()).collect::<Vec<_>>());
        let first = first.index(stages.len());
        let loaded: BTreeSet<_> = (0..first).filter(|index| kept[*index]).map(|index| format!("f{index}")).collect();
        let extra = stages_needed(&stages, &vec![true; stages.len()], &loaded, first).unwrap();
        prop_assert!(extra.is_sorted() && extra.iter().all(|index| *index < first));
        let mut have = loaded.clone();
        for index in extra.iter().copied().chain(first..stages.len()) {
            prop_assert!(stages[index].reads().all(|field| have.contains(field)));
            have.extend(stages[index].outputs.iter().cloned());
        }
        // Each extra stage makes a field that was missing and that something which runs reads.
        for index in &extra {
            let field = format!("f{index}");
            prop_assert!(!loaded.contains(&field));
            let read = extra.iter().copied().chain(first..stages.len()).any(|reader| stages[reader].reads().any(|read| read == field));
            prop_assert!(read);
        }
    }
}
