//! What the processes of a run observed, as they wrote it: one JSON object a line.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

/// One observation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Observed {
    /// The interpreter of the main process.
    Python {
        /// Its version.
        version: String,
        /// Its path.
        executable: String,
        /// Its folders of packages.
        #[serde(default)]
        paths: Vec<String>,
    },
    /// All parameters that parsers of the main process have reported so far.
    Params {
        /// The parameters.
        params: Vec<ReportedParam>,
        /// Words that no parameter took.
        #[serde(default)]
        rest: Vec<String>,
        /// What the only parser declares, where nothing of it is code.
        #[serde(default)]
        parser: Option<Value>,
        /// Whether the same words mean the same parameters at every start.
        #[serde(default)]
        steady: bool,
    },
    /// The parser refused the words.
    Refused {
        /// What it said.
        message: String,
        /// Whether a file had been written before.
        #[serde(default)]
        worked: bool,
    },
    /// The parser printed its help or version, and nothing else happens.
    Help,
    /// A module was executed.
    Module {
        /// Its file.
        path: PathBuf,
        /// Its file as it was then.
        stat: Option<Stat>,
    },
    /// A file was opened for reading.
    Read {
        /// The file.
        path: PathBuf,
        /// As it was then; none where it was absent.
        stat: Option<Stat>,
    },
    /// A folder was listed.
    List {
        /// The folder.
        path: PathBuf,
        /// As it was then; none where it was absent.
        stat: Option<Stat>,
    },
    /// A file was written, moved or removed.
    Write {
        /// The file.
        path: PathBuf,
    },
    /// A file that was read is about to be written over.
    Aside {
        /// The file.
        path: PathBuf,
        /// A copy of it.
        place: PathBuf,
    },
    /// A file or folder was handed to what cannot be observed.
    Touched {
        /// The file.
        path: PathBuf,
        /// As it was then.
        stat: Option<Stat>,
    },
    /// A parameter's value names a file or folder.
    Named {
        /// The file.
        path: PathBuf,
        /// As it was then.
        stat: Option<Stat>,
    },
    /// Modules were looked for in a folder.
    Looked {
        /// The folder.
        path: PathBuf,
        /// The names of the modules, without those of the packages around them.
        names: Vec<String>,
    },
    /// It was asked whether something is at a path.
    Exists {
        /// The path.
        path: PathBuf,
        /// What was there: `file`, `folder`, or a link and where it leads.
        found: Option<String>,
    },
    /// The project's code asked for a variable of the environment.
    Variable {
        /// Its name.
        name: String,
    },
    /// A program was started that does not report what it reads.
    Child {
        /// Its name.
        program: String,
    },
    /// Libraries were used that open files without being seen.
    Libraries {
        /// Those that may have read.
        readers: Vec<String>,
        /// Those that may have written.
        writers: Vec<String>,
    },
    /// The main process ends with an exception.
    Exception {
        /// Its type.
        #[serde(rename = "type")]
        kind: String,
        /// Its text.
        message: String,
    },
    /// Something may have been missed.
    Unsure {
        /// What.
        message: String,
    },
    /// The main process ends.
    End,
    /// A kind that only a newer worker writes.
    #[serde(other)]
    Unknown,
}

/// Size, time of the last write in nanoseconds, and inode of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Stat(pub u64, pub i64, pub u64);

/// A parameter as a parser reported it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReportedParam {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Its type, if the parser knows one.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Its default.
    #[serde(default)]
    pub default: Option<Value>,
    /// Whether it had to be given.
    #[serde(default)]
    pub required: bool,
    /// What it means.
    #[serde(default)]
    pub help: Option<String>,
    /// The words that gave it.
    #[serde(default)]
    pub words: Option<String>,
}

/// A reader of observations that may still grow.
#[derive(Debug)]
pub struct Observations {
    path: PathBuf,
    offset: u64,
    rest: Vec<u8>,
}

impl Observations {
    /// Observations in the file at `path`, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), offset: 0, rest: Vec::new() }
    }

    /// What was added since the last time. A line that is not understood counts as
    /// something missed.
    pub fn more(&mut self) -> io::Result<Vec<Observed>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() <= self.offset {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let read = file.read_to_end(&mut self.rest)?;
        self.offset += read as u64;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Ok(Vec::new()) };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        Ok(whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(parse).collect())
    }
}

/// Every observation in the file at `path`; none where it does not exist.
pub fn read(path: &Path) -> io::Result<Vec<Observed>> {
    Observations::at(path).more()
}

fn parse(line: &[u8]) -> Observed {
    serde_json::from_slice(line)
        .unwrap_or_else(|error| Observed::Unsure { message: format!("an observation: {error}") })
}

#[cfg(test)]
mod tests {
    use std::{fs::OpenOptions, io::Write as _};

    use super::*;

    #[test]
    fn observations_are_read_as_they_come_and_a_torn_line_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("observed.jsonl");
        let mut observations = Observations::at(&path);
        assert_eq!(observations.more().expect("none"), []);

        let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("opened");
        file.write_all(b"{\"kind\":\"read\",\"path\":\"/a\",\"stat\":[1,2,3]}\n{\"kind\":\"wri").expect("written");
        let read = Observed::Read { path: "/a".into(), stat: Some(Stat(1, 2, 3)) };
        assert_eq!(observations.more().expect("one"), [read]);
        file.write_all(b"te\",\"path\":\"/b\"}\n{\"kind\":\"later\"}\n??\n").expect("written");
        let more = observations.more().expect("three");
        assert_eq!(more[..2], [Observed::Write { path: "/b".into() }, Observed::Unknown]);
        assert!(matches!(more[2], Observed::Unsure { .. }));
    }
}
