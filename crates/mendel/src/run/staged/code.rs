//! The code of stages: what their classes reach, from facts that are kept between commands.
//!
//! A file whose stat is known is neither read nor parsed again; one whose bytes are known is
//! not parsed again.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use mendel_agent::environment::{self, EnvironmentChoice, Machine, Place, installed};
use mendel_model::{Canonical, Digest, EnvironmentPolicy};
use mendel_snapshot::{StatIndex, hash_file};
use mendel_spec::{
    Problems,
    code::{CodeBase, Doubt, Entry, Fingerprint, Given, ModuleFacts, ModuleSource, UNKNOWN_MODULE},
};

use crate::{
    context::Context,
    exit::told,
    printer::Printer,
    run::{
        index,
        prepare::{self, Settings},
    },
};

/// The project's code as far as stages reach it.
pub struct Code {
    base: CodeBase<Kept>,
    known: HashMap<String, Result<Arc<Fingerprint>, Problems>>,
    installed: Option<InstalledIn>,
}

/// The environment in which classes are looked for that are not the project's.
pub struct InstalledIn {
    project: PathBuf,
    choice: EnvironmentChoice,
    place: Place,
    /// Whether the version of a package is part of its code.
    by_version: bool,
    /// The folders its packages lie in, once they were asked for.
    sites: OnceCell<Vec<PathBuf>>,
}

impl InstalledIn {
    /// The environment of a project.
    pub fn of(context: &Context, project: &Path, settings: &Settings) -> Self {
        Self {
            project: project.to_owned(),
            choice: settings.choice.clone(),
            place: prepare::place(context),
            by_version: settings.policy != EnvironmentPolicy::Ignore,
            sites: OnceCell::new(),
        }
    }

    /// The folders; none where they cannot be told, and then no class is found in them.
    fn sites(&self) -> &[PathBuf] {
        self.sites.get_or_init(|| {
            let machine = Machine::of_this_process();
            let Ok(detected) = environment::detect(&self.project, &self.choice, &machine) else { return Vec::new() };
            let request = environment::Request {
                folder: &self.project,
                detected: &detected,
                place: &self.place,
                machine: &machine,
            };
            environment::known_sites(&request).unwrap_or_default()
        })
    }

    /// What a class of an installed package is: the package with its version.
    fn fingerprint(&self, class: &str) -> Option<Fingerprint> {
        let top = class.split('.').next().unwrap_or_default();
        let found = installed(top, self.sites().iter().map(PathBuf::as_path))?;
        let mut form = Canonical::new("installed");
        form.text(class);
        if let (Some(package), true) = (&found.package, self.by_version) {
            form.text(&package.name).text(&package.version);
        }
        let doubts = match &found.package {
            Some(_) => Vec::new(),
            None => vec![Doubt { file: top.to_owned(), line: 1, text: "no package says its version".to_owned() }],
        };
        Some(Fingerprint {
            digest: form.finish(),
            symbols: BTreeMap::new(),
            files: Vec::new(),
            external: vec![top.to_owned()],
            doubts,
            declaration: None,
        })
    }
}

impl Code {
    /// The code below the import roots `roots`.
    pub fn below(context: &Context, project: &Path, roots: &[PathBuf]) -> Self {
        let source = Kept {
            index: index::of(context, project),
            folder: context.workspace.cache().join("code"),
            digests: HashMap::new(),
            failure: None,
        };
        Self { base: CodeBase::new(roots.to_vec(), source), known: HashMap::new(), installed: None }
    }

    /// The same, where classes of installed packages are known as well.
    #[must_use]
    pub fn with_installed(mut self, installed: InstalledIn) -> Self {
        self.installed = Some(installed);
        self
    }

    /// What the class of that dotted path reaches.
    pub fn fingerprint(&mut self, class: &str) -> Result<Arc<Fingerprint>, Problems> {
        if let Some(known) = self.known.get(class) {
            return known.clone();
        }
        let found = match (self.base.fingerprint(class), &self.installed) {
            (Err(problem), Some(installed)) if problem.code == UNKNOWN_MODULE => {
                installed.fingerprint(class).ok_or(problem)
            }
            (found, _) => found,
        };
        let found = found.map(Arc::new).map_err(Problems::from);
        self.known.insert(class.to_owned(), found.clone());
        found
    }

    /// Keeps what was learned for the next command.
    pub fn keep(self, printer: &Printer) {
        let mut source = self.base.into_source();
        let saved = source.index.save();
        if let Some(error) = source.failure.or(saved.err()) {
            // It only saves reading: without it the next command is slower, not wrong.
            printer.note(format_args!("note: what is known of the code was not kept: {error}"));
        }
    }
}

/// Facts of modules in the workspace's cache, by the digest of their bytes.
struct Kept {
    index: StatIndex,
    folder: PathBuf,
    digests: HashMap<PathBuf, Digest>,
    failure: Option<io::Error>,
}

impl Kept {
    fn place(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{digest}.json"))
    }

    fn facts(&self, digest: &Digest) -> Option<Arc<ModuleFacts>> {
        let bytes = fs::read(self.place(digest)).ok()?;
        // Facts that cannot be read, or meant something else, are made again.
        serde_json::from_slice::<ModuleFacts>(&bytes).ok().filter(ModuleFacts::is_current).map(Arc::new)
    }
}

impl ModuleSource for Kept {
    fn open(&mut self, path: &Path) -> io::Result<Option<Given>> {
        match fs::metadata(path) {
            Ok(facts) if facts.is_file() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let (digest, _) = hash_file(path, &mut self.index).map_err(|error| io::Error::other(told(&error)))?;
        if let Some(facts) = self.facts(&digest) {
            return Ok(Some(Given::Facts(facts)));
        }
        let bytes = fs::read(path)?;
        self.digests.insert(path.to_owned(), Digest::of(&bytes));
        Ok(Some(Given::Bytes(bytes)))
    }

    fn keep(&mut self, path: &Path, facts: &Arc<ModuleFacts>) {
        let Some(digest) = self.digests.remove(path) else { return };
        let place = self.place(&digest);
        let partial = place.with_extension(format!("{}.tmp", std::process::id()));
        let bytes = serde_json::to_vec(&**facts).expect("facts have text keys");
        let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(&partial, bytes));
        if let Err(error) = written.and_then(|()| fs::rename(&partial, &place)) {
            self.failure.get_or_insert(error);
        }
    }

    fn entries(&mut self, folder: &Path) -> io::Result<Vec<Entry>> {
        let listed = match fs::read_dir(folder) {
            Ok(listed) => listed,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let is_folder = entry.path().is_dir();
            Ok(Entry { name: entry.file_name().to_string_lossy().into_owned(), is_folder })
        };
        listed.map(entry).collect()
    }
}
