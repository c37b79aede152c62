//! The code of stages: what their classes reach, from facts that are kept between commands.
//!
//! Where nothing of it changed, no facts are read at all ([`Prints`]); else a file whose stat is
//! known is neither read nor parsed again, and one whose bytes are known is not parsed again.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use mendel_agent::environment::{self, EnvironmentChoice, Machine, Place, installed};
use mendel_model::{Canonical, Digest, EnvironmentPolicy};
use mendel_snapshot::StatIndex;
use mendel_spec::{
    Problems,
    code::{CodeBase, Doubt, Entry, Fingerprint, Given, ModuleFacts, ModuleSource, UNKNOWN_MODULE},
};

use super::prints::{Print, Prints, digest_of, entries, replace};
use crate::{
    context::Context,
    printer::Printer,
    run::{
        index,
        prepare::{self, Settings},
    },
};

/// The project's code as far as stages reach it.
pub struct Code {
    base: CodeBase<Kept>,
    roots: Vec<PathBuf>,
    known: HashMap<String, Result<Arc<Print>, Problems>>,
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
        let (mut index, folder) = (index::of(context, project), context.workspace.cache().join("code"));
        let prints = Prints::kept(&folder, roots, &mut index);
        let source = Kept { index, folder, prints, digests: HashMap::new(), failure: None };
        let base = CodeBase::new(roots.to_vec(), source);
        Self { base, roots: roots.to_vec(), known: HashMap::new(), installed: None }
    }

    /// The same, where classes of installed packages are known as well.
    #[must_use]
    pub fn with_installed(mut self, installed: InstalledIn) -> Self {
        self.installed = Some(installed);
        self
    }

    /// What the class of that dotted path reaches.
    pub fn print(&mut self, class: &str) -> Result<Arc<Print>, Problems> {
        if let Some(known) = self.known.get(class) {
            return known.clone();
        }
        let found = self.find(class).map(Arc::new);
        self.known.insert(class.to_owned(), found.clone());
        found
    }

    fn find(&mut self, class: &str) -> Result<Print, Problems> {
        let source = self.base.source();
        if let Some(print) = source.prints.of(&source.folder, class) {
            return Ok(print);
        }
        let (found, of_project) = self.read(class)?;
        let source = self.base.source();
        let (print, failed) = Print::found(&source.folder, found);
        source.failure = source.failure.take().or(failed);
        if of_project {
            source.prints.add(class, &print);
        }
        Ok(print)
    }

    /// All that is known of what the class of that dotted path reaches.
    pub fn fingerprint(&mut self, class: &str) -> Result<Fingerprint, Problems> {
        self.read(class).map(|(found, _)| found)
    }

    /// The same, and whether the class is one of the project: what is installed may become another
    /// version without a file of the project that says so.
    fn read(&mut self, class: &str) -> Result<(Fingerprint, bool), Problems> {
        let problem = match self.base.fingerprint(class) {
            Ok(found) => return Ok((found, true)),
            Err(problem) => problem,
        };
        let installed = self.installed.as_ref().filter(|_| problem.code == UNKNOWN_MODULE);
        let found = installed.and_then(|installed| installed.fingerprint(class));
        found.map(|found| (found, false)).ok_or_else(|| problem.into())
    }

    /// Keeps what was learned for the next command.
    pub fn keep(self, printer: &Printer) {
        let mut source = self.base.into_source();
        let saved = source.index.save().and(source.prints.save(&source.folder, &self.roots));
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
    prints: Prints,
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
        let Some(digest) = digest_of(path, &mut self.index)? else {
            self.prints.opened(path, None);
            return Ok(None);
        };
        if let Some(facts) = self.facts(&digest) {
            self.prints.opened(path, Some(digest));
            return Ok(Some(Given::Facts(facts)));
        }
        let bytes = fs::read(path)?;
        let digest = Digest::of(&bytes);
        self.prints.opened(path, Some(digest));
        self.digests.insert(path.to_owned(), digest);
        Ok(Some(Given::Bytes(bytes)))
    }

    fn keep(&mut self, path: &Path, facts: &Arc<ModuleFacts>) {
        let Some(digest) = self.digests.remove(path) else { return };
        let bytes = serde_json::to_vec(&**facts).expect("facts have text keys");
        if let Err(error) = replace(&self.place(&digest), &bytes) {
            self.failure.get_or_insert(error);
        }
    }

    fn entries(&mut self, folder: &Path) -> io::Result<Vec<Entry>> {
        let entries = entries(folder)?;
        self.prints.listed(folder, &entries);
        Ok(entries)
    }
}
