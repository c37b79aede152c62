//! What classes reach, kept between commands with all that was looked at to find it.
//!
//! It holds as long as every file has the bytes, and every folder the modules, that it had
//! then: only their stats are asked for, and no facts are read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use mendel_model::{Canonical, Digest};
use mendel_snapshot::{StatIndex, hash_file};
use mendel_spec::code::{Declaration, Entry, Fingerprint, SymbolFact};
use serde::{Deserialize, Serialize};

/// Symbols by name.
pub type Symbols = BTreeMap<Arc<str>, SymbolFact>;

/// What a class reaches: a digest of all, and what it declares.
#[derive(Debug)]
pub struct Print {
    /// Of everything reached.
    pub digest: Digest,
    /// What the class says of itself as a stage, where that can be told.
    pub declaration: Option<Declaration>,
    symbols: OnceLock<Symbols>,
    folder: PathBuf,
}

impl Print {
    /// What was reached, by name; nothing where it was kept and is lost.
    pub fn symbols(&self) -> &Symbols {
        self.symbols.get_or_init(|| {
            let kept = fs::read(symbols_file(&self.folder, &self.digest)).ok();
            kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
        })
    }

    /// Takes what was found, and keeps its symbols for whoever needs them later; tells why they
    /// could not be kept.
    pub fn found(folder: &Path, found: Fingerprint) -> (Self, Option<io::Error>) {
        let file = symbols_file(folder, &found.digest);
        let kept = match file.exists() {
            true => Ok(()),
            false => replace(&file, &serde_json::to_vec(&found.symbols).expect("symbols have text keys")),
        };
        let symbols = OnceLock::from(found.symbols);
        let (digest, declaration) = (found.digest, found.declaration);
        (Self { digest, declaration, symbols, folder: folder.to_owned() }, kept.err())
    }
}

/// The prints of one set of import roots, and what was looked at.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Prints {
    /// What found them: another program may find others.
    program: String,
    /// Digests of files; none of one that was not there.
    opened: BTreeMap<PathBuf, Option<Digest>>,
    /// Digests of what folders hold of modules.
    listed: BTreeMap<PathBuf, Digest>,
    classes: BTreeMap<String, Known>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    digest: Digest,
    declaration: Option<Declaration>,
}

impl Prints {
    /// Those that were kept for `roots`, if they still hold; else none.
    pub fn kept(folder: &Path, roots: &[PathBuf], index: &mut StatIndex) -> Self {
        let kept = fs::read(prints_file(folder, roots)).ok();
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let program = program();
        match kept.filter(|kept| !program.is_empty() && kept.program == program && kept.holds(index)) {
            Some(kept) => kept,
            None => Self { program, ..Self::default() },
        }
    }

    /// What the class reaches, where that is known.
    pub fn of(&self, folder: &Path, class: &str) -> Option<Print> {
        let Known { digest, declaration } = self.classes.get(class)?;
        Some(Print {
            digest: *digest,
            declaration: declaration.clone(),
            symbols: OnceLock::new(),
            folder: folder.to_owned(),
        })
    }

    /// Notes what a class reaches.
    pub fn add(&mut self, class: &str, print: &Print) {
        let known = Known { digest: print.digest, declaration: print.declaration.clone() };
        self.classes.insert(class.to_owned(), known);
        self.changed = true;
    }

    /// Notes that a file was looked at.
    pub fn opened(&mut self, path: &Path, digest: Option<Digest>) {
        self.opened.insert(path.to_owned(), digest);
    }

    /// Notes that a folder was looked at.
    pub fn listed(&mut self, folder: &Path, entries: &[Entry]) {
        self.listed.insert(folder.to_owned(), modules(entries));
    }

    /// Keeps them for the next command, where there is something new.
    pub fn save(&self, folder: &Path, roots: &[PathBuf]) -> io::Result<()> {
        if !self.changed || self.program.is_empty() {
            return Ok(());
        }
        replace(&prints_file(folder, roots), &serde_json::to_vec(self).expect("prints have text keys"))
    }

    fn holds(&self, index: &mut StatIndex) -> bool {
        let is_same = |folder: &PathBuf, then: &Digest| entries(folder).is_ok_and(|now| modules(&now) == *then);
        self.listed.iter().all(|(folder, then)| is_same(folder, then))
            && self.opened.iter().all(|(path, then)| digest_of(path, index).is_ok_and(|now| now == *then))
    }
}

/// The digest of a file, from `index` where it remembers it; none where there is no file.
pub fn digest_of(path: &Path, index: &mut StatIndex) -> io::Result<Option<Digest>> {
    match fs::metadata(path) {
        Ok(facts) if facts.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    match hash_file(path, index) {
        Ok((digest, _)) => Ok(Some(digest)),
        Err(error) => Err(io::Error::other(crate::exit::told(&error))),
    }
}

/// What lies directly in `folder`; nothing where it is no folder.
pub fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        let kind = entry.file_type()?;
        let is_folder = if kind.is_symlink() { entry.path().is_dir() } else { kind.is_dir() };
        Ok(Entry { name: entry.file_name().to_string_lossy().into_owned(), is_folder })
    };
    listed.map(entry).collect()
}

/// Digest of the names in a folder that can be modules.
fn modules(entries: &[Entry]) -> Digest {
    let endings = [".py", ".so", ".pyd"];
    let is_module = |entry: &&Entry| entry.is_folder || endings.iter().any(|ending| entry.name.ends_with(ending));
    let names: BTreeSet<_> = entries.iter().filter(is_module).map(|entry| (&entry.name, entry.is_folder)).collect();
    let mut form = Canonical::new("modules");
    for (name, is_folder) in names {
        form.text(name).count(usize::from(is_folder));
    }
    form.finish()
}

/// This program, as it was built; nothing where that cannot be told.
fn program() -> String {
    let facts = std::env::current_exe().and_then(fs::metadata);
    let stat = facts.as_ref().map(mendel_snapshot::FileStat::of);
    stat.map_or_else(|_| String::new(), |stat| format!("{} {stat:?}", env!("CARGO_PKG_VERSION")))
}

fn prints_file(folder: &Path, roots: &[PathBuf]) -> PathBuf {
    let mut form = Canonical::new("roots");
    for root in roots {
        form.text(&root.to_string_lossy());
    }
    folder.join(format!("prints-{}.json", form.finish()))
}

fn symbols_file(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join(format!("symbols-{digest}.json"))
}

/// Writes a file in one step.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let partial = file.with_extension(format!("{}.tmp", std::process::id()));
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| fs::write(&partial, bytes)).and_then(|()| fs::rename(&partial, file))
}
