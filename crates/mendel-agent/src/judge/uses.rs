//! In which order a run used its files: what it read first was there before, what it wrote
//! first is its own.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use mendel_snapshot::FileStat;

use super::{place::Places, same};
use crate::worker::{Observed, Stat};

/// What the processes of a run did with files, in their order.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Subjects that the run wrote, moved or removed itself.
    written: HashSet<String>,
    /// Subjects that were there when the run read them, before it wrote them.
    read_first: HashMap<String, Stat>,
    /// Copies of files from before they were written over.
    asides: HashMap<String, PathBuf>,
    /// Whether anything was handed to what cannot be observed.
    touched: bool,
    /// Programs that do not report what they read.
    pub(super) children: Vec<String>,
    /// Libraries that read without being seen.
    pub(super) readers: Vec<String>,
    /// Libraries that write without being seen.
    pub(super) writers: Vec<String>,
}

impl Uses {
    /// What `observed` says.
    pub(super) fn new(observed: &[Observed], places: &Places) -> Self {
        let mut uses = Self::default();
        for one in observed {
            uses.add(one, places);
        }
        // Written by what was not seen: it is another file by now.
        for one in observed {
            if let Observed::Touched { path, stat: Some(then) } = one
                && !path.is_dir()
                && !path.metadata().is_ok_and(|facts| same(*then, &FileStat::of(&facts)))
            {
                uses.written.insert(places.subject(path));
            }
        }
        uses
    }

    fn add(&mut self, observed: &Observed, places: &Places) {
        match observed {
            Observed::Read { path, stat } | Observed::Module { path, stat } => self.read(path, *stat, places),
            Observed::Touched { path, stat } => {
                self.touched = true;
                self.read(path, *stat, places);
            }
            Observed::Named { .. } => self.touched = true,
            Observed::Write { path } => {
                self.written.insert(places.subject(path));
            }
            Observed::Aside { path, place } => {
                self.asides.entry(places.subject(path)).or_insert_with(|| place.clone());
            }
            Observed::Child { program } => self.children.push(program.clone()),
            Observed::Libraries { readers, writers } => {
                self.readers.extend(readers.iter().cloned());
                self.writers.extend(writers.iter().cloned());
            }
            _ => {}
        }
    }

    fn read(&mut self, path: &Path, stat: Option<Stat>, places: &Places) {
        let subject = places.subject(path);
        if let (Some(stat), false) = (stat, self.written.contains(&subject)) {
            self.read_first.entry(subject).or_insert(stat);
        }
    }

    /// Whether the run wrote, moved or removed it.
    pub(super) fn wrote(&self, subject: &str) -> bool {
        self.written.contains(subject)
    }

    /// All that it wrote, moved or removed.
    pub(super) fn written(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(String::as_str)
    }

    /// What it was when the run read it, if that was before it wrote it.
    pub(super) fn first_read(&self, subject: &str) -> Option<&Stat> {
        self.read_first.get(subject)
    }

    /// The copy from before it was written over.
    pub(super) fn aside(&self, subject: &str) -> Option<&Path> {
        self.asides.get(subject).map(PathBuf::as_path)
    }

    /// Why every file must be taken as read, if so.
    pub(super) fn everything(&self) -> Option<String> {
        if let Some(program) = self.children.first() {
            return Some(format!("what `{program}` reads, which it starts, is not observed"));
        }
        match self.readers.first() {
            Some(library) if !self.touched => Some(format!("what `{library}` reads is not observed")),
            _ => None,
        }
    }
}
