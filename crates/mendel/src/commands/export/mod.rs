//! `mendel export`
//!
//! Runs, parameters and points as tables that other programs read. A file appears whole or
//! not at all.

mod parquet;
mod rows;
mod sheet;

use std::{
    fs::{self, File},
    io::{BufWriter, Write, stdout},
    path::{Path, PathBuf},
};

use clap::ValueEnum as _;
use mendel_api::RunQuery;
use mendel_model::Run;
use serde_json::json;

use self::{parquet::ParquetWriter, sheet::Sheet};
use super::compare::subject;
use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::count,
    run::staged::foreign::{Exchange, exchange},
};

/// Write runs, parameters or points for other programs.
#[derive(clap::Args)]
#[command(after_help = "\
runs: one row for each run, with a column for each parameter (`params.NAME`) and the last
value of each metric (`metrics.NAME`). metrics: one row for each point. params: one row for
each parameter of each run.")]
pub struct Export {
    /// What to write: `runs`, `metrics` or `params`; with `--format repype`, a tree.
    #[arg(value_name = "WHAT")]
    what: String,
    /// Runs, or the id of a batch; all runs when none is named.
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// Only runs of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Only runs that meet this condition; `mendel runs --help` tells the grammar.
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// The form of the file; told from its ending when not given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write; CSV goes to standard output when not given.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    Runs,
    Metrics,
    Params,
}

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Parquet,
    /// The files of repype, in the folders of the tasks of a tree.
    Repype,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Repype => "repype",
        }
    }
}

impl Export {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let format = self.format();
        if format == Format::Repype {
            let context = Context::here(global).await?;
            return exchange(&context, PathBuf::from(&self.what), Exchange::Export, printer).await;
        }
        let what = What::from_str(&self.what, false).map_err(|_| {
            let hint = "`mendel export TREE --format repype` writes the files of repype";
            Failure::input_hint(format!("`{}` is none of runs, metrics and params", self.what), hint)
        })?;
        if self.out.is_none() && (format == Format::Parquet || printer.is_json()) {
            return Err(Failure::input_hint("a file is needed for that", "`--out FILE` names it"));
        }
        let context = Context::here(global).await?;
        let runs = self.chosen(&context).await?;
        let mut target = Target::open(self.out.as_deref(), format)?;
        let mut written = 0;
        match what {
            What::Runs => written += target.write(&rows::runs(&runs))?,
            What::Params => {
                for run in &runs {
                    written += target.write(&rows::params(run))?;
                }
            }
            What::Metrics => {
                for run in &runs {
                    for info in context.client.series(run.facts.id).await? {
                        let points = context.client.points(run.facts.id, &info.metric, &info.variant, 0).await?;
                        written += target.write(&rows::points(run, &info, &points))?;
                    }
                }
            }
        }
        target.finish(&match what {
            What::Runs => rows::runs(&[]),
            What::Params => rows::no_params(),
            What::Metrics => rows::no_points(),
        })?;
        if let Some(path) = &self.out {
            printer.note(format_args!(
                "Wrote {} of {} to {}",
                count(written, "row"),
                count(runs.len(), "run"),
                path.display()
            ));
            let answer = json!({"path": path, "format": format.name(), "rows": written, "runs": runs.len()});
            printer.answer(&answer, |text| text.push_str(&format!("{}\n", path.display())));
        }
        Ok(Exit::Done)
    }

    fn format(&self) -> Format {
        let ending = self.out.as_deref().and_then(Path::extension);
        self.format.unwrap_or(match ending.is_some_and(|ending| ending == "parquet") {
            true => Format::Parquet,
            false => Format::Csv,
        })
    }

    async fn chosen(&self, context: &Context) -> Result<Vec<Run>, Failure> {
        let named = subject::members(context, &self.runs).await?;
        if !self.runs.is_empty() && self.project.is_none() && self.filter.is_none() {
            return Ok(named);
        }
        let query = RunQuery {
            filter: self.filter.clone(),
            project: self.project.clone(),
            ids: named.iter().map(|run| run.facts.id).collect(),
            sort: vec!["created".to_owned()],
            archived: Some(false),
            ..RunQuery::default()
        };
        Ok(context.client.all_runs(&query).await?)
    }
}

/// Where the rows go.
enum Target {
    Csv { out: Box<dyn Write>, place: Option<Place>, begun: bool },
    Parquet { writer: Option<ParquetWriter>, place: Place },
}

/// The file to be, and the one that is written until it is whole.
struct Place {
    path: PathBuf,
    partial: PathBuf,
}

impl Place {
    fn create(path: &Path) -> Result<(Self, File), Failure> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| Failure::input(format!("`{}` names no file", path.display())))?;
        let partial = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let file = File::create(&partial)
            .map_err(|error| Failure::input(format!("cannot write `{}`: {error}", path.display())))?;
        Ok((Self { path: path.to_owned(), partial }, file))
    }

    fn appear(&self) -> Result<(), Failure> {
        fs::rename(&self.partial, &self.path).map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Gone already where the file appeared; else it is of no use to anyone.
        let _ = fs::remove_file(&self.partial);
    }
}

impl Target {
    fn open(path: Option<&Path>, format: Format) -> Result<Self, Failure> {
        match (path, format) {
            (Some(path), Format::Csv | Format::Repype) => {
                let (place, file) = Place::create(path)?;
                Ok(Self::Csv { out: Box::new(BufWriter::new(file)), place: Some(place), begun: false })
            }
            (Some(path), Format::Parquet) => {
                let (place, _) = Place::create(path)?;
                Ok(Self::Parquet { writer: None, place })
            }
            (None, _) => Ok(Self::Csv { out: Box::new(BufWriter::new(stdout())), place: None, begun: false }),
        }
    }

    /// Writes the rows of `sheet`; all sheets of a target have the same columns.
    fn write(&mut self, sheet: &Sheet) -> Result<usize, Failure> {
        match self {
            Self::Csv { out, place, begun } => {
                let text = sheet.csv(!*begun);
                *begun = true;
                out.write_all(text.as_bytes()).map_err(|error| match place {
                    Some(place) => cannot_write(&place.path, &error),
                    None => Failure::trouble(format!("the answer was not taken: {error}")),
                })?;
            }
            Self::Parquet { writer, place } => {
                let failed = |error| Failure::trouble(format!("cannot write `{}`: {error}", place.path.display()));
                if writer.is_none() {
                    let file = File::create(&place.partial).map_err(|error| cannot_write(&place.path, &error))?;
                    *writer = Some(ParquetWriter::new(file, sheet).map_err(failed)?);
                }
                if let Some(writer) = writer {
                    writer.write(sheet).map_err(failed)?;
                }
            }
        }
        Ok(sheet.rows())
    }

    /// Makes the file appear; `empty` has its columns, for when nothing was written.
    fn finish(mut self, empty: &Sheet) -> Result<(), Failure> {
        let nothing = match &self {
            Self::Csv { begun, .. } => !begun,
            Self::Parquet { writer, .. } => writer.is_none(),
        };
        if nothing {
            self.write(empty)?;
        }
        match self {
            Self::Csv { mut out, place, .. } => {
                let flushed = out.flush();
                match place {
                    Some(place) => {
                        flushed.map_err(|error| cannot_write(&place.path, &error)).and_then(|()| place.appear())
                    }
                    // A reader that went away ends the answer, not the command.
                    None => {
                        drop(flushed);
                        Ok(())
                    }
                }
            }
            Self::Parquet { writer, place } => {
                let finished = writer.map_or(Ok(()), ParquetWriter::finish);
                finished
                    .map_err(|error| Failure::trouble(format!("cannot write `{}`: {error}", place.path.display())))?;
                place.appear()
            }
        }
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::trouble(format!("cannot write `{}`: {error}", path.display()))
}
