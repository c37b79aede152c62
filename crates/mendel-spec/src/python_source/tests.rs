use mendel_model::Origin;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Assignment, GridRequest, members};

const TRAIN: &str = r#"
import argparse
import sys

STEPS = 50

def main(argv=None):
    parser = argparse.ArgumentParser(description="trains " + "a thing")
    parser.add_argument("data", nargs="?", default="digits.csv", help="what to read")
    parser.add_argument("-l", "--lr", type=float, default=0.1, help="learning rate")
    parser.add_argument("--steps", type=int, default=STEPS)
    group = parser.add_argument_group("model", description="what to train")
    group.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
    group.add_argument("--layers", type=int, nargs="+", default=[64, 32])
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("--no-bias", dest="bias", action="store_false")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--tag", action="append")
    args = parser.parse_args(argv)
    if args.steps < 1:
        parser.error("steps")
    print(args)

if __name__ == "__main__":
    main()
"#;

fn words(line: &str) -> Vec<String> {
    line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn values(parser: &KnownParser, line: &str) -> Value {
    let params = interpret(parser, &words(line)).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
    params.into_iter().map(|param| (param.name, param.value)).collect::<serde_json::Map<_, _>>().into()
}

fn bad(parser: &KnownParser, line: &str) -> String {
    match interpret(parser, &words(line)) {
        Err(Refusal::Bad(problems)) => problems.to_string(),
        other => panic!("`{line}` gave {other:?}"),
    }
}

fn one(call: &str) -> Option<KnownParser> {
    parser_of(&format!("import argparse\np = argparse.ArgumentParser()\n{call}\np.parse_args()\n"))
}

#[test]
fn ct_12_the_parser_of_a_plain_script_is_read_from_its_source() {
    let parser = parser_of(TRAIN).expect("a readable parser");

    assert_eq!(
        values(&parser, ""),
        json!({"data": "digits.csv", "lr": 0.1, "steps": 50, "optimizer": "adam", "layers": [64, 32], "verbose": 0,
            "bias": true, "fast": false, "tag": null})
    );
    assert_eq!(
        values(&parser, "x.csv --lr=1 --st 3 -vv --layers 1 2 --optim sgd --no-bias --fast --tag a --tag=b"),
        json!({"data": "x.csv", "lr": 1.0, "steps": 3, "optimizer": "sgd", "layers": [1, 2], "verbose": 2,
            "bias": false, "fast": true, "tag": ["a", "b"]})
    );
    assert_eq!(values(&parser, "-l-3e2 --steps -5")["lr"], json!(-300.0));
    assert_eq!(parser.arguments[2].line, 10);
    let stored: KnownParser = serde_json::from_value(serde_json::to_value(&parser).unwrap()).unwrap();
    assert_eq!(stored, parser);
}

#[test]
fn order_and_spelling_of_flags_do_not_matter() {
    let parser = parser_of(TRAIN).unwrap();
    let all = [
        "--lr 0.2 --steps 7",
        "--steps=7 -l0.2",
        "--ste 7 --lr=0.20",
        "-l 0.2 --steps 07",
        "--lr 9 --lr 2e-1 --steps 7",
    ];

    for line in all {
        assert_eq!(values(&parser, line), values(&parser, all[0]), "{line}");
    }
}

#[test]
fn what_the_parser_would_refuse_is_told_with_the_nearest_word() {
    let parser = parser_of(TRAIN).unwrap();
    for (line, message) in [
        ("--lerning 3", "the script has no argument `--lerning`"),
        ("--lr fast", "`--lr` expects float, got `fast`"),
        ("--steps 1.5", "`--steps` expects int, got `1.5`"),
        ("--optimizer adm", "`--optimizer` expects one of `adam`, `sgd`, got `adm`"),
        ("--lr", "`--lr` expects a value, got 0"),
        ("--layers --fast", "`--layers` expects one value or more, got 0"),
        ("--fast=1", "`--fast` takes no value, got `1`"),
        ("a b", "the script takes no further word: `b`"),
    ] {
        assert!(bad(&parser, line).contains(message), "{line}: {}", bad(&parser, line));
    }
    assert!(bad(&parser, "--stesp 3").contains("did you mean `--steps`?"));
    let required = one("p.add_argument('--data', required=True); p.add_argument('out')").unwrap();
    let told = bad(&required, "");
    assert!(told.contains("`--data` is required") && told.contains("`out` is required"), "{told}");
}

#[test]
fn in_doubt_about_words_the_script_is_left_to_judge() {
    let parser = parser_of(TRAIN).unwrap();
    for line in ["--", "-- x", "--help", "-h", "--l 3", "--steps 1_000", "--steps -1e3"] {
        assert!(matches!(interpret(&parser, &words(line)), Err(Refusal::Unknown(_))), "{line}");
    }
}

#[test]
fn a_parser_is_found_wherever_it_is_plain_to_read() {
    for source in [
        "import argparse as ap\np = ap.ArgumentParser()\np.add_argument('--a')\nargs = p.parse_args()",
        "from argparse import ArgumentParser as P\np = P('prog')\np.add_argument('--a')\ndef main():\n  args = p.parse_args()\nmain()",
        "import argparse\ndef build():\n  p = argparse.ArgumentParser()\n  p.add_argument('--a')\n  return p\nargs = build().parse_args()",
        "import argparse\ndef build():\n  p = argparse.ArgumentParser()\n  p.add_argument('--a')\n  return p\ndef main():\n  q = build()\n  args = q.parse_args()\nmain()",
        "import argparse\ndef get():\n  p = argparse.ArgumentParser()\n  p.add_argument('--a')\n  return p.parse_args()\nif __name__ == '__main__':\n  get()",
        "import argparse, sys\nif '__main__' == __name__:\n  p = argparse.ArgumentParser()\n  p.add_argument_group('g').add_argument('--a')\n  p.parse_args(sys.argv[1:])",
    ] {
        let parser = parser_of(source).unwrap_or_else(|| panic!("not read:\n{source}"));
        assert_eq!(values(&parser, "--a=1"), json!({"a": "1"}), "{source}");
    }
}

#[test]
fn a_parser_that_cannot_be_read_is_unknown() {
    for call in [
        "for n in ['a', 'b']: p.add_argument('--' + n)",
        "if x: p.add_argument('--a')",
        "[p.add_argument(n) for n in names]",
        "p.add_argument('--a', type=pathlib.Path)",
        "p.add_argument('--a', type=lambda x: x)",
        "p.add_argument('--a', default=os.cpu_count())",
        "p.add_argument('--a', action=Mine)",
        "p.add_argument('--a', **kw)",
        "p.add_argument(*names)",
        "p.add_argument('--a', nargs=argparse.REMAINDER)",
        "p.add_argument('--a'); p.add_argument('--a')",
        "p.add_mutually_exclusive_group().add_argument('--a')",
        "sub = p.add_subparsers()",
        "p.set_defaults(a=1)",
        "add_more(p)",
        "p = other",
        "p.add_argument = None",
        "import sys\nsys.argv.append('x')",
        "q = argparse.ArgumentParser()",
        "def more():\n  p.add_argument('--a')\nmore()",
        "p.parse_args(['--a'])",
        "args, rest = p.parse_known_args()",
        "try:\n  p.add_argument('--a')\nexcept Exception: pass",
    ] {
        assert_eq!(one(call), None, "{call}");
    }
    for source in [
        "print('no parser')",
        "from argparse import *\np = ArgumentParser()\np.parse_args()",
        "import argparse\np = argparse.ArgumentParser(parents=[base])\np.parse_args()",
        "import argparse\np = argparse.ArgumentParser(fromfile_prefix_chars='@')\np.parse_args()",
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--a')",
        "import argparse\ndef main():\n  p = argparse.ArgumentParser()\n  p.parse_args()",
        "import argparse\ndef main(argv):\n  p = argparse.ArgumentParser()\n  p.parse_args(argv)\nmain(['--x'])",
        "import argparse\nfor i in x:\n  p = argparse.ArgumentParser()\n  p.parse_args()",
        "import argparse\nclass A:\n  def f(self):\n    p = argparse.ArgumentParser()\n    p.parse_args()\nA().f()",
        "import click\n",
        "def broken(:",
    ] {
        assert_eq!(parser_of(source), None, "{source}");
    }
}

#[test]
fn set_and_grid_reach_a_plain_script_as_words() {
    let parser = parser_of(TRAIN).unwrap();
    let parse = |option, word| Assignment::parse(option, word).unwrap();
    let sets = [
        parse("--set", "lr=1e-3"),
        parse("--set", "layers=[8, 4]"),
        parse("--set", "fast=true"),
        parse("--set", "bias=false"),
    ];
    let grids = [parse("--grid", "optimizer=*"), parse("--grid", "steps=1,2")];
    let request = GridRequest { sets: &sets, grids: &grids, ..GridRequest::default() };
    let grid = members(&parser.schema(), &request).unwrap();

    assert_eq!(grid.members.len(), 4);
    let line = words_for(&parser, &words("x.csv --lr 5"), &grid.members[3].params).unwrap();
    assert_eq!(line.join(" "), "x.csv --lr 5 --lr=0.001 --steps=2 --optimizer=sgd --layers 8 4 --no-bias --fast");
    assert_eq!(
        values(&parser, &line.join(" ")),
        json!({"data": "x.csv", "lr": 0.001, "steps": 2, "optimizer": "sgd", "layers": [8, 4], "verbose": 0,
            "bias": false, "fast": true, "tag": null})
    );
}

#[test]
fn ct_26_an_undeclared_name_of_a_known_script_is_refused_with_the_nearest() {
    let parser = one("p.add_argument('--learning-rate', type=float)").unwrap();
    let sets = [Assignment::parse("--set", "lerning_rate=3").unwrap()];
    let problems = members(&parser.schema(), &GridRequest { sets: &sets, ..GridRequest::default() }).unwrap_err();

    assert_eq!(problems.0[0].hint, "did you mean `learning_rate`?");
}

#[test]
fn what_words_cannot_say_is_refused() {
    let parser = one("p.add_argument('--on', action='store_true', default=True); p.add_argument('--t', action='append', default=['a'])").unwrap();
    let given = |name: &str, value: Value| {
        let mut params = interpret(&parser, &[]).unwrap();
        let param = params.iter_mut().find(|param| param.name == name).unwrap();
        (param.value, param.origin) = (value, Origin::Grid);
        words_for(&parser, &[], &params)
    };

    assert!(given("on", json!(false)).is_err());
    assert!(given("t", json!(["b"])).is_err());
    assert_eq!(given("on", json!(true)).unwrap(), ["--on"]);
}

#[test]
fn every_action_means_what_it_means_in_python() {
    for (call, line, expected) in [
        ("p.add_argument('--a', type=int, default='3')", "", json!(3)),
        ("p.add_argument('--a', type=float, default=1)", "", json!(1)),
        ("p.add_argument('--a', type=float, default=1)", "--a 1", json!(1.0)),
        ("p.add_argument('--a', type=bool)", "--a False", json!(true)),
        ("p.add_argument('--a', type=bool)", "--a=", json!(false)),
        ("p.add_argument('--a', nargs='?', const='c', default='d')", "", json!("d")),
        ("p.add_argument('--a', nargs='?', const='c', default='d')", "--a", json!("c")),
        ("p.add_argument('--a', nargs='?', const=5, type=int)", "--a 6", json!(6)),
        ("p.add_argument('--a', nargs=2, type=int)", "--a 1 2", json!([1, 2])),
        ("p.add_argument('--a', nargs=1)", "--a x", json!(["x"])),
        ("p.add_argument('--a', nargs='*')", "--a", json!([])),
        ("p.add_argument('--a', action='extend', nargs='+')", "--a 1 2 --a 3", json!(["1", "2", "3"])),
        ("p.add_argument('--a', action='append', default=['x'])", "--a y", json!(["x", "y"])),
        ("p.add_argument('--a', action='count')", "", json!(null)),
        ("p.add_argument('-a', action='count')", "-aaa", json!(3)),
        ("p.add_argument('-b', action='store_true'); p.add_argument('-a', type=int)", "-ba3", json!(3)),
        ("p.add_argument('--a', action=argparse.BooleanOptionalAction, default=True)", "--no-a", json!(false)),
        ("p.add_argument('--a', choices=range(3), type=int)", "--a 2", json!(2)),
        ("p.add_argument('-lr', dest='a', type=float)", "-lr 0.5", json!(0.5)),
        ("p.add_argument('a', nargs='*')", "", json!([])),
        ("p.add_argument('a', nargs='+')", "x y", json!(["x", "y"])),
        ("p.add_argument('b'); p.add_argument('a', nargs='*')", "1 2 3", json!(["2", "3"])),
        ("p.add_argument('b', nargs='*'); p.add_argument('a')", "1 2 3", json!("3")),
        ("p.add_argument('--a', type=float)", "--a nan", json!("NaN")),
        ("p.add_argument('--a')", "--a -5", json!("-5")),
    ] {
        let parser = one(call).unwrap_or_else(|| panic!("not read: {call}"));
        assert_eq!(values(&parser, line)["a"], expected, "{call} / {line}");
    }
}

/// What Python's own argparse makes of some twelve hundred lines of words.
const ARGPARSE: &str = include_str!("../../vectors/argparse.jsonl");

#[test]
fn what_is_answered_is_what_argparse_answers() {
    let (mut wrong, mut unknown, mut lines) = (Vec::new(), 0, 0);
    for line in ARGPARSE.lines() {
        let (source, words, expected): (String, Vec<String>, Option<Value>) = serde_json::from_str(line).unwrap();
        let source = format!("import argparse\np = argparse.ArgumentParser{source}");
        let parser = parser_of(&source).unwrap_or_else(|| panic!("not read:\n{source}"));
        lines += 1;
        let found = match interpret(&parser, &words) {
            Ok(params) => Some(
                params.into_iter().map(|param| (param.name, param.value)).collect::<serde_json::Map<_, _>>().into(),
            ),
            Err(Refusal::Bad(_)) => None,
            Err(Refusal::Unknown(_)) => {
                unknown += 1;
                continue;
            }
        };
        if found != expected {
            wrong.push(format!("{source}{words:?}\n  found {found:?}\n  not   {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {lines} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unknown * 3 < lines, "{unknown} of {lines} are left to the script");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_script_makes_the_reader_panic(text in "[ \\n():='\",.a-cp\\[\\]*-]{0,80}") {
        let _ = parser_of(&text);
        let _ = one(&text);
    }

    #[test]
    fn no_words_make_the_interpreter_panic(line in "[-=a-z0-9. ]{0,40}") {
        let parser = parser_of(TRAIN).expect("a parser");
        let _ = interpret(&parser, &words(&line));
    }

    #[test]
    fn values_given_as_words_come_back(lr in -1e6f64..1e6, steps in any::<i64>(), layers in proptest::collection::vec(0i64..99, 1..5), tag in "[^\\p{C}]{0,10}") {
        let parser = parser_of(TRAIN).expect("a parser");
        let wanted = json!({"lr": lr, "steps": steps, "layers": layers, "tag": [tag]});
        let mut params = interpret(&parser, &[]).expect("defaults");
        for param in &mut params {
            if let Some(value) = wanted.get(&param.name) {
                (param.value, param.origin) = (value.clone(), Origin::Grid);
            }
        }
        let line = words_for(&parser, &[], &params).expect("words");
        let back: serde_json::Map<_, _> =
            interpret(&parser, &line).expect("good words").into_iter().map(|param| (param.name, param.value)).collect();
        for (name, value) in wanted.as_object().expect("a mapping") {
            prop_assert_eq!(&back[name], value);
        }
    }
}
