//! One file per command: its words, and what it asks and prints.

pub mod archive;
pub mod artifact;
pub mod audit;
pub mod backup;
pub mod check;
pub mod companion;
pub mod compare;
pub mod completions;
pub mod delete;
pub mod diff;
pub mod diff_id;
pub mod doctor;
pub mod explain_id;
pub mod export;
pub mod fingerprint;
pub mod gc;
pub mod import;
pub mod init;
pub mod keys;
pub mod limits;
pub mod login;
pub mod logs;
pub mod new;
pub mod plan;
pub mod project;
pub mod publish;
pub mod report;
pub mod rerun;
pub mod reset;
pub mod results;
pub mod resume;
pub mod run;
pub mod runs;
pub mod schema;
pub mod serve;
pub mod show;
pub mod snapshot;
pub mod status;
pub mod stop;
pub mod supervise;
pub mod sync;
pub mod tag;
pub mod top;
pub mod user;
pub mod why;

use crate::{
    arguments::{Cli, Command},
    exit::{Exit, Failure},
    printer::Printer,
};

/// Executes the command that was asked for.
pub async fn execute(cli: Cli, printer: &Printer) -> Result<Exit, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Init(command) => command.execute(global, printer).await,
        Command::New(command) => command.execute(global, printer).await,
        Command::Templates(command) => command.execute(global, printer).await,
        Command::Check(command) => command.execute(global, printer).await,
        Command::Show(command) => command.execute(global, printer).await,
        Command::Plan(command) => command.execute(global, printer).await,
        Command::Run(command) => command.execute(global, printer).await,
        Command::Status(command) => command.execute(global, printer).await,
        Command::Results(command) => command.execute(global, printer).await,
        Command::Audit(command) => command.execute(global, printer).await,
        Command::Why(command) => command.execute(global, printer).await,
        Command::Rerun(command) => command.execute(global, printer).await,
        Command::Resume(command) => command.execute(global, printer).await,
        Command::Runs(command) => command.execute(global, printer).await,
        Command::Top(command) => command.execute(global, printer).await,
        Command::Logs(command) => command.execute(global, printer).await,
        Command::Stop(command) => command.execute(global, printer).await,
        Command::Tag(command) => command.execute(global, printer).await,
        Command::Archive(command) => command.execute(global, printer).await,
        Command::Delete(command) => command.execute(global, printer).await,
        Command::Publish(command) => command.execute(global, printer).await,
        Command::Reset(command) => command.execute(global, printer).await,
        Command::Diff(command) => command.execute(global, printer).await,
        Command::ExplainId(command) => command.execute(printer),
        Command::DiffId(command) => command.execute(printer),
        Command::Compare(command) => command.execute(global, printer).await,
        Command::Report(command) => command.execute(global, printer).await,
        Command::Export(command) => command.execute(global, printer).await,
        Command::Project(command) => command.execute(global, printer).await,
        Command::Import(command) => command.execute(global, printer).await,
        Command::Artifact(command) => command.execute(global, printer).await,
        Command::Snapshot(command) => command.execute(global, printer).await,
        Command::Schema(command) => command.execute(global, printer).await,
        Command::Doctor(command) => command.execute(global, printer).await,
        Command::Gc(command) => command.execute(global, printer).await,
        Command::Backup(command) => command.execute(global, printer).await,
        Command::Sync(command) => command.execute(global, printer).await,
        Command::Serve(command) => command.execute(global, printer).await,
        Command::Keys(command) => command.execute(global, printer).await,
        Command::Login(command) => command.execute(global, printer).await,
        Command::User(command) => command.execute(global, printer).await,
        Command::Completions(command) => command.execute(global, printer).await,
        Command::Fingerprint(command) => command.execute(global, printer).await,
        Command::Companion(command) => command.execute(global).await,
        Command::Supervise(command) => command.execute(global).await,
    }
}
