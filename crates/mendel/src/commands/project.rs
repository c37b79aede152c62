//! `mendel project`

use mendel_api::{Client, ClientError, RunQuery, SetMember};
use mendel_model::{Member, NewProject, Project as Stored, ProjectType, RunUpdate, UnknownWord, limits};
use serde_json::json;

use super::compare::subject::members;
use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::{count, safe},
        time,
    },
};

const NEWEST: usize = 10;
/// Who is signed in, whoever it is.
const EVERYONE: &str = "everyone";

/// Make, list and show projects, and move runs between them.
#[derive(clap::Args)]
pub struct Project {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a project.
    Create {
        /// Its name, unique in the workspace.
        name: String,
        /// What it is about.
        #[arg(long, default_value = "", hide_default_value = true)]
        description: String,
        /// The field of work, such as `vision` or `nlp`.
        #[arg(long = "type", value_name = "TYPE", default_value = "other")]
        kind: String,
    },
    /// List projects.
    Ls,
    /// Show a project and its newest runs.
    Show {
        /// Its name.
        name: String,
    },
    /// Give somebody a role in a project, or take it away.
    Member {
        /// The project.
        name: String,
        /// The user, or `everyone`.
        user: String,
        /// viewer, runner, editor, owner, or `none`.
        role: String,
    },
    /// List who may do what in a project.
    Members {
        /// The project.
        name: String,
    },
    /// Move runs into a project, with everything they recorded.
    Move {
        /// The runs, or the id of a batch.
        #[arg(required = true, value_name = "RUN")]
        runs: Vec<String>,
        /// The project they belong to from now on.
        #[arg(long, value_name = "NAME")]
        to: String,
    },
}

impl Project {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        match self.action {
            Action::Create { name, description, kind } => {
                let new = NewProject { name: checked(&name)?, description, kind: kind_of(&kind)?, created: now() };
                let context = Context::here(global).await?;
                let project = create(&context.client, &new).await?;
                printer.note(format_args!("Made project {}", safe(&project.name)));
                printer.answer(&document(&project), |_| {});
            }
            Action::Ls => {
                let context = Context::here(global).await?;
                let projects = context.client.projects().await?;
                let answer = json!({"projects": projects.iter().map(document).collect::<Vec<_>>()});
                printer.answer(&answer, |text| text.push_str(&table(&projects, printer)));
            }
            Action::Show { name } => show(&Context::here(global).await?.client, &name, printer).await?,
            Action::Member { name, user, role } => {
                let role = match role.as_str() {
                    "none" => None,
                    role => Some(role.parse().map_err(|error: UnknownWord| Failure::input(error.to_string()))?),
                };
                let user = (user != EVERYONE).then_some(user);
                let wanted = SetMember { user, role };
                show_members(&Context::here(global).await?.client.set_member(&name, &wanted).await?, printer);
            }
            Action::Members { name } => {
                show_members(&Context::here(global).await?.client.members(&name).await?, printer);
            }
            Action::Move { runs, to } => move_runs(&Context::here(global).await?, &runs, &to, printer).await?,
        }
        Ok(Exit::Done)
    }
}

/// The project type that a person names.
pub fn kind_of(text: &str) -> Result<ProjectType, Failure> {
    text.parse().map_err(|error: mendel_model::UnknownProjectType| {
        let names: Vec<&str> = ProjectType::ALL.iter().map(|(_, _, name)| *name).collect();
        // `vision` names `computer-vision`, so what is near the short form is meant as well.
        let short = names.iter().flat_map(|name| name.split('-')).filter(|word| word.parse::<ProjectType>().is_ok());
        let hint = match mendel_spec::nearest(text, names.iter().copied().chain(short)) {
            Some(near) => format!("did you mean `{near}`? there are {}", names.join(", ")),
            None => format!("there are {}", names.join(", ")),
        };
        Failure::input_hint(error.to_string(), hint)
    })
}

/// Makes a project; one of that name that exists is an error that says so.
pub async fn create(client: &Client, new: &NewProject) -> Result<Stored, Failure> {
    match client.create_project(new).await {
        Ok(project) => Ok(project),
        Err(ClientError::Refused { status: 409, .. }) => Err(Failure::input_hint(
            format!("there is a project `{}` already", safe(&new.name)),
            format!("`mendel project show {}` shows it; another name makes another", safe(&new.name)),
        )),
        Err(error) => Err(error.into()),
    }
}

fn checked(name: &str) -> Result<String, Failure> {
    let trimmed = name.trim();
    match trimmed.is_empty() || trimmed.chars().count() > limits::NAME_CHARS || trimmed.chars().any(char::is_control) {
        true => Err(Failure::input(format!(
            "`{}` is not a name: 1 to {} characters on one line are expected",
            safe(name),
            limits::NAME_CHARS
        ))),
        false => Ok(trimmed.to_owned()),
    }
}

fn document(project: &Stored) -> serde_json::Value {
    json!({
        "name": project.name,
        "description": project.description,
        "type": project.kind,
        "created": document::time(project.created),
        "runs": project.runs,
    })
}

fn table(projects: &[Stored], printer: &Printer) -> String {
    let columns = vec![
        Column::text("project", 0),
        Column::text("type", 1),
        Column::number("runs", 0),
        Column::number("made", 2),
        Column::text("", 3),
    ];
    let mut table = Table::new(columns);
    for project in projects {
        table.row(vec![
            safe(&project.name).into_owned().into(),
            project.kind.name().into(),
            project.runs.to_string().into(),
            time::ago(project.created, now()).into(),
            Cell::coloured(safe(&project.description), 2),
        ]);
    }
    match table.is_empty() {
        true => String::new(),
        false => table.show(terminal_width(), Paint(printer.has_colour())),
    }
}

/// The project of that name.
async fn existing(client: &Client, name: &str) -> Result<Stored, Failure> {
    if let Some(project) = client.project(name).await? {
        return Ok(project);
    }
    let known = client.projects().await?;
    let hint = match mendel_spec::nearest(name, known.iter().map(|project| project.name.as_str())) {
        Some(near) => format!("there is `{}`", safe(near)),
        None => "`mendel project ls` lists them".to_owned(),
    };
    Err(Failure::input_hint(format!("there is no project `{}`", safe(name)), hint))
}

async fn move_runs(context: &Context, runs: &[String], to: &str, printer: &Printer) -> Result<(), Failure> {
    let project = existing(&context.client, to).await?;
    let mut moved = Vec::new();
    for run in members(context, runs).await? {
        let update = RunUpdate { project: Some(project.name.clone()), ..RunUpdate::default() };
        moved.push(context.client.update_run(run.facts.id, None, &update).await?);
    }
    printer.note(format_args!("Moved {} to {}", count(moved.len(), "run"), safe(&project.name)));
    printer.answer(&json!({"runs": moved.iter().map(document::run).collect::<Vec<_>>()}), |_| {});
    Ok(())
}

async fn show(client: &Client, name: &str, printer: &Printer) -> Result<(), Failure> {
    let project = existing(client, name).await?;
    let query = RunQuery { project: Some(project.name.clone()), limit: NEWEST, ..RunQuery::default() };
    let newest = client.runs(&query).await?;
    let mut answer = document(&project);
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("newest".to_owned(), newest.runs.iter().map(document::run).collect());
    }
    printer.answer(&answer, |text| {
        let paint = Paint(printer.has_colour());
        text.push_str(&format!("{}  {}\n", paint.bold(&safe(&project.name)), project.kind));
        if !project.description.is_empty() {
            text.push_str(&format!("{}\n", safe(&project.description)));
        }
        let total = usize::try_from(newest.total).unwrap_or(usize::MAX);
        text.push_str(&paint.dim(&format!("made {} · {}\n", time::moment(project.created), count(total, "run"))));
        for run in &newest.runs {
            let status = paint.by_status(run.status, run.status.name());
            text.push_str(&format!("  @{}  {}  {status}\n", run.number, safe(&run.facts.name)));
        }
    });
    Ok(())
}

fn show_members(members: &[Member], printer: &Printer) {
    let name =
        |member: &Member| if member.user.is_none() { EVERYONE.to_owned() } else { safe(&member.name).to_string() };
    let rows: Vec<_> = members.iter().map(|member| json!({"user": name(member), "role": member.role})).collect();
    printer.answer(&json!({ "members": rows }), |text| {
        for member in members {
            text.push_str(&format!("{}  {}\n", name(member), member.role));
        }
    });
}
