//! What dependencies are now.

use std::fs;

use mendel_model::{Dependency, DependencyKind, Digest};
use mendel_snapshot::{StatIndex, current_digest, hash_file, listing_digest};

use crate::Folder;

fn now(folder: &Folder, kind: DependencyKind, subject: &str) -> Option<Digest> {
    let dependency = Dependency { kind, subject: subject.to_owned(), digest: None };
    current_digest(&folder.path(), &dependency, &mut StatIndex::in_memory()).unwrap()
}

#[test]
fn a_file_is_its_bytes_wherever_it_lies_and_none_where_it_is_absent() {
    let folder = Folder::holding(&[("a/data.csv", "1,2")]);
    let expected = Some(Digest::of(b"1,2"));
    assert_eq!(now(&folder, DependencyKind::Input, "a/data.csv"), expected);
    assert_eq!(now(&folder, DependencyKind::Code, folder.at("a/data.csv").to_str().unwrap()), expected);
    assert_eq!(now(&folder, DependencyKind::Input, "a/gone.csv"), None);
    assert_eq!(now(&folder, DependencyKind::Input, "a/data.csv/below"), None);
    assert_eq!(now(&folder, DependencyKind::Environment, "environment"), None);
}

#[test]
fn a_listing_is_its_names_and_not_what_is_in_them() {
    let folder = Folder::holding(&[("d/a", "1"), ("d/b", "2")]);
    let before = now(&folder, DependencyKind::Listing, "d");
    assert_eq!(before, listing_digest(&folder.at("d")).unwrap());

    folder.write("d/a", "other");
    folder.write("d/__pycache__/x.pyc", "");
    assert_eq!(now(&folder, DependencyKind::Listing, "d"), before);

    fs::rename(folder.at("d/a"), folder.at("d/c")).unwrap();
    assert_ne!(now(&folder, DependencyKind::Listing, "d"), before);
    assert_eq!(now(&folder, DependencyKind::Listing, "gone"), None);
}

#[test]
fn a_folder_depended_on_as_a_whole_is_its_tree() {
    let folder = Folder::holding(&[("d/a", "1"), ("d/deep/b", "2")]);
    let before = now(&folder, DependencyKind::Code, "d");
    assert!(before.is_some());
    folder.write("d/deep/b", "3");
    assert_ne!(now(&folder, DependencyKind::Code, "d"), before);
}

#[test]
fn the_digest_of_a_file_comes_from_the_index_while_its_stat_is_the_same() {
    let folder = Folder::holding(&[("a", "1")]);
    let mut index = StatIndex::in_memory();
    let (digest, stat) = hash_file(&folder.at("a"), &mut index).unwrap();
    assert_eq!(digest, Digest::of(b"1"));
    index.put(&folder.at("a"), stat, Digest::of(b"told"), i64::MAX);
    assert_eq!(hash_file(&folder.at("a"), &mut index).unwrap().0, Digest::of(b"told"));
    folder.write("a", "22");
    assert_eq!(hash_file(&folder.at("a"), &mut index).unwrap().0, Digest::of(b"22"));
}

#[test]
fn a_lookup_is_the_modules_that_are_there_under_the_names() {
    let folder = Folder::holding(&[("src/util.py", ""), ("src/other.py", ""), ("src/data/a.csv", "")]);
    let before = now(&folder, DependencyKind::Lookup, "src/{data,random,util}");

    folder.write("src/more.py", "");
    folder.write("src/random.txt", "");
    assert_eq!(now(&folder, DependencyKind::Lookup, "src/{data,random,util}"), before);

    for path in ["src/random.py", "src/util/__init__.py", "src/data/__init__.py"] {
        folder.write(path, "");
        assert_ne!(now(&folder, DependencyKind::Lookup, "src/{data,random,util}"), before, "{path}");
        fs::remove_file(folder.at(path)).unwrap();
    }
    assert_eq!(now(&folder, DependencyKind::Lookup, "src/{data,random,util}"), before);
}
