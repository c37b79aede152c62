//! Judges the names that a run saw: folders it listed, modules it looked for.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use mendel_model::{DependencyKind, Digest};
use mendel_snapshot::{FileStat, SnapshotError, found_modules, listed_names, lookup_subject, names_text};

use super::{Bench, or_whole, output};
use crate::worker::{Observed, Stat};

impl Bench<'_> {
    pub(super) fn judge_listings(&mut self) -> Result<(), SnapshotError> {
        if self.is_narrowed() {
            return Ok(());
        }
        for observed in self.case.observed {
            if let Observed::List { path, stat } = observed {
                self.listed(path, *stat)?;
            }
        }
        Ok(())
    }

    fn listed(&mut self, path: &Path, stat: Option<Stat>) -> Result<(), SnapshotError> {
        let subject = self.places.subject(path);
        if self.is_own(&subject) {
            return Ok(());
        }
        let Ok(facts) = path.metadata() else {
            match stat {
                None => self.depend(DependencyKind::Listing, or_whole(subject), None),
                Some(_) => self.taint(format!("folder `{subject}` changed while it ran")),
            }
            return Ok(());
        };
        let now = FileStat::of(&facts);
        let same = stat.is_some_and(|Stat(_, written, inode)| written == now.mtime_ns && inode == now.inode);
        let explained = same || (self.changed_itself(&subject, path) && !self.was_changed_by_others(&subject, path));
        if !explained {
            self.taint(format!("folder `{}` changed while it ran", or_whole(subject)));
            return Ok(());
        }
        // What a private folder lacks or has beside the project's own does not count, as
        // long as the run made it.
        let place = match self.is_private() {
            true => self.same_in_project(&subject, path),
            false => path.to_owned(),
        };
        let digest = listed_names(&place)?.map(|names| self.names(&names));
        self.depend(DependencyKind::Listing, or_whole(subject), digest);
        Ok(())
    }

    /// What was asked for by its mere existence. What the run made itself, or wrote into, is
    /// its own.
    pub(super) fn judge_existence(&mut self) {
        if self.is_narrowed() {
            return;
        }
        for observed in self.case.observed {
            let Observed::Exists { path, found } = observed else { continue };
            let subject = self.places.subject(path);
            let known = |kind| self.dependencies.contains_key(&(kind, subject.clone()));
            let counted = known(DependencyKind::Code) || known(DependencyKind::Input);
            if !(counted || self.is_own(&subject) || self.wrote_below(&subject)) {
                let digest = found.as_ref().map(|text| Digest::of(text.as_bytes()));
                self.depend(DependencyKind::Existence, or_whole(subject), digest);
            }
        }
    }

    /// Whether the run wrote `subject`, or something below it.
    fn wrote_below(&self, subject: &str) -> bool {
        let inside = |other: &str| match subject {
            "" => true,
            folder => other == folder || other.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
        };
        self.uses.written().chain(self.outputs.keys().map(String::as_str)).any(inside)
    }

    /// Whether the run's own doing explains that the names in a folder changed.
    fn changed_itself(&self, subject: &str, path: &Path) -> bool {
        // Python makes this folder when a module is imported for the first time.
        let cache = path.join("__pycache__").metadata();
        self.wrote_below(subject) || cache.is_ok_and(|facts| self.is_recent(&FileStat::of(&facts)))
    }

    /// Whether a name came or went that the run did not write.
    fn was_changed_by_others(&self, subject: &str, path: &Path) -> bool {
        if self.is_private() {
            return false;
        }
        let prefix = if subject.is_empty() { String::new() } else { format!("{subject}/") };
        let names = output::names(path);
        let is_ours = |name: &str| {
            let (place, below) = (format!("{prefix}{name}"), format!("{prefix}{name}/"));
            let ours = |other: &str| other == place || other.starts_with(&below);
            self.uses.written().any(ours) || self.outputs.keys().map(String::as_str).any(ours)
        };
        let came = names.iter().any(|name| {
            let facts = path.join(name).symlink_metadata();
            facts.is_ok_and(|facts| self.is_recent(&FileStat::of(&facts))) && !is_ours(name)
        });
        let below = self.snapshot.range(prefix.as_str()..).map(|(path, _)| *path);
        let recorded = below
            .take_while(|path| path.starts_with(&prefix))
            .filter_map(|path| path[prefix.len()..].split('/').next());
        let gone = recorded.filter(|name| names.binary_search_by(|known| known.as_str().cmp(name)).is_err());
        came || gone.into_iter().any(|name| !is_ours(name))
    }

    /// The project's own folder, if it holds the same names as the private one without what
    /// the run wrote; else the private one.
    fn same_in_project(&self, subject: &str, path: &Path) -> PathBuf {
        let own = self.case.job.root.join(subject);
        let prefix = if subject.is_empty() { String::new() } else { format!("{subject}/") };
        let made: HashSet<_> = self
            .outputs
            .keys()
            .filter_map(|output| output.strip_prefix(&prefix))
            .filter_map(|rest| rest.split('/').next())
            .collect();
        let mut seen = output::names(path);
        seen.retain(|name| !made.contains(name.as_str()));
        let mut there = output::names(&own);
        there.retain(|name| !made.contains(name.as_str()));
        if seen == there { own } else { path.to_owned() }
    }

    /// Where modules were looked for, others must not have come to stand in between.
    pub(super) fn judge_lookups(&mut self) -> Result<(), SnapshotError> {
        let mut looked: BTreeMap<String, (PathBuf, BTreeSet<String>)> = BTreeMap::new();
        for observed in self.case.observed {
            let Observed::Looked { path, names } = observed else { continue };
            let known = looked.entry(self.places.subject(path)).or_insert_with(|| (path.clone(), BTreeSet::new()));
            known.1.extend(names.iter().cloned());
        }
        for (folder, (path, names)) in looked {
            let found = found_modules(&path, &names.iter().map(String::as_str).collect())?;
            for name in &found {
                let place = path.join(name);
                let recent = place.symlink_metadata().is_ok_and(|facts| self.is_recent(&FileStat::of(&facts)));
                let subject = self.places.subject(&place);
                // One that was imported is judged by its bytes.
                let imported = self.uses.first_read(&subject).is_some();
                if recent && !imported && !self.is_private() && !self.uses.wrote(&subject) {
                    self.taint(format!("module `{subject}` changed while it ran"));
                }
            }
            let digest = self.names(&found);
            self.depend(DependencyKind::Lookup, lookup_subject(&folder, &names), Some(digest));
        }
        Ok(())
    }

    /// The digest of a list of names, whose text is kept to tell later which of them changed.
    fn names(&mut self, names: &[String]) -> Digest {
        let text = names_text(names);
        let digest = Digest::of(text.as_bytes());
        self.texts.insert(text);
        digest
    }

    /// Variables that the code asked for, as this process handed them to it.
    pub(super) fn judge_variables(&mut self) {
        for observed in self.case.observed {
            let Observed::Variable { name } = observed else { continue };
            if !self.case.job.environment.variables.contains_key(name) && !OWN_VARIABLES.contains(&name.as_str()) {
                let digest = std::env::var_os(name).map(|value| Digest::of(value.as_encoded_bytes()));
                self.depend(DependencyKind::Variable, name.clone(), digest);
            }
        }
    }
}

/// Variables that are set for every run.
const OWN_VARIABLES: [&str; 3] = ["PWD", "PYTHONPATH", "PYTHONUNBUFFERED"];
