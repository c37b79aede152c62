//! The project before any edit, and its fingerprints with an edit made.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use mendel_spec::code::{CodeBase, Entry, Fingerprint, Given, ModuleFacts, ModuleSource};

/// The classes that are asked for.
pub(crate) const STAGES: [&str; 18] = [
    "alone.Alone",
    "lab.stages.fifth.Circles",
    "lab.stages.first.Combine",
    "lab.stages.first.Measure",
    "lab.stages.first.Segment",
    "lab.stages.first.Trace",
    "lab.stages.fourth.Plug",
    "lab.stages.second.Adorned",
    "lab.stages.second.Decode",
    "lab.stages.second.Fixed",
    "lab.stages.second.Legacy",
    "lab.stages.second.Lookup",
    "lab.stages.second.Pick",
    "lab.stages.second.Records",
    "lab.stages.second.Stateful",
    "lab.stages.seventh.Tree",
    "lab.stages.sixth.Patched",
    "lab.stages.third.Outline",
];

/// The stage that a short name in a marker means.
pub(crate) fn stage(short: &str) -> &'static str {
    let found = STAGES.into_iter().find(|stage| stage.rsplit('.').next() == Some(short));
    found.unwrap_or_else(|| panic!("no stage `{short}`"))
}

/// Contents of files by path; an edit holds those it changes, none for a file it removes.
pub(crate) type Files = BTreeMap<String, Option<String>>;

/// A place that an edit may change.
pub(crate) struct Marker {
    pub file: String,
    /// Which one of its file.
    pub index: usize,
    pub old: String,
    /// What it becomes, where it is said.
    pub new: Option<String>,
    pub stages: Vec<&'static str>,
    pub kind: String,
}

/// The project as it is before any edit.
pub(crate) struct Project {
    pub files: BTreeMap<String, String>,
    pub markers: Vec<Marker>,
    templates: BTreeMap<String, String>,
    facts: Rc<RefCell<HashMap<String, Arc<ModuleFacts>>>>,
    pub folder: tempfile::TempDir,
}

impl Project {
    /// Reads the templates and writes the project to a folder of its own.
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted_edits/project");
        let mut templates = BTreeMap::new();
        collect(&root, &root, &mut templates);
        let mut project = Self {
            files: BTreeMap::new(),
            markers: Vec::new(),
            templates,
            facts: Rc::default(),
            folder: tempfile::tempdir().expect("a folder"),
        };
        for (path, template) in &project.templates {
            let mut markers = Vec::new();
            let text = render(template, |marker, index| {
                markers.push(read_marker(path, marker, index));
                old_of(marker).to_owned()
            });
            project.markers.extend(markers);
            let target = project.folder.path().join(path);
            std::fs::create_dir_all(target.parent().expect("a parent")).expect("a folder is made");
            std::fs::write(target, &text).expect("a file is written");
            project.files.insert(path.clone(), text);
        }
        project
    }

    /// The file of a marker with `new` at its place.
    pub(crate) fn changed(&self, marker: &Marker, new: &str) -> String {
        render(&self.templates[&marker.file], |text, index| {
            if index == marker.index { new.to_owned() } else { old_of(text).to_owned() }
        })
    }

    /// The fingerprints of all stages with `edit` made; facts of unchanged files are kept.
    pub(crate) fn fingerprints(&self, edit: &Files) -> BTreeMap<&'static str, Fingerprint> {
        let mut files = self.files.clone();
        for (path, text) in edit {
            match text {
                Some(text) => files.insert(path.clone(), text.clone()),
                None => files.remove(path),
            };
        }
        let source = Memory { files, facts: self.facts.clone() };
        let mut code = CodeBase::new(vec![PathBuf::from("/project")], source);
        let of = |stage| (stage, code.fingerprint(stage).unwrap_or_else(|problem| panic!("{stage}: {problem:?}")));
        STAGES.into_iter().map(of).collect()
    }
}

/// A tree in memory, with facts kept by content.
struct Memory {
    files: BTreeMap<String, String>,
    facts: Rc<RefCell<HashMap<String, Arc<ModuleFacts>>>>,
}

impl Memory {
    fn below(path: &Path) -> String {
        path.strip_prefix("/project").expect("a path of the project").display().to_string()
    }
}

impl ModuleSource for Memory {
    fn open(&mut self, path: &Path) -> io::Result<Option<Given>> {
        let Some(text) = self.files.get(&Self::below(path)) else { return Ok(None) };
        Ok(Some(match self.facts.borrow().get(text) {
            Some(facts) => Given::Facts(facts.clone()),
            None => Given::Bytes(text.clone().into_bytes()),
        }))
    }

    fn keep(&mut self, path: &Path, facts: &Arc<ModuleFacts>) {
        let text = self.files[&Self::below(path)].clone();
        self.facts.borrow_mut().insert(text, facts.clone());
    }

    fn entries(&mut self, folder: &Path) -> io::Result<Vec<Entry>> {
        let below = Self::below(folder);
        let prefix = if below.is_empty() { String::new() } else { below + "/" };
        let mut entries = Vec::new();
        for path in self.files.keys() {
            let Some(rest) = path.strip_prefix(&prefix) else { continue };
            let (name, is_folder) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            let entry = Entry { name: name.to_owned(), is_folder };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

fn collect(root: &Path, folder: &Path, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, into);
            continue;
        }
        let below = path.strip_prefix(root).expect("below").display().to_string();
        let name = below.strip_suffix(".in").unwrap_or(&below).to_owned();
        into.insert(name, std::fs::read_to_string(&path).expect("a text"));
    }
}

/// The text of a template with each marker replaced.
fn render(template: &str, mut replace: impl FnMut(&str, usize) -> String) -> String {
    let mut text = String::new();
    let mut rest = template;
    let mut index = 0;
    while let Some((before, after)) = rest.split_once("<<") {
        let (marker, after) = after.split_once(">>").expect("a marker ends");
        text.push_str(before);
        text.push_str(&replace(marker, index));
        index += 1;
        rest = after;
    }
    text + rest
}

fn old_of(marker: &str) -> &str {
    let value = marker.split('|').next().expect("a value");
    value.split("=>").next().expect("a value")
}

fn read_marker(file: &str, marker: &str, index: usize) -> Marker {
    let [value, stages, kind] = marker.split('|').collect::<Vec<_>>()[..] else { panic!("marker `{marker}`") };
    Marker {
        file: file.to_owned(),
        index,
        old: old_of(marker).to_owned(),
        new: value.split_once("=>").map(|(_, new)| new.to_owned()),
        stages: stages.split_whitespace().map(stage).collect(),
        kind: kind.to_owned(),
    }
}
