//! Judges what a run depended on and what it made, from what was observed and what lies on
//! the disk in the end.
//!
//! A doubt taints: a file that changed between its use and the end, a module that is not
//! the one of the snapshot, an observation that may be incomplete. A tainted run is kept
//! and never answers a later request.

mod listing;
mod output;
mod place;
mod uses;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use mendel_model::{Dependency, DependencyKind, Digest, EntryKind, Manifest};
use mendel_snapshot::{FileStat, SnapshotError, StatIndex, current_digest, hash_file};

use crate::{
    job::{Job, Launch, WorkingFolder},
    worker::{Observed, Stat},
};

pub use output::FoundOutput;
use place::Places;
use uses::Uses;

/// The name of a snapshot as a whole, and of the root among listings.
const WHOLE: &str = ".";
/// The subject of the environment.
const ENVIRONMENT: &str = "environment";
/// Times of files come from a coarser clock than ours.
const CLOCK_SLACK_NS: i64 = 20_000_000;

/// What is known of a run that ended.
#[derive(Debug)]
pub struct Case<'a> {
    /// What was asked for.
    pub job: &'a Job,
    /// The root that it saw: its private folder, or the project's.
    pub root: &'a Path,
    /// The list of its snapshot.
    pub manifest: Option<&'a Manifest>,
    /// Paths that its words or its inputs named, as they were before.
    pub named: &'a [Named],
    /// What its processes observed.
    pub observed: &'a [Observed],
    /// When its process started, in nanoseconds since the epoch.
    pub started_ns: i64,
}

/// An existing path that was named, as it was before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path.
    pub path: PathBuf,
    /// What it was.
    pub stat: FileStat,
}

impl Named {
    /// Whether it is as it was.
    fn is_unchanged(&self) -> bool {
        self.path.metadata().is_ok_and(|facts| FileStat::of(&facts) == self.stat)
    }
}

/// What a run depended on and what it made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judgement {
    /// What it depended on, sorted.
    pub dependencies: Vec<Dependency>,
    /// What it wrote, sorted by path.
    pub outputs: Vec<FoundOutput>,
    /// Why the result must not be reused; empty where it may.
    pub tainted: Vec<String>,
    /// Why every file of the project counts, where that is so for a script.
    pub whole: Option<String>,
    /// Lists of names whose digests are among the dependencies.
    pub texts: Vec<String>,
}

/// Judges `case`; digests come from `index` where it remembers them.
pub fn judge(case: &Case<'_>, index: &mut StatIndex) -> Result<Judgement, SnapshotError> {
    if matches!(case.job.launch, Launch::Stages { .. } | Launch::Typed { .. }) {
        // Every stage told its own; a task made of a class keeps its result in its folder.
        return Ok(Judgement::default());
    }
    let mut bench = Bench::new(case, index);
    bench.find_outputs()?;
    if let Some(inputs) = &case.job.inputs {
        inputs.iter().try_for_each(|path| bench.judge_input(path))?;
    } else {
        bench.whole = bench.uses.everything();
        if bench.whole.is_some() || !matches!(case.job.launch, Launch::Script { .. }) {
            bench.judge_whole_snapshot()?;
        }
    }
    if let Launch::Script { entry, .. } = &case.job.launch {
        bench.judge_modules()?;
        bench.require_entry(entry);
    }
    bench.judge_reads()?;
    bench.judge_named()?;
    bench.judge_listings()?;
    bench.judge_existence();
    bench.judge_data()?;
    bench.judge_lookups()?;
    bench.judge_variables();
    if let Some(lock) = case.job.environment.lock {
        bench.depend(DependencyKind::Environment, ENVIRONMENT.to_owned(), Some(lock));
    }
    Ok(bench.finish())
}

/// The case while it is judged.
struct Bench<'a> {
    case: &'a Case<'a>,
    index: &'a mut StatIndex,
    places: Places,
    /// Digests of the snapshot's files by path.
    snapshot: BTreeMap<&'a str, Digest>,
    uses: Uses,
    dependencies: BTreeMap<(DependencyKind, String), Option<Digest>>,
    outputs: BTreeMap<String, FoundOutput>,
    tainted: BTreeSet<String>,
    whole: Option<String>,
    texts: BTreeSet<String>,
}

impl<'a> Bench<'a> {
    fn new(case: &'a Case<'a>, index: &'a mut StatIndex) -> Self {
        let places = Places::new(case.root, &case.job.root);
        let entries = case.manifest.map_or(&[][..], |manifest| &manifest.entries);
        let files = entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::File { digest, .. } => Some((entry.path.as_str(), *digest)),
            EntryKind::Link { .. } => None,
        });
        let snapshot = files.collect();
        let uses = Uses::new(case.observed, &places);
        let unsure = case.observed.iter().filter_map(|observed| {
            let Observed::Unsure { message } = observed else { return None };
            Some(format!("not everything was observed: {message}"))
        });
        let tainted = unsure.collect();
        let (dependencies, outputs) = (BTreeMap::new(), BTreeMap::new());
        Self {
            case,
            index,
            places,
            snapshot,
            uses,
            dependencies,
            outputs,
            tainted,
            whole: None,
            texts: BTreeSet::new(),
        }
    }

    fn finish(self) -> Judgement {
        let dependency = |((kind, subject), digest)| Dependency { kind, subject, digest };
        Judgement {
            dependencies: self.dependencies.into_iter().map(dependency).collect(),
            outputs: self.outputs.into_values().collect(),
            tainted: self.tainted.into_iter().collect(),
            whole: self.whole,
            texts: self.texts.into_iter().collect(),
        }
    }

    fn depend(&mut self, kind: DependencyKind, subject: String, digest: Option<Digest>) {
        self.dependencies.insert((kind, subject), digest);
    }

    fn taint(&mut self, why: String) {
        self.tainted.insert(why);
    }

    const fn is_private(&self) -> bool {
        matches!(self.case.job.folder, WorkingFolder::Private { .. })
    }

    /// Whether the run itself made the file, so that what it read there was its own. In a
    /// private folder nobody else can have made it.
    fn is_own(&self, subject: &str) -> bool {
        let made = self.is_private() && self.outputs.contains_key(subject) && !self.snapshot.contains_key(subject);
        made || (self.uses.wrote(subject) && self.uses.first_read(subject).is_none())
    }

    /// Whether files may have been written without being seen.
    fn may_write_unseen(&self) -> bool {
        self.is_private()
            || !matches!(self.case.job.launch, Launch::Script { .. })
            || !self.uses.children.is_empty()
            || !self.uses.writers.is_empty()
    }

    /// Whether only the run's named inputs count.
    const fn is_narrowed(&self) -> bool {
        self.case.job.inputs.is_some()
    }

    fn judge_modules(&mut self) -> Result<(), SnapshotError> {
        for observed in self.case.observed {
            if let Observed::Module { path, stat } = observed {
                self.used(DependencyKind::Code, path, *stat)?;
            }
        }
        Ok(())
    }

    /// A result whose entry nobody saw is one whose observation never began.
    fn require_entry(&mut self, entry: &str) {
        let seen = self.dependencies.keys().any(|(kind, subject)| *kind == DependencyKind::Code && subject == entry);
        if !seen && !self.uses.wrote(entry) {
            self.taint(format!("not everything was observed: `{entry}` was not seen to start"));
        }
    }

    fn judge_reads(&mut self) -> Result<(), SnapshotError> {
        if self.is_narrowed() {
            return Ok(());
        }
        for observed in self.case.observed {
            let (path, stat) = match observed {
                Observed::Read { path, stat } | Observed::Module { path, stat } => (path, *stat),
                Observed::Touched { path, stat } if !path.is_dir() => (path, *stat),
                _ => continue,
            };
            let subject = self.places.subject(path);
            let known = self.dependencies.contains_key(&(DependencyKind::Code, subject.clone()));
            let covered = self.covers_all() && self.snapshot.contains_key(subject.as_str());
            if !known && !covered {
                self.used(DependencyKind::Input, path, stat)?;
            }
        }
        Ok(())
    }

    /// Whether the snapshot counts as a whole.
    fn covers_all(&self) -> bool {
        self.dependencies.contains_key(&(DependencyKind::Code, WHOLE.to_owned()))
    }

    /// A file that was used as it was at `stat`.
    fn used(&mut self, kind: DependencyKind, path: &Path, stat: Option<Stat>) -> Result<(), SnapshotError> {
        let subject = self.places.subject(path);
        if self.is_own(&subject) {
            return Ok(());
        }
        if self.uses.wrote(&subject) {
            return self.used_before(kind, subject);
        }
        let present = path.metadata().ok().filter(|facts| facts.is_file());
        match (stat, present) {
            (None, None) => self.depend(kind, subject, None),
            (Some(then), Some(now)) if same(then, &FileStat::of(&now)) => {
                let (digest, _) = hash_file(path, self.index)?;
                if self.snapshot.get(subject.as_str()).is_some_and(|recorded| *recorded != digest) {
                    self.taint(format!("`{subject}` is not as in the snapshot"));
                }
                self.depend(kind, subject, Some(digest));
            }
            (Some(_), None) if path.is_dir() => {}
            (Some(_), _) | (None, Some(_)) => self.taint(format!("`{subject}` changed while it ran")),
        }
        Ok(())
    }

    /// A file that the run read before it wrote it: what it held then counts.
    fn used_before(&mut self, kind: DependencyKind, subject: String) -> Result<(), SnapshotError> {
        let quiet = |stat: &Stat| stat.1 < self.case.started_ns - CLOCK_SLACK_NS;
        let digest = match self.uses.aside(&subject) {
            Some(place) => Some(hash_file(place, self.index)?.0),
            None if self.uses.first_read(&subject).is_some_and(quiet) => self.snapshot.get(subject.as_str()).copied(),
            None => None,
        };
        match digest {
            Some(digest) => self.depend(kind, subject, Some(digest)),
            None => self.taint(format!("`{subject}` was read and then written, and what was read is not known")),
        }
        Ok(())
    }

    /// Every file of the snapshot counts.
    fn judge_whole_snapshot(&mut self) -> Result<(), SnapshotError> {
        let Some(manifest) = self.case.manifest else {
            self.taint("it has no snapshot to compare with".to_owned());
            return Ok(());
        };
        self.depend(DependencyKind::Code, WHOLE.to_owned(), Some(manifest.digest()));
        if self.is_private() {
            return Ok(());
        }
        let entries: Vec<_> = self.snapshot.iter().map(|(path, digest)| ((*path).to_owned(), *digest)).collect();
        for (subject, recorded) in entries {
            let present = hash_file(&self.case.root.join(&subject), self.index).ok();
            if present.is_none_or(|(digest, _)| digest != recorded) && !self.uses.wrote(&subject) {
                self.taint(format!("`{subject}` changed while it ran"));
            }
        }
        Ok(())
    }

    /// A file or folder that was named as an input.
    fn judge_input(&mut self, path: &Path) -> Result<(), SnapshotError> {
        let subject = self.places.subject(&self.case.job.root.join(path));
        let there = self.places.seen(&subject);
        let input = Dependency { kind: DependencyKind::Input, subject: there.to_string_lossy().into(), digest: None };
        let digest = current_digest(Path::new("/"), &input, self.index)?;
        let before = self.case.named.iter().find(|named| self.places.subject(&named.path) == subject);
        let changed = before.is_some_and(|named| !named.is_unchanged());
        let ours = self.is_own(&subject) || self.outputs.contains_key(&subject);
        if changed && there.is_file() && !ours {
            self.taint(format!("`{subject}` changed while it ran"));
        }
        let subject = if subject.is_empty() { WHOLE.to_owned() } else { subject };
        self.depend(DependencyKind::Input, subject, digest);
        Ok(())
    }

    /// Files that the words or parameters name count even where nobody saw them opened: a
    /// library may have read them.
    fn judge_named(&mut self) -> Result<(), SnapshotError> {
        if self.is_narrowed() {
            return Ok(());
        }
        let known = self.case.named.iter().map(|named| (named.path.clone(), named.is_unchanged()));
        let reported = self.case.observed.iter().filter_map(|observed| match observed {
            Observed::Named { path, stat } => {
                let now = path.metadata().ok().map(|facts| FileStat::of(&facts));
                let unchanged = stat.zip(now).is_some_and(|(then, now)| same(then, &now));
                Some((path.clone(), unchanged))
            }
            Observed::Touched { path, .. } if path.is_dir() => Some((path.clone(), true)),
            _ => None,
        });
        for (path, unchanged) in known.chain(reported).collect::<Vec<_>>() {
            let subject = self.places.subject(&path);
            let known = |kind| self.dependencies.contains_key(&(kind, subject.clone()));
            let counted = known(DependencyKind::Code) || known(DependencyKind::Input);
            let covered = self.covers_all() && self.is_in_snapshot(&subject);
            let Ok(facts) = path.metadata() else { continue };
            if counted || covered || self.uses.wrote(&subject) || self.outputs.contains_key(&subject) {
                continue;
            }
            if facts.is_dir() {
                if !self.is_accounted_for(&subject) {
                    self.judge_input(&path)?;
                }
            } else if facts.is_file() && unchanged {
                let (digest, _) = hash_file(&path, self.index)?;
                self.depend(DependencyKind::Input, subject, Some(digest));
            } else if facts.is_file() {
                self.taint(format!("`{subject}` changed while it ran"));
            }
        }
        Ok(())
    }

    /// Data that parameters name counts as it was found; what lies outside the snapshot must
    /// still be so.
    fn judge_data(&mut self) -> Result<(), SnapshotError> {
        let case = self.case;
        for data in &case.job.data {
            let place = case.job.root.join(&data.subject);
            let is_there = place.symlink_metadata().is_ok() && !self.is_in_snapshot(&data.subject);
            if is_there && current_digest(&case.job.root, data, self.index)? != data.digest {
                self.taint(format!("`{}` changed while it ran", data.subject));
            }
            self.depend(data.kind, data.subject.clone(), data.digest);
        }
        Ok(())
    }

    /// Whether it is known what a script did with a named folder: what it read there was seen,
    /// or it only wrote there.
    fn is_accounted_for(&self, subject: &str) -> bool {
        let is_script = matches!(self.case.job.launch, Launch::Script { .. });
        let below = |other: &str| other.strip_prefix(subject).is_some_and(|rest| rest.starts_with('/'));
        let wrote = self.uses.written().any(below) || self.outputs.keys().map(String::as_str).any(below);
        let read = self.dependencies.keys().any(|(kind, other)| *kind == DependencyKind::Input && below(other));
        let listed = self.case.observed.iter().any(
            |observed| matches!(observed, Observed::List { path, .. } if self.places.subject(path).starts_with(subject)),
        );
        is_script && (wrote || ((read || listed) && self.uses.readers.is_empty() && self.uses.children.is_empty()))
    }

    fn is_in_snapshot(&self, subject: &str) -> bool {
        let below = format!("{subject}/");
        subject.is_empty()
            || self.snapshot.contains_key(subject)
            || self.snapshot.range(below.as_str()..).next().is_some_and(|(path, _)| path.starts_with(&below))
    }

    fn is_recent(&self, stat: &FileStat) -> bool {
        stat.ctime_ns.max(stat.mtime_ns) >= self.case.started_ns - CLOCK_SLACK_NS
    }
}

fn or_whole(subject: String) -> String {
    if subject.is_empty() { WHOLE.to_owned() } else { subject }
}

const fn same(then: Stat, now: &FileStat) -> bool {
    then.0 == now.size && then.1 == now.mtime_ns && then.2 == now.inode
}
