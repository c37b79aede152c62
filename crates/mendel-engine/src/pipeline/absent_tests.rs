use serde_json::json;

use super::*;

fn stage(id: &str, reads: &[&str], consumes: &[&str], makes: &[&str], enabled_by_default: bool) -> StageDecl {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let (inputs, consumes, outputs) = (owned(reads), owned(consumes), owned(makes));
    StageDecl { class: format!("m.{id}"), id: id.into(), inputs, consumes, outputs, enabled_by_default }
}

fn chain() -> Vec<StageDecl> {
    vec![
        stage("a", &[], &[], &["x"], true),
        stage("b", &["x"], &[], &["y", "z"], true),
        stage("c", &[], &["y"], &["w"], false),
    ]
}

#[test]
fn rp_22_the_config_of_a_stage_decides_whether_it_runs_and_its_class_where_that_is_silent() {
    let (on, off) = (&chain()[0], &chain()[2]);
    for (config, runs) in
        [(json!({"enabled": false}), false), (json!({"enabled": 0}), false), (json!({"enabled": "x"}), true)]
    {
        assert_eq!((is_enabled(on, &config), is_enabled(off, &config)), (runs, runs), "{config}");
    }
    assert!(is_enabled(on, &json!({})) && !is_enabled(off, &json!({})) && is_enabled(on, &json!(null)));
}

#[test]
fn rp_37_a_field_absent_by_choice_is_missed_before_anything_runs_with_the_key_that_disabled_its_stage() {
    let configs = [json!({"enabled": false}), json!({}), json!({"enabled": true})];
    let needs = absent_needs(&chain(), &configs);
    assert_eq!(needs.len(), 1);
    let text = needs[0].to_string();
    for part in ["`b`", "`x`", "`a`", "`config/a/enabled` disables it"] {
        assert!(text.contains(part), "{text}");
    }
    let reader = [stage("c", &[], &[], &["w"], false), stage("d", &["w"], &[], &[], true)];
    assert!(absent_needs(&reader, &[]).remove(0).to_string().contains("`m.c.enabled_by_default`"));
    let all_off = [json!({"enabled": false}), json!({"enabled": false}), json!(null)];
    assert!(absent_needs(&chain(), &all_off).is_empty(), "what does not run needs nothing");
}

#[test]
fn rp_33_rp_37_stored_fields_are_those_made_less_consumed_marginal_and_absent_ones() {
    let fields = |enabled: &[bool], marginal: &[&str]| {
        let marginal: Vec<String> = marginal.iter().map(|id| (*id).to_owned()).collect();
        stored_fields(&chain(), enabled, &marginal).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(fields(&[true; 3], &[]), "input_id w x z");
    assert_eq!(fields(&[true, true, false], &[]), "input_id x y z");
    assert_eq!(fields(&[true; 3], &["b"]), "input_id w x");
    assert_eq!(fields(&[true; 3], &["a", "b", "c"]), "input_id");
    assert_eq!(fields(&[false; 3], &[]), "input_id");
}
