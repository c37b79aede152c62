//! Encrypted connections, from the binary to the binary.

use std::process::Command;

use super::lab::Served;
use crate::lab::{Answer, Lab};

/// A certificate for this machine that nobody trusts yet; none without `openssl`.
fn certificate(lab: &Lab) -> Option<(String, String)> {
    let (certificate, key) = (lab.outside("cert.pem"), lab.outside("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"]);
    let made = openssl.arg(&key).arg("-out").arg(&certificate).output().ok()?;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some((certificate.display().to_string(), key.display().to_string()))
}

#[test]
fn commands_work_encrypted_with_a_server_they_trust_and_with_no_other() {
    let home = Lab::new();
    let Some((certificate, key)) = certificate(&home) else { return };
    let served = Served::start(&home, &["--tls-cert", &certificate, "--tls-key", &key]);
    assert!(served.url.starts_with("https://127.0.0.1:"), "{}", served.url);
    let pair = home.json(&["keys", "create"]);
    let away = Lab::new();
    away.write("one.py", away.counting());
    let ask = |trusted: bool, words: &[&str]| {
        let mut command = away.command(&[&["--json"], words].concat());
        command.env("MENDEL_WORKSPACE", &served.url);
        command.env("MENDEL_API_ACCESS_KEY", pair["access_key"].as_str().expect("told"));
        command.env("MENDEL_API_SECRET_KEY", pair["secret_key"].as_str().expect("told"));
        if trusted {
            command.env("SSL_CERT_FILE", &certificate);
        }
        Answer::of(&command.output().expect("starts"))
    };

    let run = ask(true, &["run", "--no-monitor", "--env", "system", "one.py"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(ask(true, &["runs"]).json()["total"], 1);
    let refused = ask(false, &["runs"]);
    assert_eq!(refused.code, Some(3), "{}", refused.err);
    assert!(!refused.err.contains(pair["secret_key"].as_str().expect("told")));
    assert_eq!(served.ask("GET", "/health", &[], "").status, 0, "in the clear nothing is answered");
}

#[test]
fn files_that_are_no_certificate_are_told() {
    let lab = Lab::new();
    let file = lab.write("no.pem", "nothing").display().to_string();
    let words = ["serve", "--port", "0", "--tls-cert", &file, "--tls-key", &file];
    lab.mendel(&words).refused(&["no.pem", "PEM"]);
}
