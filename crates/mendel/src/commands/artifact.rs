//! `mendel artifact`

use std::path::{Component, Path, PathBuf};

use mendel_model::{Artifact as Stored, Digest};
use serde_json::json;

use super::show::load::RunView;
use crate::{
    arguments::{Global, RunArgument},
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::safe,
        value::bytes,
    },
};

/// List and fetch what a run made.
#[derive(clap::Args)]
pub struct Artifact {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List artifacts, the newest of each name.
    Ls {
        #[command(flatten)]
        run: RunArgument,
    },
    /// Show one artifact and its earlier contents.
    Show {
        #[command(flatten)]
        run: RunArgument,
        /// Its name.
        name: String,
    },
    /// Write an artifact or output file to a file.
    Get {
        #[command(flatten)]
        run: RunArgument,
        /// Its name, or the path of an output file.
        name: String,
        /// The file or folder to write to; the artifact's own file name when not given.
        #[arg(long, short, value_name = "PATH")]
        out: Option<PathBuf>,
        /// Replace a file that is there.
        #[arg(long)]
        force: bool,
    },
}

impl Artifact {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        match self.action {
            Action::Ls { run } => list(&context, &run.run, printer).await,
            Action::Show { run, name } => show(&context, &run.run, &name, printer).await,
            Action::Get { run, name, out, force } => {
                let run = context.run(&run.run).await?;
                let view = RunView::load(&context.client, run).await?;
                let found = find(&view, &name)?;
                let path = target(&found, out.as_deref())?;
                if path.exists() && !force {
                    return Err(Failure::input_hint(
                        format!("`{}` is there already", path.display()),
                        "`--force` replaces it, `--out PATH` writes elsewhere",
                    ));
                }
                let size = context.client.blob_to_file(&found.digest, &path).await?;
                let answer = json!({"path": path, "size": size, "digest": found.digest, "name": name});
                printer.answer(&answer, |text| text.push_str(&format!("{}\n", path.display())));
                Ok(Exit::Done)
            }
        }
    }
}

async fn list(context: &Context, reference: &str, printer: &Printer) -> Result<Exit, Failure> {
    let run = context.run(reference).await?;
    let view = RunView::load(&context.client, run).await?;
    let answer = json!({"artifacts": view.artifacts, "outputs": view.outputs(), "models": view.models});
    printer.answer(&answer, |text| {
        let columns = vec![
            Column::text("name", 0),
            Column::text("type", 1),
            Column::number("size", 0),
            Column::text("file", 2),
            Column::text("digest", 3),
        ];
        let mut table = Table::new(columns);
        for artifact in view.named() {
            table.row(vec![
                safe(&artifact.name).into_owned().into(),
                safe(&artifact.kind).into_owned().into(),
                bytes(artifact.size).into(),
                safe(&artifact.file).into_owned().into(),
                Cell::coloured(artifact.digest.map(|digest| digest.short()).unwrap_or_default(), 2),
            ]);
        }
        for output in &view.files {
            let kind = if output.kept { "output" } else { "output, not kept" };
            table.row(vec![
                safe(&output.path).into_owned().into(),
                kind.into(),
                bytes(output.size).into(),
                safe(&output.path).into_owned().into(),
                Cell::coloured(output.digest.map(|digest| digest.short()).unwrap_or_default(), 2),
            ]);
        }
        if !table.is_empty() {
            text.push_str(&table.show(terminal_width(), Paint(printer.has_colour())));
        }
    });
    Ok(Exit::Done)
}

async fn show(context: &Context, reference: &str, name: &str, printer: &Printer) -> Result<Exit, Failure> {
    let run = context.run(reference).await?;
    let history = context.client.artifact_history(run.facts.id, name).await?;
    let Some(newest) = history.iter().max_by_key(|artifact| artifact.time) else {
        return Err(unknown(&RunView::load(&context.client, run).await?, name));
    };
    let answer = json!({"artifact": newest, "history": history});
    printer.answer(&answer, |text| text.push_str(&told(newest, history.len())));
    Ok(Exit::Done)
}

fn told(artifact: &Stored, contents: usize) -> String {
    let mut text = format!("{}  {}  {}\n", safe(&artifact.name), safe(&artifact.kind), bytes(artifact.size));
    if let Some(digest) = artifact.digest {
        text.push_str(&format!("digest  {digest}\n"));
    }
    if !artifact.metadata.is_empty() {
        text.push_str(&format!("metadata  {}\n", safe(&document::value(&artifact.metadata).to_string())));
    }
    if contents > 1 {
        text.push_str(&format!("contents so far  {contents}\n"));
    }
    if !artifact.preview.is_empty() {
        text.push('\n');
        text.extend(artifact.preview.lines().map(|line| format!("{}\n", safe(line))));
    }
    text
}

/// Bytes that can be fetched, and the name they suggest for a file.
struct Found {
    digest: Digest,
    file: String,
}

fn find(view: &RunView, name: &str) -> Result<Found, Failure> {
    if let Some(artifact) = view.named().find(|artifact| artifact.name == name) {
        let digest = artifact.digest.ok_or_else(|| {
            let place =
                artifact.uri.as_deref().map_or_else(String::new, |uri| format!("; its bytes lie at `{}`", safe(uri)));
            Failure::input(format!("`{}` is only recorded{place}", safe(name)))
        })?;
        let file = if artifact.file.is_empty() { artifact.name.clone() } else { artifact.file.clone() };
        return Ok(Found { digest, file });
    }
    if let Some(output) = view.files.iter().find(|output| output.path == name) {
        return match output.digest.filter(|_| output.kept) {
            Some(digest) => Ok(Found { digest, file: output.path.clone() }),
            None => Err(Failure::input_hint(
                format!("`{}` was recorded by its digest only", safe(name)),
                "`mendel run --keep-outputs` keeps large files",
            )),
        };
    }
    if let Some((model, digest)) =
        view.models.iter().find(|model| model.name == name).and_then(|model| Some((model, model.digest?)))
    {
        return Ok(Found { digest, file: model.name.clone() });
    }
    Err(unknown(view, name))
}

fn unknown(view: &RunView, name: &str) -> Failure {
    let artifacts = view.named().map(|artifact| artifact.name.as_str());
    let known: Vec<&str> = artifacts.chain(view.files.iter().map(|output| output.path.as_str())).collect();
    let hint = match (mendel_spec::nearest(name, known.iter().copied()), known.is_empty()) {
        (Some(near), _) => format!("there is `{}`", safe(near)),
        (None, true) => "it made none".to_owned(),
        (None, false) => format!("there are {}", safe(&known.join(", "))),
    };
    Failure::input_hint(format!("run @{} has no artifact `{}`", view.run.number, safe(name)), hint)
}

/// Where the bytes go: the name a run suggests never leads out of the chosen folder.
fn target(found: &Found, out: Option<&Path>) -> Result<PathBuf, Failure> {
    let suggested = Path::new(&found.file).components().next_back();
    let name = match suggested {
        Some(Component::Normal(name)) => Some(PathBuf::from(name)),
        _ => None,
    };
    match (out, name) {
        (Some(out), Some(name)) if out.is_dir() => Ok(out.join(name)),
        (Some(out), _) => Ok(out.to_owned()),
        (None, Some(name)) => Ok(name),
        (None, None) => Err(Failure::input_hint("the artifact suggests no file name", "`--out FILE` names one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(file: &str) -> Found {
        Found { digest: Digest::of(b""), file: file.to_owned() }
    }

    #[test]
    fn s20_a_suggested_name_never_leads_elsewhere() {
        assert_eq!(target(&named("../../etc/passwd"), None).ok(), Some(PathBuf::from("passwd")));
        assert_eq!(target(&named("/etc/.bashrc"), None).ok(), Some(PathBuf::from(".bashrc")));
        assert!(target(&named(".."), None).is_err());
        assert!(target(&named(""), None).is_err());
        assert_eq!(target(&named(".."), Some(Path::new("x.bin"))).ok(), Some(PathBuf::from("x.bin")));
    }
}
