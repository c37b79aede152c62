use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `name: inputs -consumes > outputs` as a declaration.
fn stage(text: &str) -> StageDecl {
    let (name, rest) = text.split_once(':').unwrap();
    let (reads, outputs) = rest.split_once('>').unwrap();
    let (consumes, inputs): (Vec<String>, Vec<String>) =
        words(reads).into_iter().partition(|word| word.starts_with('-'));
    StageDecl {
        class: format!("m.{}", name.to_uppercase()),
        id: name.to_owned(),
        inputs,
        consumes: consumes.iter().map(|word| word[1..].to_owned()).collect(),
        outputs: words(outputs),
        enabled_by_default: true,
    }
}

fn order(stages: &[&str]) -> Result<String, String> {
    let stages: Vec<_> = stages.iter().map(|text| stage(text)).collect();
    let order = order_stages(&stages).map_err(|problem| problem.to_string())?;
    Ok(order.into_iter().map(|index| stages[index].id.as_str()).collect())
}

#[test]
fn rp_17_stages_are_ordered_by_what_they_read_and_make_the_first_declared_first() {
    for (stages, expected) in [
        (&["c: y > z", "b: x > y", "a: input_id > x"][..], "abc"),
        (&["a: > x", "b: > y", "c: x y > z"], "abc"),
        (&["b: > y", "a: > x"], "ba"),
        (&["a: > x", "eat: -x > y", "r: x > z"], "areat"),
        (&[], ""),
    ] {
        assert_eq!(order(stages).unwrap(), expected);
    }
}

#[test]
fn rp_17_a_stage_that_consumes_waits_for_every_reader_of_any_of_its_fields() {
    assert_eq!(order(&["p: > x y", "q: -x -y > z", "r: x > w"]).unwrap(), "prq");
    assert_eq!(order(&["q: -x > z", "p: > x", "r: x z2 > w", "s: > z2"]).unwrap(), "psrq");
}

#[test]
fn rp_17_stages_without_an_order_are_told_with_classes_and_fields() {
    for (stages, parts) in [
        (&["a: > x", "a: > y"][..], &["stage id `a`", "`m.A`, `m.A`"][..]),
        (&["a: > x", "b: > x"], &["`x` is made by `m.A`, `m.B`"]),
        (&["a: > input_id"], &["`m.A` makes the field `input_id`"]),
        (&["a: > x", "b: -x > y", "c: -x > z"], &["`x` is consumed by `m.B`, `m.C`", "can never be ordered"]),
        (&["a: y > x"], &["`y` is read by `m.A` and made by no stage", "made are `x`"]),
        (&["z: > q", "a: y > x", "b: x > y"], &["after `m.Z`", "`m.A` lacks `y`", "`m.B` lacks `x`"]),
        (&["p: > x", "q: -x > y", "r: x y > z"], &["`m.Q` consumes `x`, which `m.R` still reads", "`m.R` lacks `y`"]),
    ] {
        let problem = order(stages).unwrap_err();
        assert!(parts.iter().all(|part| problem.contains(part)), "{problem}");
    }
}

#[test]
fn rp_17_all_faults_of_the_declarations_are_told_at_once() {
    let stages = [stage("a: u > x"), stage("a: > x"), stage("c: -x > y"), stage("d: -x > z")];
    assert_eq!(order_stages(&stages).unwrap_err().faults.len(), 4);
}

/// A pipeline of stages that each read fields of earlier ones, declared in any order.
fn any_pipeline() -> impl Strategy<Value = Vec<StageDecl>> {
    prop::collection::vec((prop::collection::vec(any::<prop::sample::Index>(), 0..3), any::<bool>()), 1..7)
        .prop_map(|shape| {
            let mut eaten = std::collections::HashSet::new();
            let mut stages: Vec<StageDecl> = Vec::new();
            for (index, (reads, eats)) in shape.iter().enumerate() {
                let mut inputs: Vec<String> = Vec::new();
                if index > 0 {
                    let fields = reads.iter().map(|read| format!("f{}", read.index(index)));
                    inputs.extend(fields.filter(|field| !eaten.contains(field)));
                }
                let consumes: Vec<String> = inputs.first().filter(|_| *eats).cloned().into_iter().collect();
                eaten.extend(consumes.iter().cloned());
                let (id, outputs) = (format!("s{index}"), vec![format!("f{index}")]);
                stages.push(StageDecl {
                    class: format!("m.S{index}"),
                    id,
                    inputs,
                    consumes,
                    outputs,
                    enabled_by_default: true,
                });
            }
            stages
        })
        .prop_shuffle()
}

proptest! {
    #[test]
    fn rp_17_every_order_found_feeds_every_stage(stages in any_pipeline()) {
        // It may find none where an order exists, as the first that fits is taken; never a wrong one.
        if let Ok(order) = order_stages(&stages) {
            let mut seen = order.clone();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..stages.len()).collect::<Vec<_>>());
            let mut have = BTreeSet::from([INPUT_ID]);
            for index in order {
                for field in stages[index].reads() {
                    prop_assert!(have.contains(field), "{} lacks {}", stages[index].id, field);
                }
                have.extend(stages[index].outputs.iter().map(String::as_str));
                stages[index].consumes.iter().for_each(|field| { have.remove(field.as_str()); });
            }
        }
    }

    #[test]
    fn rp_17_without_consumption_every_pipeline_that_can_be_ordered_is(mut stages in any_pipeline()) {
        stages.iter_mut().for_each(|stage| stage.consumes.clear());
        prop_assert!(order_stages(&stages).is_ok());
    }
}
