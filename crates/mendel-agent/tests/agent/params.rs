use mendel_agent::supervisor::Event;
use mendel_model::{Identity, Origin, Status};
use serde_json::json;

use crate::lab::{Lab, alone, value};

const SCRIPT: &str = "import argparse\n\
    parser = argparse.ArgumentParser()\n\
    parser.add_argument('--lr', type=float, default=1.0, help='learning rate')\n\
    parser.add_argument('--layers', type=int, nargs='+', default=[1, 2])\n\
    parser.add_argument('--out', type=str, default='x/y')\n\
    parser.add_argument('--fast', action='store_true')\n\
    parser.add_argument('name')\n\
    args = parser.parse_args()\n\
    open('worked.txt', 'w').write(args.name)\n";

#[test]
fn ct_12_tr_19_the_values_of_the_parser_become_parameters_and_settle_the_identity() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SCRIPT);
        let mut job = lab.script("train.py", &["--lr", "0.5", "--layers", "3", "--", "a"]).await;
        job.parser_note = Some("parser:x".to_owned());
        let finished = lab.finish(job).await;

        let params = &finished.run.facts.params;
        assert_eq!(finished.run.status, Status::Completed, "{:?}", finished.ended);
        assert_eq!(value(params, "lr"), &json!(0.5));
        assert_eq!(value(params, "layers"), &json!([3]));
        assert_eq!(value(params, "out"), &json!("x/y"));
        assert_eq!(value(params, "fast"), &json!(false));
        assert_eq!(value(params, "name"), &json!("a"));
        let lr = params.iter().find(|param| param.name == "lr").expect("there");
        assert_eq!((lr.kind.as_deref(), lr.description.as_str()), (Some("float"), "learning rate"));
        assert_eq!(lr.origin, Origin::CommandLine { words: "--lr 0.5".into() });
        let layers = params.iter().find(|param| param.name == "layers").expect("there");
        assert_eq!(layers.kind.as_deref(), Some("list[int]"));
        assert_eq!(finished.run.facts.identity, Some(Identity::of_script("train.py", "", params, &[])));
        assert!(finished.events.iter().any(|event| matches!(event, Event::Params { changed: false, .. })));
        let parser = lab.client.note("parser:x").await.expect("asked").expect("kept");
        assert_eq!(parser["abbreviations"], json!(true));
        let layers = json!({"flags": ["--layers"], "dest": "layers", "action": "store", "convert": "int", "count": "some",
            "default": [1, 2], "constant": null, "choices": null, "required": false, "help": ""});
        assert_eq!(parser["arguments"][2], layers);
        let result = lab.result(finished.ended.run).await.expect("a result");
        assert_eq!(Some(result.identity), finished.run.facts.identity);
    });
}

#[test]
fn order_and_spelling_of_flags_do_not_matter() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SCRIPT);
        let mut identities = Vec::new();
        for words in [&["a", "--lr=1"][..], &["--lr", "1.0", "a"], &["a"]] {
            let job = lab.script("train.py", words).await;
            identities.push(lab.finish(job).await.run.facts.identity.expect("settled"));
        }
        assert_eq!(identities[0], identities[1]);
        assert_eq!(identities[0], identities[2]);
    });
}

#[test]
fn a_refusal_before_any_work_is_told_apart_from_a_failure() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SCRIPT);
        let job = lab.script("train.py", &["a", "--lr", "fast"]).await;
        let finished = lab.finish(job).await;

        let refused = finished.ended.refused.expect("refused");
        assert!(refused.contains("--lr") && refused.contains("fast"), "{refused}");
        assert_eq!((finished.run.status, finished.run.exit_code), (Status::Failed, Some(2)));
        assert_eq!(finished.run.status_reason, "refused");
        assert_eq!(lab.result(finished.ended.run).await, None);
    });
}

#[test]
fn help_is_printed_and_is_no_result() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SCRIPT);
        let job = lab.script("train.py", &["--help"]).await;
        let finished = lab.finish(job).await;

        assert_eq!((finished.run.status, finished.ended.reusable), (Status::Completed, false));
        assert!(lab.console(finished.ended.run).await.iter().any(|line| line.contains("learning rate")));
        assert_eq!(lab.result(finished.ended.run).await, None);
    });
}

#[test]
fn the_words_of_a_script_without_a_parser_are_what_it_means() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import sys\nprint(sys.argv[1])\n");
        let job = lab.script("train.py", &["7"]).await;
        let finished = lab.finish(job).await;
        let expected = Identity::of_script("train.py", "", &[], &["7".to_owned()]);
        assert_eq!(finished.run.facts.identity, Some(expected));
        assert!(finished.ended.reusable);
    });
}

#[test]
fn an_identity_that_was_guessed_wrong_is_replaced() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", SCRIPT);
        let mut job = lab.script("train.py", &["a"]).await;
        job.identity = Some(Identity::of_script("train.py", "", &[], &[]));
        let guessed = job.identity;
        let finished = lab.finish(job).await;
        assert!(finished.events.iter().any(|event| matches!(event, Event::Params { changed: true, .. })));
        assert_ne!(finished.run.facts.identity, guessed);
    });
}
