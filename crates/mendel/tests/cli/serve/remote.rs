//! Commands on a server, from somewhere else.

use std::{io::Write as _, process::Stdio};

use super::lab::Served;
use crate::lab::{Answer, Lab, id};

/// A lab whose commands work on the server, with a home of its own.
struct Away<'a> {
    lab: Lab,
    served: &'a Served,
}

impl Away<'_> {
    fn login(&self, access: &str, secret: &str) -> Answer {
        let mut command = self.lab.command(&["--json", "login", &self.served.url]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        child.stdin.take().expect("a pipe").write_all(format!("{access}\n{secret}\n").as_bytes()).expect("told");
        Answer::of(&child.wait_with_output().expect("ends"))
    }

    fn mendel(&self, words: &[&str]) -> Answer {
        let mut command = self.lab.command(&[&["--json"], words].concat());
        command.env("MENDEL_WORKSPACE", &self.served.url);
        Answer::of(&command.output().expect("starts"))
    }

    fn json(&self, words: &[&str]) -> serde_json::Value {
        let answer = self.mendel(words);
        assert_eq!(answer.code, Some(0), "{words:?} {}{}", answer.out, answer.err);
        answer.json()
    }
}

#[test]
fn commands_work_on_a_server_as_on_a_folder() {
    let home = Lab::new();
    let served = Served::start(&home, &[]);
    let key = home.json(&["keys", "create", "--user", "ada"]);
    let away = Away { lab: Lab::new(), served: &served };
    away.lab.write("one.py", format!("{}print('hello from away')\n", away.lab.counting()));

    let refused = away.mendel(&["runs"]);
    assert_eq!(refused.code, Some(3));
    assert!(refused.err.contains("mendel login"), "{}", refused.err);
    assert_eq!(away.login(key["access_key"].as_str().expect("told"), "wrong").code, Some(2));
    let login = away.login(key["access_key"].as_str().expect("told"), key["secret_key"].as_str().expect("told"));
    assert_eq!((login.code, login.json()["user"].as_str()), (Some(0), Some("ada")), "{}", login.err);

    let run = away.json(&["run", "--no-monitor", "--env", "system", "one.py"])["runs"][0].clone();
    let again = away.json(&["run", "--no-monitor", "--env", "system", "one.py"])["runs"][0].clone();
    assert_eq!((id(&run), away.lab.executions()), (id(&again), 1), "reused from the server");
    assert!(away.json(&["show", id(&run), "--log"])["log"].to_string().contains("hello from away"));
    away.json(&["tag", id(&run), "kept"]);

    let here = home.json(&["runs"]);
    assert_eq!((here["total"].as_u64(), id(&here["runs"][0])), (Some(1), id(&run)));
    assert_eq!(here["runs"][0]["tags"][0], "kept");
    assert!(!away.lab.folder().join("http:").exists());
}

#[test]
fn f38_another_store_at_the_same_address_gets_nothing() {
    let first = Lab::new();
    let served = Served::start(&first, &[]);
    let key = first.json(&["keys", "create"]);
    let away = Lab::new();
    let port = served.url.rsplit_once(':').expect("a port").1.to_owned();
    let runs = |url: &str, key: &serde_json::Value| {
        let mut command = away.command(&["runs"]);
        command.env("MENDEL_WORKSPACE", url);
        command.env("MENDEL_API_ACCESS_KEY", key["access_key"].as_str().expect("told"));
        command.env("MENDEL_API_SECRET_KEY", key["secret_key"].as_str().expect("told"));
        Answer::of(&command.output().expect("starts"))
    };
    assert_eq!(runs(&served.url, &key).code, Some(0));
    let url = served.url.clone();
    drop(served);
    let second = Lab::new();
    let _second = Served::start_at(&second, &port, &[]);
    let key = second.json(&["keys", "create"]);

    let refused = runs(&url, &key);
    assert_eq!(refused.code, Some(3));
    assert!(refused.err.contains("another store"), "{}", refused.err);
}
