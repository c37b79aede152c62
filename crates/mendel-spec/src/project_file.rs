//! `mendel.toml`: what holds for a whole project.
//!
//! A key that is not known is an error here: a policy that is misspelt and passed over
//! would do harm in silence.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use mendel_model::{EnvironmentPolicy, ProjectType};
use serde::Serialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{Place, Problem, Problems, nearest::suggestion, shape};

/// The name of the file.
const FILE: &str = "mendel.toml";

/// What a snapshot leaves out and how large it may be.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SnapshotSettings {
    /// Patterns of gitignore kind, from the folder of the project file.
    pub ignore: Vec<String>,
    /// Most files.
    pub max_files: Option<usize>,
    /// Most bytes.
    pub max_bytes: Option<u64>,
    /// Most bytes of one file.
    pub max_file_bytes: Option<u64>,
}

/// A project file.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ProjectFile {
    /// Its path.
    pub path: PathBuf,
    /// Name of the project.
    pub project: Option<String>,
    /// The field of work.
    #[serde(rename = "type")]
    pub kind: Option<ProjectType>,
    /// The workspace to use: a folder or an address.
    pub workspace: Option<String>,
    /// What a changed environment does.
    pub environment: EnvironmentPolicy,
    /// `auto`, `system`, `venv`, `conda` or `none`: what `--env` is when not given.
    pub env: Option<String>,
    /// What `--jobs` is when not given.
    pub jobs: Option<usize>,
    /// Tags every run gets.
    pub tags: Vec<String>,
    /// Snapshots.
    pub snapshot: SnapshotSettings,
    /// What was odd and did not stop it.
    #[serde(skip)]
    pub warnings: Problems,
}

impl ProjectFile {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| Problem::error("unreadable", format!("cannot read `{name}`: {source}")).in_file(&name))?;
        Self::parse(path, &text)
    }

    /// Reads the nearest `mendel.toml` at or above `folder`, if there is one.
    pub fn find(folder: &Path) -> Result<Option<Self>, Problems> {
        let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        match full.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file()) {
            Some(path) => Self::read(&path).map(Some),
            None => Ok(None),
        }
    }

    /// Reads `text` of the file at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Problems> {
        let mut reader = Tables { file: path.display().to_string().into(), text, problems: Problems::new() };
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let message = format!("not valid TOML: {}", error.message().trim());
                reader.push(error.span().map_or(0, |span| span.start), Problem::error("toml_syntax", message));
                return Err(reader.problems);
            }
        };
        let file = reader.project(path, table.get_ref());
        let (file, warnings) = reader.problems.or(file)?;
        Ok(Self { warnings, ..file })
    }
}

type Table<'t> = DeTable<'t>;
type Item<'t> = Spanned<DeValue<'t>>;

/// Takes values out of tables; what does not fit becomes a problem with its place.
struct Tables<'a> {
    file: Arc<str>,
    text: &'a str,
    problems: Problems,
}

impl Tables<'_> {
    fn project(&mut self, path: &Path, table: &Table<'_>) -> ProjectFile {
        self.known(table, &shape::PROJECT_KEYS, "");
        let mut file = ProjectFile { path: path.to_owned(), ..ProjectFile::default() };
        file.project = table.get("project").and_then(|item| self.text("project", item)).filter(|name| !name.is_empty());
        file.workspace = table.get("workspace").and_then(|item| self.text("workspace", item));
        if let Some(item) = table.get("type") {
            let names: Vec<_> = ProjectType::ALL.iter().map(|(_, _, name)| *name).collect();
            let name = self.text("type", item);
            file.kind = name.as_ref().and_then(|name| name.parse().ok());
            if let (Some(name), None) = (&name, file.kind) {
                self.not_one_of("type", item, name, &names);
            }
        }
        if let Some(item) = table.get("environment") {
            let policies = [EnvironmentPolicy::Warn, EnvironmentPolicy::Strict, EnvironmentPolicy::Ignore];
            let chosen = self.choice("environment", item, &["warn", "strict", "ignore"]);
            file.environment = chosen.map_or(EnvironmentPolicy::Warn, |index| policies[index]);
        }
        if let Some(defaults) = self.table("defaults", table) {
            self.known(defaults, &shape::DEFAULTS_KEYS, "defaults.");
            let names = ["auto", "system", "venv", "conda", "none"];
            let env = defaults.get("env").and_then(|item| self.choice("defaults.env", item, &names));
            file.env = env.map(|index| names[index].to_owned());
            file.jobs = self.number("defaults.jobs", defaults.get("jobs")).map(|jobs| jobs as usize);
            file.tags = defaults.get("tags").map(|item| self.texts("defaults.tags", item)).unwrap_or_default();
        }
        if let Some(snapshot) = self.table("snapshot", table) {
            self.known(snapshot, &shape::SNAPSHOT_KEYS, "snapshot.");
            file.snapshot = SnapshotSettings {
                ignore: snapshot.get("ignore").map(|item| self.patterns("snapshot.ignore", item)).unwrap_or_default(),
                max_files: self.number("snapshot.max_files", snapshot.get("max_files")).map(|most| most as usize),
                max_bytes: self.number("snapshot.max_bytes", snapshot.get("max_bytes")),
                max_file_bytes: self.number("snapshot.max_file_bytes", snapshot.get("max_file_bytes")),
            };
        }
        file
    }

    fn push(&mut self, offset: usize, problem: Problem) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = Place { file: self.file.clone(), line, column };
        self.problems.push(problem.at(&place).show(self.text));
    }

    fn known(&mut self, table: &Table<'_>, known: &[String], prefix: &str) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.iter().any(|known| known == name) {
                let hint = suggestion(name, known.iter().map(String::as_str));
                let problem = Problem::error("unknown_key", format!("unknown key `{prefix}{name}`"));
                self.push(key.span().start, problem.key(format!("{prefix}{name}")).hint(hint));
            }
        }
    }

    fn wrong(&mut self, key: &str, item: &Item<'_>, expected: &str) {
        let got = match item.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let problem = Problem::error("bad_value", format!("`{key}` expects {expected}, got {got}")).key(key);
        self.push(item.span().start, problem);
    }

    fn text(&mut self, key: &str, item: &Item<'_>) -> Option<String> {
        if let DeValue::String(text) = item.get_ref() {
            return Some(text.to_string());
        }
        self.wrong(key, item, "text");
        None
    }

    fn texts(&mut self, key: &str, item: &Item<'_>) -> Vec<String> {
        if let DeValue::Array(items) = item.get_ref() {
            return items.iter().filter_map(|item| self.text(key, item)).collect();
        }
        self.wrong(key, item, "a list of texts");
        Vec::new()
    }

    fn patterns(&mut self, key: &str, item: &Item<'_>) -> Vec<String> {
        let DeValue::Array(items) = item.get_ref() else { return self.texts(key, item) };
        for item in items {
            if let DeValue::String(text) = item.get_ref()
                && let Err(error) = ignore::gitignore::GitignoreBuilder::new("").add_line(None, text)
            {
                let problem =
                    Problem::error("bad_value", format!("`{key}` holds no pattern `{text}`: {error}")).key(key);
                self.push(item.span().start, problem.hint("write it as in a `.gitignore`"));
            }
        }
        self.texts(key, item)
    }

    fn number(&mut self, key: &str, item: Option<&Item<'_>>) -> Option<u64> {
        let item = item?;
        if let DeValue::Integer(number) = item.get_ref()
            && let Ok(number) = u64::from_str_radix(number.as_str(), number.radix())
            && number > 0
        {
            return Some(number);
        }
        self.wrong(key, item, "a whole number of 1 or more");
        None
    }

    fn table<'t>(&mut self, key: &str, table: &'t Table<'_>) -> Option<&'t Table<'t>> {
        let item = table.get(key)?;
        if let DeValue::Table(table) = item.get_ref() {
            return Some(table);
        }
        self.wrong(key, item, "a table");
        None
    }

    /// The index of the word among `words`.
    fn choice(&mut self, key: &str, item: &Item<'_>, words: &[&str]) -> Option<usize> {
        let text = self.text(key, item)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            self.not_one_of(key, item, &text, words);
        }
        found
    }

    fn not_one_of(&mut self, key: &str, item: &Item<'_>, text: &str, words: &[&str]) {
        let list: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        let message = format!("`{key}` expects one of {}, got `{text}`", list.join(", "));
        let hint = crate::nearest(text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        self.push(item.span().start, Problem::error("bad_value", message).key(key).hint(hint.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ProjectFile, Problems> {
        ProjectFile::parse(Path::new("mendel.toml"), text)
    }

    #[test]
    fn a_project_file_says_what_holds_for_the_project() {
        let file = parse(
            "project = \"digits\"\ntype = \"vision\"\nenvironment = \"strict\"\nworkspace = \"../store\"\n\
             [defaults]\nenv = \"system\"\njobs = 4\ntags = [\"a\"]\n\
             [snapshot]\nignore = [\"*.ckpt\"]\nmax_files = 100\nmax_bytes = 0x100\n",
        )
        .unwrap();

        assert_eq!(file.project.as_deref(), Some("digits"));
        assert_eq!(file.kind, Some(ProjectType::ComputerVision));
        assert_eq!(file.environment, EnvironmentPolicy::Strict);
        assert_eq!(file.workspace.as_deref(), Some("../store"));
        assert_eq!((file.env.as_deref(), file.jobs), (Some("system"), Some(4)));
        assert_eq!(file.snapshot.ignore, ["*.ckpt"]);
        assert_eq!((file.snapshot.max_files, file.snapshot.max_bytes), (Some(100), Some(256)));
        assert_eq!(parse("").unwrap().environment, EnvironmentPolicy::Warn);
    }

    #[test]
    fn all_faults_of_a_project_file_are_told_with_their_places() {
        let found = parse("enviroment = 1\nenvironment = \"stirct\"\n[snapshot]\nignore = \"x\"\nmax_files = -1\n");
        let problems = found.unwrap_err();
        let told: Vec<_> =
            problems.iter().map(|problem| (problem.line.unwrap(), problem.column.unwrap(), &*problem.hint)).collect();

        assert_eq!(
            told,
            [(1, 1, "did you mean `environment`?"), (2, 15, "did you mean `strict`?"), (4, 10, ""), (5, 13, "")]
        );
        let pattern = parse("[snapshot]\nignore = [\"*.bin\", \"a{\"]\n").unwrap_err();
        assert_eq!((pattern.0[0].line, pattern.0[0].column), (Some(2), Some(20)));
        let syntax = parse("project = \n").unwrap_err();
        assert_eq!((syntax.0[0].line, syntax.0[0].code), (Some(1), "toml_syntax"));
    }

    #[test]
    fn the_nearest_project_file_upwards_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(folder.path().join(FILE), "project = \"x\"").unwrap();

        assert_eq!(ProjectFile::find(&inner).unwrap().unwrap().project.as_deref(), Some("x"));
    }
}
