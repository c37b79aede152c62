//! Servers over one PostgreSQL.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use super::lab::Served;
use crate::lab::{Lab, id};

const BINARIES: &str = "/usr/lib/postgresql/15/bin";

/// A PostgreSQL of its own; stopped with the test.
struct Postgres {
    folder: tempfile::TempDir,
    url: String,
}

impl Postgres {
    /// None where it is not installed, unless the tests require it.
    fn start() -> Option<Self> {
        if !Path::new(BINARIES).exists() {
            let required = std::env::var("MENDEL_TEST_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "pg"), "PostgreSQL is required and not installed");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|found| found.local_addr()).expect("a port").port();
        if nix::unistd::geteuid().is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let data = folder.path().join("data");
        run(tool("initdb", folder.path())
            .args(["-U", "mendel", "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(&data));
        let options = format!("-c listen_addresses=127.0.0.1 -p {port} -k {} -c fsync=off", folder.path().display());
        let log = folder.path().join("log");
        run(tool("pg_ctl", folder.path())
            .arg("-D")
            .arg(&data)
            .arg("-w")
            .arg("-l")
            .arg(log)
            .args(["-o", &options, "start"]));
        Some(Self { folder, url: format!("postgres://mendel@127.0.0.1:{port}/postgres") })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data: PathBuf = self.folder.path().join("data");
        let _stopped =
            tool("pg_ctl", self.folder.path()).arg("-D").arg(data).args(["-m", "immediate", "stop"]).output();
    }
}

/// One of its programs, as the user it wants.
fn tool(name: &str, home: &Path) -> Command {
    let program = Path::new(BINARIES).join(name);
    let mut command = match nix::unistd::geteuid().is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        }
        false => Command::new(program),
    };
    command.env("HOME", home).current_dir(home);
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn two_servers_over_one_database_are_one_workspace() {
    let Some(postgres) = Postgres::start() else { return };
    let (home, away) = (Lab::new(), Lab::new());
    let blobs = format!("file://{}", home.outside("bytes").display());
    let first = Served::start(&home, &["--db", &postgres.url, "--blobs", &blobs]);
    let secret = first.set_up.as_deref().and_then(|link| link.split_once('#')).expect("a link").1.to_owned();
    let other = Lab::new();
    let body = format!(r#"{{"secret":"{secret}","name":"ada"}}"#);
    let key = first.ask("POST", "/api/v1/set-up", &[], &body).json();
    let second = Served::start(&other, &["--db", &postgres.url, "--blobs", &blobs]);
    assert_eq!(second.set_up, None, "the first admin is there");
    away.write("one.py", away.counting());
    let on = |server: &Served, words: &[&str]| {
        let mut command = away.command(&[&["--json"], words].concat());
        command.env("MENDEL_WORKSPACE", &server.url);
        command.env("MENDEL_API_ACCESS_KEY", key["access_key"].as_str().expect("told"));
        command.env("MENDEL_API_SECRET_KEY", key["secret_key"].as_str().expect("told"));
        crate::lab::Answer::of(&command.output().expect("starts")).json()
    };

    let run = on(&first, &["run", "--no-monitor", "--env", "system", "one.py"]);
    let again = on(&second, &["run", "--no-monitor", "--env", "system", "one.py"]);
    assert_eq!(
        (id(&run["runs"][0]), away.executions()),
        (id(&again["runs"][0]), 1),
        "made on one, answered by the other"
    );
    assert_eq!(on(&first, &["runs"])["total"], 1);

    assert_eq!(second.get("/api/v1/me", &key).status, 200);
    let access = key["access_key"].as_str().expect("told");
    on(&first, &["keys", "create"]);
    let revoked = first.ask("DELETE", &format!("/api/v1/keys/{access}"), &[&super::lab::basic(&key)], "");
    assert_eq!(revoked.status, 204);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while second.get("/api/v1/me", &key).status != 401 {
        assert!(std::time::Instant::now() < until, "a key taken back on one server is refused by the other within 5 s");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
