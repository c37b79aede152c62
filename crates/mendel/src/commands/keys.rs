//! `mendel keys`

use clap::{Args, Subcommand};
use mendel_api::{Client, CreatedKey, NewKey, NewUser};
use mendel_model::{ServerRole, UserKind};
use serde_json::json;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
};

/// Make, list and take back access keys.
#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key; its secret is shown once.
    Create(Create),
    /// List keys.
    #[command(alias = "list")]
    Ls,
    /// Take a key back, at once.
    #[command(alias = "rm")]
    Revoke {
        /// The access key.
        key: String,
    },
}

#[derive(Args)]
struct Create {
    /// Whose key it is; made when there is no such user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// What to call it.
    #[arg(long, default_value = "", value_name = "TEXT")]
    label: String,
    /// Days until it ends.
    #[arg(long, default_value_t = 365, value_name = "DAYS")]
    days: u32,
    /// Print the settings that clients of ClearML and Trains read.
    #[arg(long)]
    clearml: bool,
    /// Where those clients reach the server, when it is not the one that runs here.
    #[arg(long, value_name = "URL", requires = "clearml")]
    url: Option<String>,
}

impl Keys {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let client = &context.client;
        match self.action {
            Action::Create(create) => create.execute(&context, printer).await?,
            Action::Ls => list(client, printer).await?,
            Action::Revoke { key } => {
                client.revoke_key(&key).await?;
                printer.answer(&json!({ "access_key": key, "revoked": true }), |text| {
                    text.push_str(&format!("Took back key {}\n", safe(&key)));
                });
            }
        }
        Ok(Exit::Done)
    }
}

impl Create {
    async fn execute(self, context: &Context, printer: &Printer) -> Result<(), Failure> {
        let client = &context.client;
        let user = match self.user {
            Some(name) => name,
            None => own_name(client).await?,
        };
        ensure_user(client, &user).await?;
        let wanted = NewKey { user: Some(user), label: self.label, days: Some(self.days) };
        let key = client.create_key(&wanted).await?;
        let url = self.url.unwrap_or_else(|| context.address().unwrap_or_else(|| "http://127.0.0.1:8008".to_owned()));
        let (variables, file) = (as_variables(&key, &url), as_file(&key, &url));
        let mut document = json!({
            "user": key.user, "access_key": key.access_key, "secret_key": key.secret_key, "label": key.label,
        });
        if self.clearml {
            document["environment"] = json!(variables);
            document["clearml_conf"] = json!(file);
        }
        printer.answer(&document, |text| match self.clearml {
            true => text.push_str(&format!("# in the environment:\n{variables}\n# or in ~/clearml.conf:\n{file}")),
            false => text.push_str(&format!("access key  {}\nsecret key  {}\n", key.access_key, key.secret_key)),
        });
        printer.note(format_args!("The secret is not shown again."));
        Ok(())
    }
}

/// The user that a key without a name is for: whoever asks, or, for the owner of the folder,
/// the user called as on this machine.
async fn own_name(client: &Client) -> Result<String, Failure> {
    let me = client.me().await?;
    if !me.id.uuid().is_nil() {
        return Ok(me.name);
    }
    let named = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    Ok(named.map_or_else(|| "owner".to_owned(), |user| user.name))
}

/// Makes the user unless there is one; the first of all is an admin.
async fn ensure_user(client: &Client, name: &str) -> Result<(), Failure> {
    let users = client.users().await?;
    if users.iter().any(|user| user.name == name) {
        return Ok(());
    }
    let role = if users.is_empty() { ServerRole::Admin } else { ServerRole::User };
    let user = NewUser { name: name.to_owned(), full_name: String::new(), kind: UserKind::Person, role };
    client.create_user(&user).await?;
    Ok(())
}

async fn list(client: &Client, printer: &Printer) -> Result<(), Failure> {
    let all = client.me().await?.role == ServerRole::Admin;
    let keys = client.keys(all).await?;
    printer.answer(&json!({ "keys": keys }), |text| {
        for key in &keys {
            let used = key.last_used.map_or_else(
                || "never used".to_owned(),
                |time| format!("used {}", crate::render::time::ago(time, crate::context::now())),
            );
            let state = if key.revoked { "taken back" } else { &used };
            let (user, label) = (safe(&key.user), safe(&key.label));
            text.push_str(&format!("{}  {user}  {state}  {label}\n", key.access_key));
        }
    });
    Ok(())
}

fn as_variables(key: &CreatedKey, url: &str) -> String {
    let CreatedKey { access_key, secret_key, .. } = key;
    format!(
        "export CLEARML_API_HOST={url}\nexport CLEARML_WEB_HOST={url}\nexport CLEARML_FILES_HOST={url}\n\
         export CLEARML_API_ACCESS_KEY={access_key}\nexport CLEARML_API_SECRET_KEY={secret_key}\n"
    )
}

fn as_file(key: &CreatedKey, url: &str) -> String {
    let CreatedKey { access_key, secret_key, .. } = key;
    format!(
        "api {{\n    api_server: {url}\n    web_server: {url}\n    files_server: {url}\n    credentials {{\n        \
         \"access_key\" = \"{access_key}\"\n        \"secret_key\" = \"{secret_key}\"\n    }}\n}}\n"
    )
}
