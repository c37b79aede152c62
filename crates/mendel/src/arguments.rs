//! The words of the command line: every command and option, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;

/// Runs experiments, remembers them, and never computes the same thing twice.
#[derive(Parser)]
#[command(name = "mendel", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Args, Clone)]
pub struct Global {
    /// Print the answer as one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no notes.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print without colour.
    #[arg(long, global = true)]
    pub no_color: bool,
    /// The workspace folder to use.
    #[arg(long, global = true, value_name = "DIR", env = "MENDEL_WORKSPACE")]
    pub workspace: Option<String>,
}

/// What `mendel` can do.
#[derive(Subcommand)]
pub enum Command {
    Init(commands::init::Init),
    New(commands::new::New),
    Templates(commands::new::Templates),
    Check(commands::check::Check),
    Show(commands::show::Show),
    Plan(commands::plan::Plan),
    Run(commands::run::Run),
    Why(commands::why::Why),
    Rerun(commands::rerun::Rerun),
    Resume(commands::resume::Resume),
    Runs(commands::runs::Runs),
    Logs(commands::logs::Logs),
    Stop(commands::stop::Stop),
    Tag(commands::tag::Tag),
    Archive(commands::archive::Archive),
    Delete(commands::delete::Delete),
    Publish(commands::publish::Publish),
    Reset(commands::reset::Reset),
    Diff(commands::diff::Diff),
    Compare(commands::compare::Compare),
    Report(commands::report::Report),
    Export(commands::export::Export),
    Project(commands::project::Project),
    Artifact(commands::artifact::Artifact),
    Snapshot(commands::snapshot::Snapshot),
    Schema(commands::schema::Schema),
    Doctor(commands::doctor::Doctor),
    Gc(commands::gc::Gc),
    Backup(commands::backup::Backup),
    Sync(commands::sync::Sync),
    Completions(commands::completions::Completions),
    /// Serve the workspace on a Unix socket until idle.
    #[command(hide = true)]
    Companion(commands::companion::Companion),
    /// Hold the processes of a run.
    #[command(hide = true)]
    Supervise(commands::supervise::Supervise),
}

/// A run, named by id, the beginning of one, or `@7`.
#[derive(Args, Clone)]
pub struct RunArgument {
    /// The run: its id, the beginning of it, or `@7`.
    pub run: String,
}

/// Where a path is taken.
#[derive(Args, Clone)]
pub struct PathArgument {
    /// A task folder, a script, or a file in a task folder.
    #[arg(default_value = ".")]
    pub path: PathBuf,
}
