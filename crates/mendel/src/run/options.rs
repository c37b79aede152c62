//! The options that `run`, `plan` and `rerun` share.

use std::path::PathBuf;

use clap::Args;
use mendel_spec::Assignment;

use crate::exit::Failure;

/// How values are given and runs are made.
#[derive(Args, Clone, Default)]
pub struct RunOptions {
    /// Set a parameter.
    #[arg(long = "set", value_name = "K=V")]
    pub sets: Vec<String>,
    /// Give a parameter several values: one run for every combination. Without an argument,
    /// the `values:` of the task file.
    #[arg(long = "grid", value_name = "K=V1,V2", num_args = 0..=1, default_missing_value = "")]
    pub grids: Vec<String>,
    /// Set a parameter, or give it several values.
    #[arg(short = 'p', long = "param", value_name = "K=V[,V2]")]
    pub params: Vec<String>,
    /// Read values from a YAML or JSON file.
    #[arg(long = "params", value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// Which environment runs it: auto, system, venv, conda or none.
    #[arg(long, value_name = "KIND")]
    pub env: Option<String>,
    /// Build the environment anew.
    #[arg(long)]
    pub rebuild_env: bool,
    /// Compute everything, whatever is stored.
    #[arg(long)]
    pub force: bool,
    /// Stop at the first failure.
    #[arg(long)]
    pub fail_fast: bool,
    /// How many runs go on side by side; of a tree: how many inputs, of whichever task.
    #[arg(long, short = 'j', value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    pub jobs: Option<usize>,
    /// The script of the folder to start.
    #[arg(long, value_name = "FILE")]
    pub entry: Option<String>,
    /// The name of the run.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The project the run belongs to.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// A tag of the run.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// A comment on the run.
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    /// A file that counts as input of a command, and others then do not; of a pipeline that is rerun, an input.
    #[arg(long = "input", value_name = "PATH")]
    pub inputs: Vec<PathBuf>,
    /// Run in a private folder that holds the snapshot; of a tree: start a fresh process for each task.
    #[arg(long)]
    pub isolate: bool,
    /// Keep large outputs as well.
    #[arg(long)]
    pub keep_outputs: bool,
    /// Do not record the load of the machine.
    #[arg(long)]
    pub no_monitor: bool,
    /// Let `import coretex` find what is installed, rather than the module that works without a server.
    #[arg(long)]
    pub no_compat: bool,
    /// Show what would be done and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask about a large grid.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Of a tree: run this task alone; may be given again.
    #[arg(long = "task", value_name = "FOLDER")]
    pub tasks: Vec<PathBuf>,
    /// Of a tree: run this folder and everything below; may be given again.
    #[arg(long, value_name = "FOLDER")]
    pub under: Vec<PathBuf>,
    /// Of a tree: another folder that modules are imported from.
    #[arg(long = "path", value_name = "DIR")]
    pub import_roots: Vec<PathBuf>,
    /// Of a tree: run the tasks around as well that the chosen ones inherit from.
    #[arg(long)]
    pub with_ancestors: bool,
    /// Of a tree: run what is sound although something else is not.
    #[arg(long)]
    pub keep_going: bool,
    /// Of a pipeline: reuse nothing that was computed before.
    #[arg(long)]
    pub no_pickup: bool,
    /// Of a pipeline: store what marginal stages make as well.
    #[arg(long)]
    pub keep_marginals: bool,
    /// Of a pipeline: compute what follows a computed stage even where that made equal bytes.
    #[arg(long)]
    pub no_cutoff: bool,
    /// Sort the summary of a grid by this parameter or metric, `-` before it for the largest first.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub sort: Option<String>,
}

/// The values given on the command line, read.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--set`.
    pub sets: Vec<Assignment>,
    /// `--grid`.
    pub grids: Vec<Assignment>,
    /// `-p`.
    pub either: Vec<Assignment>,
    /// `--grid` without an argument.
    pub declared: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number @ 1..) => Ok(number),
        Ok(_) | Err(_) => Err("give a whole number of at least 1".to_owned()),
    }
}

impl RunOptions {
    /// Reads the assignments; every faulty one is told.
    pub fn given(&self) -> Result<Given, Failure> {
        let mut problems = Vec::new();
        let mut read = |option: &str, words: &[String]| -> Vec<Assignment> {
            let mut good = Vec::new();
            for word in words.iter().filter(|word| !word.is_empty()) {
                match Assignment::parse(option, word) {
                    Ok(empty) if option == "--grid" && empty.text.trim().is_empty() => {
                        let message = format!("`--grid {word}` gives no values");
                        let problem = mendel_spec::Problem::error("bad_option", message).key(&*empty.name);
                        problems.push(problem.hint(format!("write `--grid {}=v1,v2`", empty.name)));
                    }
                    Ok(assignment) => good.push(assignment),
                    Err(problem) => problems.push(problem),
                }
            }
            good
        };
        let given = Given {
            sets: read("--set", &self.sets),
            grids: read("--grid", &self.grids),
            either: read("-p", &self.params),
            declared: self.grids.iter().any(String::is_empty),
        };
        match problems.is_empty() {
            true => Ok(given),
            false => Err(Failure::Problems(mendel_spec::Problems(problems))),
        }
    }
}
