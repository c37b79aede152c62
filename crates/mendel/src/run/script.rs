//! A plain script or command made ready: its parser, its words, and what they mean.
//!
//! Words after the script belong to it. Where its parser is known, they are interpreted as
//! the parser would; where it is not, they are passed on and the script judges them.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use mendel_agent::{
    environment::{self, EnvironmentChoice, Machine},
    job::narrowing,
};
use mendel_model::{Digest, Identity, Param, TaskKind};
use mendel_snapshot::{Purpose, project_root};
use mendel_spec::{Assignment, GridRequest, KnownParser, Member, Notebook, ParamSchema, Problem, Problems, Refusal};

use crate::{
    context::Context,
    exit::Failure,
    run::{
        options::{Given, RunOptions},
        prepare::{Cell, Prepared, Settings, folder_name, start_folder},
    },
};

/// Makes the script at `path` ready, started with `words`.
pub async fn prepare(
    path: &Path,
    words: &[String],
    options: &RunOptions,
    context: &Context,
) -> Result<Prepared, Failure> {
    let unreadable = |error: std::io::Error| Failure::input(format!("cannot read `{}`: {error}", path.display()));
    let script = path.canonicalize().map_err(unreadable)?;
    let source = std::fs::read(&script).map_err(unreadable)?;
    let folder = start_folder()?;
    let root = project_root(script.parent().unwrap_or(Path::new("/")), &folder).folder;
    let entry = below(&root, &script);
    let note = format!("parser/{}", Digest::of(&source));
    let code = code(path, &source)?;
    let parser = match mendel_spec::parser_of(&code) {
        Some(parser) => Some((parser, true)),
        None => learned(context, &note).await?.map(|parser| (parser, false)),
    };
    let given = options.given()?;
    let start = below(&root, &folder);
    let means = narrowing(&root, &inputs(options)?);
    let place = (entry.as_str(), start.as_str(), means.as_slice());
    let (cells, is_grid) = match &parser {
        Some((parser, certain)) => cells(parser, *certain, words, &given, place)?,
        None => plain_cells(words, &given, place, ARGUMENTS)?,
    };
    let name = script.file_stem().map_or_else(|| entry.clone(), |stem| stem.to_string_lossy().into_owned());
    let purpose = Purpose::Script(PathBuf::from(&entry));
    let kind = Kind { kind: TaskKind::Script, name, entry, typed: path.to_owned(), purpose };
    let known = parser.is_some_and(|(_, certain)| certain);
    assemble(kind, root, folder, (cells, is_grid), (!known).then_some(note), options)
}

/// What the file at `path` holds of Python.
pub fn code(path: &Path, source: &[u8]) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(source);
    match path.extension().is_some_and(|extension| extension == "ipynb") {
        true => Ok(Notebook::read(&path.display().to_string(), &text)?.code()),
        false => Ok(text.into_owned()),
    }
}

/// Makes the command `words` ready.
pub fn prepare_command(words: &[String], options: &RunOptions) -> Result<Prepared, Failure> {
    let folder = start_folder()?;
    let root = project_root(&folder, &folder).folder;
    let (program, rest) = words.split_first().ok_or_else(|| Failure::input("there is no command"))?;
    if options.env.is_none() {
        require_program(program, &folder)?;
    }
    let given = options.given()?;
    let start = below(&root, &folder);
    let means = narrowing(&root, &inputs(options)?);
    let (cells, is_grid) = plain_cells(rest, &given, (program, &start, &means), "")?;
    let name = folder_name(Path::new(program));
    let purpose = Purpose::Script(PathBuf::new());
    let kind = Kind { kind: TaskKind::Command, name, entry: program.clone(), typed: PathBuf::from(program), purpose };
    assemble(kind, root, folder, (cells, is_grid), None, options)
}

struct Kind {
    kind: TaskKind,
    name: String,
    entry: String,
    typed: PathBuf,
    purpose: Purpose,
}

fn assemble(
    what: Kind,
    root: PathBuf,
    folder: PathBuf,
    (cells, is_grid): (Vec<Cell>, bool),
    parser_note: Option<String>,
    options: &RunOptions,
) -> Result<Prepared, Failure> {
    let mut settings = Settings::of(&root, options)?;
    settings.snapshot.purpose = what.purpose;
    // A plain script runs with what is there, unless an environment is asked for.
    let choice = match (settings.choice, what.kind) {
        (EnvironmentChoice::Auto, TaskKind::Command) => EnvironmentChoice::None,
        (choice, _) => choice,
    };
    let inputs = inputs(options)?;
    Ok(Prepared {
        kind: what.kind,
        name: options.name.clone().unwrap_or(what.name),
        description: String::new(),
        project: settings.project,
        detected: environment::detect(&root, &choice, &Machine::of_this_process())?,
        folder,
        root,
        entry: what.entry,
        typed: what.typed,
        private: is_grid || options.isolate,
        coretex: false,
        policy: settings.policy,
        inputs: (!inputs.is_empty()).then_some(inputs),
        snapshot: settings.snapshot,
        tags: settings.tags,
        jobs: settings.jobs,
        parser_note,
        origin: None,
        monitor: !options.no_monitor,
        keep_outputs: options.keep_outputs,
        outputs: Vec::new(),
        cells,
        is_grid,
    })
}

/// The files that alone count as inputs.
fn inputs(options: &RunOptions) -> Result<Vec<PathBuf>, Failure> {
    let inputs = options.inputs.iter().map(|path| match path.exists() {
        true => std::path::absolute(path)
            .map_err(|error| Failure::input(format!("the input `{}` cannot be found: {error}", path.display()))),
        false => Err(Failure::input(format!("there is no input `{}`", path.display()))),
    });
    inputs.collect()
}

/// Refuses a program that cannot be started.
fn require_program(program: &str, folder: &Path) -> Result<(), Failure> {
    let starts = |path: &Path| path.metadata().is_ok_and(|facts| facts.is_file() && facts.mode() & 0o111 != 0);
    if program.contains('/') {
        let path = folder.join(program);
        return match (starts(&path), path.exists()) {
            (true, _) => Ok(()),
            (false, true) => Err(Failure::input_hint(
                format!("`{program}` cannot be executed"),
                format!("`chmod +x {program}` makes it a program"),
            )),
            (false, false) => Err(Failure::input(format!("there is no program `{program}`"))),
        };
    }
    let places = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&places).any(|place| starts(&folder.join(place).join(program))) {
        true => Ok(()),
        false => Err(Failure::input(format!("there is no program `{program}` on the path"))),
    }
}

/// The parser that an earlier run of the same source reported.
async fn learned(context: &Context, note: &str) -> Result<Option<KnownParser>, Failure> {
    let stored = context.client.note(note).await?;
    Ok(stored.and_then(|value| serde_json::from_value(value).ok()))
}

/// The section of parameters that a script's own parser takes.
const ARGUMENTS: &str = "Args";

/// The entry, the folder it starts in, and the options that are part of what it means.
type Place<'a> = (&'a str, &'a str, &'a [String]);

fn cells(
    parser: &KnownParser,
    certain: bool,
    words: &[String],
    given: &Given,
    place: Place<'_>,
) -> Result<(Vec<Cell>, bool), Failure> {
    let mut schema = parser.schema();
    // What the words give need not be given again.
    relax(&mut schema);
    let request =
        GridRequest { sets: &given.sets, grids: &given.grids, either: &given.either, ..GridRequest::default() };
    let grid = mendel_spec::members(&schema, &request)?;
    let cells = grid.members.into_iter().map(|member| cell(parser, certain, words, member, place));
    Ok((cells.collect::<Result<_, _>>()?, !grid.axes.is_empty()))
}

fn relax(schema: &mut ParamSchema) {
    schema.inputs.iter_mut().for_each(|param| param.required = false);
}

fn cell(
    parser: &KnownParser,
    certain: bool,
    words: &[String],
    member: Member,
    place: Place<'_>,
) -> Result<Cell, Failure> {
    let words = mendel_spec::words_for(parser, words, &member.params)?;
    match mendel_spec::interpret(parser, &words) {
        Ok(mut params) => {
            // The section in which a parser's own report of them arrives as well.
            params.iter_mut().for_each(|param| ARGUMENTS.clone_into(&mut param.section));
            keep_origins(&mut params, member.params);
            let identity = Identity::of_script(place.0, place.1, &params, place.2);
            Ok(Cell { suffix: member.suffix, means: place.2.to_vec(), ..Cell::of(params, words, Some(identity)) })
        }
        Err(Refusal::Bad(problems)) if certain => Err(problems.into()),
        // A parser learned from an earlier run may have changed with a module since.
        Err(Refusal::Bad(_) | Refusal::Unknown(_)) => Ok(of_words(member.suffix, words, place)),
    }
}

/// A value that an option of ours gave came from there, not from the words made of it.
fn keep_origins(params: &mut [Param], given: Vec<Param>) {
    for param in given.into_iter().filter(|param| !matches!(param.origin, mendel_model::Origin::Default { .. })) {
        if let Some(own) = params.iter_mut().find(|own| own.name == param.name) {
            own.origin = param.origin;
        }
    }
}

fn of_words(suffix: String, words: Vec<String>, place: Place<'_>) -> Cell {
    let identity = Identity::of_script(place.0, place.1, &[], &[words.as_slice(), place.2].concat());
    Cell { suffix, means: place.2.to_vec(), ..Cell::of(Vec::new(), words, Some(identity)) }
}

/// Cells of a script or command whose parser is not known: values are passed on as words, and
/// are its parameters in `section` as far as anyone can tell.
fn plain_cells(words: &[String], given: &Given, place: Place<'_>, section: &str) -> Result<(Vec<Cell>, bool), Failure> {
    if given.declared {
        return Err(Failure::input_hint(
            "`--grid` without an argument needs the `values:` of a task file",
            "give `--grid NAME=V1,V2`",
        ));
    }
    let mut axes: Vec<(String, Vec<String>)> = Vec::new();
    for Assignment { name, text, option } in given.sets.iter().chain(&given.grids).chain(&given.either) {
        let values = if option == "--set" { vec![text.clone()] } else { mendel_spec::split_values(text)? };
        if values.is_empty() {
            return Err(Problems(vec![Problem::error("grid_empty", format!("`{name}` has no value"))]).into());
        }
        axes.retain(|(other, _)| other != name);
        axes.push((name.clone(), values));
    }
    let is_grid = axes.iter().any(|(_, values)| values.len() > 1);
    let mut combinations = vec![words.to_vec()];
    for (name, values) in &axes {
        let with =
            |words: &Vec<String>, value: &String| [words.clone(), vec![format!("--{name}"), value.clone()]].concat();
        combinations =
            combinations.iter().flat_map(|words| values.iter().map(move |value| with(words, value))).collect();
        if combinations.len() > mendel_model::limits::GRID_CELLS {
            return Err(Failure::input(format!("grid_too_large: more than {} runs", mendel_model::limits::GRID_CELLS)));
        }
    }
    let suffix = |index: usize| if is_grid { format!("-{}", index + 1) } else { String::new() };
    let known = words.len();
    let cells = combinations.into_iter().enumerate().map(|(index, words)| {
        let params = given_params(&words[known..], section);
        Cell { params, ..of_words(suffix(index), words, place) }
    });
    Ok((cells.collect(), is_grid))
}

/// The parameters that options gave, read back from the words made of them. A parser would
/// spell their names without `-`.
fn given_params(words: &[String], section: &str) -> Vec<Param> {
    let pairs = words.chunks_exact(2).map(|pair| Param {
        section: section.to_owned(),
        name: match section.is_empty() {
            true => pair[0][2..].to_owned(),
            false => pair[0][2..].replace('-', "_"),
        },
        kind: None,
        value: pair[1].clone().into(),
        origin: mendel_model::Origin::CommandLine { words: pair.join(" ") },
        required: false,
        description: String::new(),
    });
    pairs.collect()
}

/// `path` below `root` with `/`; the whole path where it lies elsewhere.
fn below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(grids: &[&str]) -> Given {
        let grids = grids.iter().map(|text| {
            let (name, values) = text.split_once('=').expect("an assignment");
            Assignment { name: name.into(), text: values.into(), option: "--grid".into() }
        });
        Given { grids: grids.collect(), ..Given::default() }
    }

    #[test]
    fn ct_33_a_grid_over_unknown_parameters_makes_every_combination() {
        let (cells, is_grid) =
            plain_cells(&["x".into()], &given(&["lr=1,2", "depth=3,4,5"]), ("a.py", "", &[]), ARGUMENTS)
                .expect("cells");
        assert!(is_grid);
        assert_eq!(cells.len(), 6);
        assert_eq!(cells[1].words, ["x", "--lr", "1", "--depth", "4"]);
        assert_eq!(cells[5].suffix, "-6");
        let values: Vec<_> = cells[1].params.iter().map(|param| (param.name.as_str(), &param.value)).collect();
        assert_eq!(values, [("lr", &"1".into()), ("depth", &"4".into())], "they can be told apart");
    }

    #[test]
    fn the_value_given_last_wins() {
        let (cells, _) = plain_cells(&[], &given(&["lr=1", "lr=2"]), ("a.py", "", &[]), ARGUMENTS).expect("cells");
        assert_eq!(cells[0].words, ["--lr", "2"]);
    }
}
