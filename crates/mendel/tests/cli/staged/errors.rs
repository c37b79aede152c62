//! Errors of stages as they are told: the user's own frames, the place of the stage, and what to do.

use super::lab::{ROOT, Tree};

const LOAD: &str = "return {\"image\": [input_id * step for step in range(config.get(\"size\", 4))]}";

/// What is told when a run of the tree fails.
#[track_caller]
fn failure(tree: &Tree) -> String {
    let answer = tree.mendel(&["run", "tree", "--env", "system", "--no-monitor"]);
    assert_eq!(answer.code, Some(1), "{}{}", answer.out, answer.err);
    for ours in ["/mendel/pipeline/", "/mendel/compat/", "<frozen"] {
        assert!(!answer.err.contains(ours), "a frame of ours is told in {}", answer.err);
    }
    answer.err
}

#[track_caller]
fn told(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is told in {text}");
    }
}

#[test]
fn outputs_that_are_not_those_declared_are_told_with_the_place_of_the_stage() {
    let Some(tree) = Tree::new() else { return };
    let place = ["pkg/stages.py\", line 18, in process", "stage `load`", "input `1`"];
    for (made, words) in [
        ("return {\"imge\": 1}", ["did not return `image`", "returned `imge`"]),
        ("return {}", ["did not return `image`", "stage `load`"]),
        ("return [1]", ["must return a mapping", "`list`"]),
        ("return None", ["must return a mapping", "`NoneType`"]),
    ] {
        tree.lab.edit("pkg/stages.py", LOAD, made);
        let err = failure(&tree);
        told(&err, &place);
        told(&err, &words);
        tree.lab.edit("pkg/stages.py", made, LOAD);
    }
}

#[test]
fn a_stage_without_process_or_with_other_arguments_is_told_with_its_class() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit(
        "pkg/stages.py",
        "    def process(self, input_id, pipeline",
        "    def proces(self, input_id, pipeline",
    );
    told(&failure(&tree), &["pkg/stages.py\", line 14, in Load", "stage `load`", "has no `process`"]);

    tree.lab.edit("pkg/stages.py", "    def proces(self, input_id, pipeline", "    def process(self, pipeline");
    told(&failure(&tree), &["pkg/stages.py\", line 18, in process", "unexpected keyword argument 'input_id'"]);
}

#[test]
fn a_value_that_cannot_be_stored_names_type_stage_field_and_the_way_out() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit("pkg/stages.py", LOAD, "return {\"image\": (step for step in range(3))}");
    let words = ["stage `load`", "field `image`", "`builtins.generator`", "register_format(generator, write, read)"];
    told(&failure(&tree), &words);

    // Without the file name of the old tool, nothing is pickled unasked.
    std::fs::rename(tree.lab.folder().join("tree/task.yml"), tree.lab.folder().join("tree/task.yaml"))
        .expect("renamed");
    let own = "class Odd:\n    pass\n\n\nclass Load(Stage):";
    tree.lab.edit("pkg/stages.py", "class Load(Stage):", own);
    tree.lab.edit("pkg/stages.py", "(step for step in range(3))", "{\"a\": [1, Odd()]}");
    let err = failure(&tree);
    told(&err, &["stage `load`", "field `image`", "`builtins.dict` holds one of type `pkg.stages.Odd`"]);
    told(&err, &["register_format(Odd, write, read)", "pickle = True", "pkg/stages.py\", line 22, in process"]);
}

#[test]
fn rules_of_auto_configuration_that_are_none_are_told() {
    let Some(tree) = Tree::new() else { return };
    let rules = "    def configure(self, pipeline, input_id, *args, **kwargs):\n        return RULES\n\n    def process(self, input_id,";
    tree.lab.edit("pkg/stages.py", "    def process(self, input_id,", rules);
    let mut last = "RULES".to_owned();
    for (rules, word) in [
        ("[1, 2]", "must return a mapping"),
        ("{\"size\": 5}", "the rule of `size` must be [factor"),
        ("{\"size\": [1]}", "the rule of `size` must be [factor"),
        ("{\"size\": [1, 2, {\"maxi\": 3}]}", "did you mean `max`"),
        ("{\"size\": [1, 2, {\"type\": \"int\"}]}", "`type` in the rule of `size` must be a class"),
        ("{\"size\": [None, 2]}", "the rule of `size` cannot be applied"),
        ("{\"size\": [1 / 0, 2]}", "ZeroDivisionError"),
    ] {
        tree.lab.edit("pkg/stages.py", &format!("return {last}\n"), &format!("return {rules}\n"));
        rules.clone_into(&mut last);
        told(&failure(&tree), &["stage `load`", "input `1`", "in configure", word]);
    }
}

#[test]
fn an_error_in_user_code_keeps_its_own_frames_and_its_causes() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit(
        "pkg/util.py",
        "    return [value * by for value in values]\n",
        "    try:\n        return values[by - by + 100]\n    except IndexError as error:\n        raise ValueError('beyond') from error\n",
    );
    let err = failure(&tree);
    told(&err, &["in scale", "in process", "IndexError", "direct cause", "ValueError: beyond", "stage `blur`"]);

    // So does a module that cannot be imported.
    tree.lab.edit("pkg/util.py", "def scale", "raise RuntimeError('not today')\n\n\ndef scale");
    let answer = tree.mendel(&["run", "tree", "--env", "system", "--no-monitor"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    told(&answer.err, &["pkg/util.py\", line 1", "RuntimeError: not today"]);
    assert!(!answer.err.contains("/mendel/pipeline/"), "{}", answer.err);
}

#[test]
fn a_config_of_a_stage_that_is_no_mapping_is_refused_at_its_place() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit("tree/task.yml", "blur: {sigma: 2}", "blur: 5");
    tree.lab.write("tree/x/task.yml", "config: {segment: [1]}\n");
    let words = ["tree/task.yml:5", "`blur`", "mapping", "tree/x/task.yml:1", "`segment`"];
    tree.mendel(&["run", "tree"]).refused(&words);
    for command in ["check", "status"] {
        let answer = tree.mendel(&[command, "tree"]);
        assert_eq!(answer.code, Some(2), "{command}");
        told(&format!("{}{}", answer.out, answer.err), &words);
    }
    tree.lab.write("tree/x/task.yml", "config: {segment: ~}\n");
    tree.lab.edit("tree/task.yml", "blur: 5", "blur: ~");
    assert_eq!(tree.mendel(&["run", "tree", "--env", "system"]).code, Some(0));
}

#[test]
fn scopes_that_inputs_do_not_fill_are_refused_before_anything_runs() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.write("tree/x/task.yml", "config: {segment: {threshold: 3}}\n");
    for (scope, inputs, words) in [
        ("seg/%q.png", "'1-2'", ["`seg`", "seg/%q.png", "`1`", "`%q` is not known"]),
        ("seg/all.png", "'1-2'", ["`seg`", "seg/all.png", "`2`", "no placeholder"]),
        ("seg/%d.png", "'a,b'", ["`seg`", "seg/%d.png", "`\"a\"`", "takes a number only"]),
        ("seg/%s/%s", "'1'", ["`seg`", "seg/%s/%s", "`1`", "2 placeholders"]),
    ] {
        tree.lab.write("tree/task.yml", format!("{}scopes: {{seg: '{scope}'}}\n", ROOT.replace("'1-2'", inputs)));
        tree.mendel(&["run", "tree", "--env", "system"]).refused(&[&words[..], &["tree/task.yml:6"]].concat());
        assert!(tree.counted().is_empty(), "nothing ran");
        for command in ["check", "status"] {
            let answer = tree.mendel(&[command, "tree"]);
            let text = format!("{}{}", answer.out, answer.err);
            assert_eq!((answer.code, text.matches("cannot be filled").count()), (Some(2), 1), "{text}");
            told(&text, &["`tree`, `tree/x`"]);
        }
    }
    tree.lab.write("tree/task.yml", format!("{}scopes: {{seg: seg/all.png}}\n", ROOT.replace("'1-2'", "1")));
    assert_eq!(tree.mendel(&["run", "tree", "--env", "system"]).code, Some(0));
}
