//! A server of a lab's workspace, and a plain way to ask it anything.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::lab::Lab;

/// A running server; it is killed with the test.
pub struct Served {
    pub child: Child,
    pub url: String,
    pub set_up: Option<String>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Served {
    /// Starts a server on a free port, with more words.
    pub fn start(lab: &Lab, words: &[&str]) -> Self {
        Self::start_at(lab, "0", words)
    }

    /// Starts a server on that port.
    pub fn start_at(lab: &Lab, port: &str, words: &[&str]) -> Self {
        let words = [&["--json", "serve", "--port", port], words].concat();
        let mut child = lab.command(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let mut line = String::new();
        let told = BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line);
        assert!(told.is_ok() && !line.is_empty(), "the server says where it listens");
        let told: Value = serde_json::from_str(&line).expect("a document");
        let set_up = told["set_up"].as_str().map(str::to_owned);
        Self { child, url: told["url"].as_str().expect("an address").to_owned(), set_up }
    }

    pub fn authority(&self) -> &str {
        self.url.split_once("://").expect("an address").1
    }

    /// Sends a request as it stands and reads the answer to its end.
    pub fn raw(&self, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.authority()).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        stream.write_all(request).expect("sent");
        let mut answer = Vec::new();
        let _cut = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// Asks with these heads and a JSON body.
    pub fn ask(&self, method: &str, path: &str, heads: &[&str], body: &str) -> Reply {
        let heads: String = heads.iter().map(|head| format!("{head}\r\n")).collect();
        let host = self.authority();
        self.raw(
            format!(
                "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n{heads}\r\n{body}",
                body.len()
            )
            .as_bytes(),
        )
    }

    pub fn get(&self, path: &str, key: &Value) -> Reply {
        self.ask("GET", path, &[&basic(key)], "")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// The head that shows a key, as `mendel keys create --json` told it.
pub fn basic(key: &Value) -> String {
    let text = |name: &str| key[name].as_str().expect("told").to_owned();
    format!("authorization: Basic {}", base64(format!("{}:{}", text("access_key"), text("secret_key")).as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let word = part.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= part.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
