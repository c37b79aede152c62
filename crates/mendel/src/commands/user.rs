//! `mendel user`

use clap::{Args, Subcommand};
use mendel_api::{NewUser, UserUpdate};
use mendel_model::{ServerRole, User, UserKind};
use serde_json::json;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
};

/// Make, list and change users.
#[derive(Args)]
pub struct UserCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a user.
    Create {
        /// What they sign in with.
        name: String,
        /// How they are shown.
        #[arg(long, default_value = "", value_name = "TEXT")]
        full_name: String,
        /// What they may do on the server: user, operator or admin.
        #[arg(long, default_value = "user")]
        role: ServerRole,
        /// Who stands behind it: person, service or agent.
        #[arg(long, default_value = "person")]
        kind: UserKind,
    },
    /// List users.
    #[command(alias = "list")]
    Ls,
    /// Give a user another role: user, operator or admin.
    Role {
        /// The user.
        name: String,
        /// The role.
        role: ServerRole,
    },
    /// Accept nothing of a user any more.
    Disable {
        /// The user.
        name: String,
    },
    /// Accept a disabled user again.
    Enable {
        /// The user.
        name: String,
    },
}

impl UserCommand {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let client = Context::here(global).await?.client;
        let change = |name: String, update: UserUpdate| {
            let client = client.clone();
            async move { client.update_user(&name, &update).await }
        };
        let user = match self.action {
            Action::Create { name, full_name, role, kind } => {
                client.create_user(&NewUser { name, full_name, kind, role }).await?
            }
            Action::Ls => {
                let users = client.users().await?;
                printer.answer(&json!({ "users": users }), |text| users.iter().for_each(|user| line(user, text)));
                return Ok(Exit::Done);
            }
            Action::Role { name, role } => {
                change(name, UserUpdate { role: Some(role), ..UserUpdate::default() }).await?
            }
            Action::Disable { name } => {
                change(name, UserUpdate { disabled: Some(true), ..UserUpdate::default() }).await?
            }
            Action::Enable { name } => {
                change(name, UserUpdate { disabled: Some(false), ..UserUpdate::default() }).await?
            }
        };
        printer.answer(&user, |text| line(&user, text));
        Ok(Exit::Done)
    }
}

fn line(user: &User, text: &mut String) {
    let disabled = if user.disabled { "  disabled" } else { "" };
    let shown = format!("{}  {}  {}{disabled}  {}", safe(&user.name), user.role, user.kind, safe(&user.full_name));
    text.push_str(shown.trim_end());
    text.push('\n');
}
