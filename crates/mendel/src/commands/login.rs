//! `mendel login`

use std::io::{BufRead as _, IsTerminal as _};

use clap::Args;
use mendel_api::{Client, ClientError, Credentials, ServerAddress};
use mendel_journal::{ServerKey, Surroundings, Workspace};
use serde_json::json;

use crate::{
    arguments::Global,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
};

/// Keep a key for a server, so that `MENDEL_WORKSPACE=URL` works there.
///
/// The key is taken from MENDEL_API_ACCESS_KEY and MENDEL_API_SECRET_KEY, else it is asked
/// for: two lines, the access key and its secret.
#[derive(Args)]
pub struct Login {
    /// The server: http://host:8008.
    url: String,
}

impl Login {
    pub async fn execute(self, _: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let address: ServerAddress =
            self.url.parse().map_err(|error: mendel_api::BadAddress| Failure::input(error.to_string()))?;
        let url = address.to_string();
        let key = match of_environment() {
            Some(key) => key,
            None => ask(printer)?,
        };
        let shown = Credentials::Key { access_key: key.access_key.clone(), secret_key: key.secret_key.clone() };
        let client = Client::server(&address, Some(&shown));
        let me = client.me().await.map_err(refused)?;
        let workspace = Workspace::of_server(&url, &Surroundings::of_this_process());
        if !workspace.is_store(&client.hello().await?.workspace)? {
            return Err(Failure::trouble_hint(
                format!("another store answers at `{url}` than before"),
                format!("if that is meant, remove `{}` and what waits in it", workspace.root().display()),
            ));
        }
        workspace.keep_server_key(&key)?;
        printer.answer(&json!({ "url": url, "user": me.name, "role": me.role }), |text| {
            text.push_str(&format!("Signed in at {url} as {}\n", safe(&me.name)));
        });
        printer.note(format_args!("Work there with MENDEL_WORKSPACE={url}"));
        Ok(Exit::Done)
    }
}

fn of_environment() -> Option<ServerKey> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some(ServerKey { access_key: set("MENDEL_API_ACCESS_KEY")?, secret_key: set("MENDEL_API_SECRET_KEY")? })
}

/// Reads the two halves, a line each.
fn ask(printer: &Printer) -> Result<ServerKey, Failure> {
    let mut lines = std::io::stdin().lock().lines();
    let mut next = |what: &str| {
        if std::io::stdin().is_terminal() {
            printer.err(&format!("{what}: "));
        }
        let line = lines.next().and_then(Result::ok).map(|line| line.trim().to_owned());
        line.filter(|line| !line.is_empty()).ok_or_else(|| {
            Failure::input_hint(
                format!("no {what} was given"),
                "set MENDEL_API_ACCESS_KEY and MENDEL_API_SECRET_KEY, or give the two as lines",
            )
        })
    };
    Ok(ServerKey { access_key: next("access key")?, secret_key: next("secret key")? })
}

fn refused(error: ClientError) -> Failure {
    match &error {
        ClientError::Refused { status: 401 | 429, message, .. } => {
            Failure::input_hint(message.clone(), "`mendel keys create` on the server makes a key")
        }
        _ => error.into(),
    }
}
