//! How a snapshot is put back, and what a hostile manifest cannot do.

use std::{collections::HashMap, fs, os::unix::fs::PermissionsExt as _};

use mendel_model::{Digest, EntryKind, Manifest, ManifestEntry};
use mendel_snapshot::{RestoreError, restore};
use proptest::prelude::*;

use crate::{Folder, bytes_of, fetch_from, paths};

fn file(path: &str) -> ManifestEntry {
    let kind = EntryKind::File { digest: Digest::of(b"evil"), size: 4, executable: false };
    ManifestEntry { path: path.to_owned(), kind }
}

fn link(path: &str, target: &str) -> ManifestEntry {
    ManifestEntry { path: path.to_owned(), kind: EntryKind::Link { target: target.to_owned() } }
}

fn evil() -> HashMap<Digest, Vec<u8>> {
    HashMap::from([(Digest::of(b"evil"), b"evil".to_vec())])
}

#[test]
fn ct_28_a_restored_folder_has_the_digest_of_its_snapshot() {
    let folder = Folder::holding(&[("main.py", "print(1)"), ("a/b/run.sh", "#!/bin/sh\n"), ("empty", "")]);
    fs::set_permissions(folder.at("a/b/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    folder.link("a/main", "../main.py");
    let taken = folder.take().unwrap();
    let bytes = bytes_of(&taken);
    folder.write("main.py", "print(2)");

    let into = Folder::new();
    restore(&taken.manifest, &into.at("work"), &mut fetch_from(bytes)).unwrap();

    let again =
        mendel_snapshot::snapshot(&into.at("work"), &Default::default(), &mut mendel_snapshot::StatIndex::in_memory());
    assert_eq!(again.unwrap().manifest.digest(), taken.manifest.digest());
    assert_eq!(fs::read_to_string(into.at("work/a/main")).unwrap(), "print(1)");
}

#[test]
fn a_hostile_manifest_writes_nothing_outside_and_nothing_at_all() {
    let hostile: [Vec<ManifestEntry>; 14] = [
        vec![file("../evil")],
        vec![file("/evil")],
        vec![file("a/../../evil")],
        vec![file("a//evil")],
        vec![file("./evil")],
        vec![file("")],
        vec![file("a\0b")],
        vec![file("a"), file("a")],
        vec![file("a"), file("a/b")],
        vec![link("a", ".."), file("a/evil")],
        vec![link("a", "/tmp")],
        vec![link("a", "..")],
        vec![file(".git/hooks/post-checkout")],
        vec![file("sub/.GIT/config")],
    ];
    for entries in hostile {
        let into = Folder::new();
        let manifest = Manifest { entries, git: None };
        let error = restore(&manifest, &into.at("x/work"), &mut fetch_from(evil())).unwrap_err();
        assert!(matches!(error, RestoreError::Hostile { .. }), "{:?}: {error}", paths(&manifest));
        assert!(!into.at("evil").exists() && !into.at("x/evil").exists());
        let left = into.at("x/work").read_dir().map_or(0, |entries| entries.count());
        assert_eq!(left, 0, "{:?}", paths(&manifest));
    }
}

#[test]
fn links_that_lead_outside_only_together_are_found() {
    let into = Folder::new();
    let entries = vec![link("a/b/up", "../.."), link("out", "a/b/up/../secret"), file("x")];
    let error = restore(&Manifest { entries, git: None }, &into.at("work"), &mut fetch_from(evil())).unwrap_err();
    assert!(matches!(&error, RestoreError::Hostile { path, .. } if path == "out"), "{error}");
    assert!(into.at("work/out").symlink_metadata().is_err());
}

#[test]
fn bytes_with_another_digest_are_refused() {
    let into = Folder::new();
    let manifest = Manifest { entries: vec![file("a")], git: None };
    let error = restore(&manifest, &into.path(), &mut |_| Ok(b"soft".to_vec())).unwrap_err();
    assert!(matches!(error, RestoreError::WrongBytes { .. }), "{error}");
    assert!(!into.at("a").exists());
    let error = restore(&manifest, &into.path(), &mut fetch_from(HashMap::new())).unwrap_err();
    assert!(matches!(error, RestoreError::Fetch { .. }), "{error}");
}

#[test]
fn a_folder_that_holds_something_is_not_written_into() {
    let into = Folder::holding(&[("mine", "")]);
    let manifest = Manifest { entries: vec![file("a")], git: None };
    let error = restore(&manifest, &into.path(), &mut fetch_from(evil())).unwrap_err();
    assert!(matches!(error, RestoreError::NotEmpty { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_manifest_says_nothing_appears_beside_the_folder(
        entries in prop::collection::vec(("[ab./]{1,8}", prop::option::of("[ab./]{1,8}")), 1..6),
    ) {
        let into = Folder::new();
        let entries = entries.into_iter().map(|(path, target)| match target {
            Some(target) => link(&path, &target),
            None => file(&path),
        });
        let manifest = Manifest { entries: entries.collect(), git: None };
        let restored = restore(&manifest, &into.at("work/deep"), &mut fetch_from(evil()));
        prop_assert!(into.path().read_dir().unwrap().all(|entry| entry.unwrap().file_name() == "work"));
        if into.at("work").exists() {
            prop_assert!(into.at("work").read_dir().unwrap().all(|entry| entry.unwrap().file_name() == "deep"));
        }
        if restored.is_ok() {
            let root = into.at("work/deep");
            for entry in &manifest.entries {
                if let Ok(place) = root.join(&entry.path).canonicalize() {
                    prop_assert!(place.starts_with(&root), "{} leads to {}", entry.path, place.display());
                }
            }
        }
    }
}
