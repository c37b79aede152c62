//! The words of the command line: every command and option, in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    commands,
    run::{options::RunOptions, target::names_folder},
};

/// Runs experiments, remembers them, and never computes the same thing twice.
#[derive(Parser)]
#[command(name = "mendel", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the words of this process. Where `run` or `plan` names a task folder, the words
    /// after it are options of ours as well.
    pub fn read() -> Self {
        let mut cli = Self::parse();
        let (options, words, command) = match &mut cli.command {
            Command::Run(run) => (&mut run.options, &mut run.words, "run"),
            Command::Plan(plan) => (&mut plan.options, &mut plan.words, "plan"),
            _ => return cli,
        };
        if words.len() > 1 && names_folder(words) && !behind_dashes(words, command) {
            let read = AfterFolder::parse_from(std::env::args().skip_while(|word| word != command));
            (*options, *words) = (read.options, read.paths);
            let before = &mut cli.global;
            before.json |= read.global.json;
            before.quiet |= read.global.quiet;
            before.no_color |= read.global.no_color;
            before.workspace = read.global.workspace.or(before.workspace.take());
        }
        cli
    }
}

/// The words after `run` or `plan` when they begin with a task folder.
#[derive(Parser)]
#[command(name = "mendel run")]
struct AfterFolder {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    options: RunOptions,
    paths: Vec<String>,
}

/// Whether `words` stood behind `--`, which tells a command from a script.
pub fn behind_dashes(words: &[String], command: &str) -> bool {
    let typed: Vec<_> = std::env::args().skip_while(|word| word != command).collect();
    match words.is_empty() {
        true => typed.last().is_some_and(|word| word == "--"),
        false => typed.len() > words.len() && typed[typed.len() - words.len() - 1] == "--",
    }
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
    /// The workspace to use: a folder, or the address of a server.
    #[arg(long, global = true, value_name = "DIR|URL", env = "MENDEL_WORKSPACE")]
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
    Status(commands::status::Status),
    Why(commands::why::Why),
    Results(commands::results::Results),
    Audit(commands::audit::Audit),
    Rerun(commands::rerun::Rerun),
    Resume(commands::resume::Resume),
    Runs(commands::runs::Runs),
    Top(commands::top::Top),
    Logs(commands::logs::Logs),
    Stop(commands::stop::Stop),
    Tag(commands::tag::Tag),
    Archive(commands::archive::Archive),
    Delete(commands::delete::Delete),
    Publish(commands::publish::Publish),
    Reset(commands::reset::Reset),
    Diff(commands::diff::Diff),
    ExplainId(commands::explain_id::ExplainId),
    DiffId(commands::diff_id::DiffId),
    Compare(commands::compare::Compare),
    Report(commands::report::Report),
    Export(commands::export::Export),
    Project(commands::project::Project),
    Import(commands::import::Import),
    Artifact(commands::artifact::Artifact),
    Snapshot(commands::snapshot::Snapshot),
    Schema(commands::schema::Schema),
    Doctor(commands::doctor::Doctor),
    Gc(commands::gc::Gc),
    Backup(commands::backup::Backup),
    Sync(commands::sync::Sync),
    Serve(commands::serve::Serve),
    Keys(commands::keys::Keys),
    Login(commands::login::Login),
    #[command(alias = "users")]
    User(commands::user::UserCommand),
    Completions(commands::completions::Completions),
    /// Print what the code of classes is made of.
    #[command(hide = true)]
    Fingerprint(commands::fingerprint::FingerprintCommand),
    /// Serve the workspace on a Unix socket until idle.
    #[command(hide = true)]
    Companion(commands::companion::Companion),
    /// Hold the processes of a run.
    #[command(hide = true)]
    Supervise(commands::supervise::Supervise),
}

/// A run, named by id, its first or last digits, or `@7`.
#[derive(Args, Clone)]
pub struct RunArgument {
    /// The run: its id, the first or last digits of it, or `@7`.
    pub run: String,
}

/// Where a path is taken.
#[derive(Args, Clone)]
pub struct PathArgument {
    /// A task folder, a script, or a file in a task folder.
    #[arg(default_value = ".")]
    pub path: PathBuf,
}
