//! What a snapshot takes.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use mendel_model::{Digest, EntryKind};
use mendel_snapshot::{Limits, Options, Purpose, SnapshotError, StatIndex, snapshot, tree_diff};

use crate::{Folder, bytes_of, left_out, paths};

#[test]
fn ct_08_the_tree_and_its_digests_equal_the_folder() {
    let folder = Folder::holding(&[
        ("main.py", "print(1)\n"),
        ("lib/deep/a.py", "a = 1\n"),
        ("lib/deep.py", ""),
        (".hidden", "h"),
    ]);
    fs::set_permissions(folder.at("main.py"), fs::Permissions::from_mode(0o755)).unwrap();

    let taken = folder.take().unwrap();

    assert_eq!(paths(&taken.manifest), [".hidden", "lib/deep.py", "lib/deep/a.py", "main.py"]);
    for file in &taken.files {
        assert_eq!(Digest::of(&fs::read(folder.at(&file.path)).unwrap()), file.digest, "{}", file.path);
    }
    let main = &taken.manifest.entry("main.py").unwrap().kind;
    assert_eq!(*main, EntryKind::File { digest: Digest::of(b"print(1)\n"), size: 9, executable: true });
    assert_eq!(taken.manifest.git, None);
    assert_eq!(bytes_of(&taken).len(), 4);
}

#[test]
fn ct_29_an_edit_gives_another_digest_and_the_diff_names_the_file() {
    let folder = Folder::holding(&[("main.py", "print(1)"), ("same.py", "same"), ("old.py", "old")]);
    let before = folder.take().unwrap();

    folder.write("main.py", "print(2)");
    folder.write("new.py", "new");
    fs::remove_file(folder.at("old.py")).unwrap();
    let after = folder.take().unwrap();

    assert_ne!(before.manifest.digest(), after.manifest.digest());
    let diff = tree_diff(&before.manifest, &after.manifest);
    assert_eq!(
        (diff.added, diff.removed, diff.changed),
        (vec!["new.py".into()], vec!["old.py".into()], vec!["main.py".into()])
    );
    assert!(tree_diff(&after.manifest, &after.manifest).is_empty());
}

#[test]
fn an_index_changes_nothing_but_the_work() {
    let folder = Folder::holding(&[("a.py", "1"), ("b/c.py", "2")]);
    let place = Folder::new();
    let options = Options::default();
    // The files are older than the two seconds within which nothing is trusted.
    let old = fs::File::options().write(true).open(folder.at("a.py")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    let mut index = StatIndex::for_root(&place.path(), &folder.path());
    let first = snapshot(&folder.path(), &options, &mut index).unwrap();
    index.save().unwrap();
    let mut index = StatIndex::for_root(&place.path(), &folder.path());
    let second = snapshot(&folder.path(), &options, &mut index).unwrap();
    assert_eq!(first, second);

    folder.write("a.py", "3");
    let third = snapshot(&folder.path(), &options, &mut index).unwrap();
    assert_eq!(third.manifest, folder.take().unwrap().manifest);
    assert_ne!(third.manifest.digest(), first.manifest.digest());
}

#[test]
fn a_remembered_digest_is_used_while_the_file_stands_still() {
    let folder = Folder::holding(&[("a.py", "1")]);
    let mut index = StatIndex::in_memory();
    let taken = folder.take().unwrap();
    let told = Digest::of(b"told");
    index.put(&folder.at("a.py"), taken.files[0].stat, told, i64::MAX);
    let again = snapshot(&folder.path(), &Options::default(), &mut index).unwrap();
    assert_eq!(again.files[0].digest, told, "the file was read although the index knows it");

    folder.write("a.py", "2");
    let edited = snapshot(&folder.path(), &Options::default(), &mut index).unwrap();
    assert_eq!(edited.files[0].digest, Digest::of(b"2"));
}

#[test]
fn links_inside_are_kept_and_absolute_ones_are_made_relative() {
    let folder = Folder::holding(&[("a/b/c.txt", "c"), ("d.txt", "d")]);
    folder.link("a/up", "../d.txt");
    folder.link("a/b/absolute", folder.at("d.txt"));
    folder.link("dangling", "nothing/here");
    folder.link("whole", "a/b");

    let taken = folder.take().unwrap();

    let target = |path: &str| match &taken.manifest.entry(path).unwrap().kind {
        EntryKind::Link { target } => target.clone(),
        EntryKind::File { .. } => panic!("`{path}` is a file"),
    };
    assert_eq!(target("a/up"), "../d.txt");
    assert_eq!(target("a/b/absolute"), "../../d.txt");
    assert_eq!(target("dangling"), "nothing/here");
    assert_eq!(target("whole"), "a/b");
    assert_eq!(taken.files.len(), 2, "what lies behind a link is not taken twice");
}

#[test]
fn a_link_that_leads_outside_is_refused_by_name() {
    for target in ["/etc/hostname", "../elsewhere", "a/up/../secret"] {
        let folder = Folder::holding(&[("a/x", "")]);
        folder.link("a/up", "..");
        folder.link("bad", target);
        let error = folder.take().unwrap_err();
        assert!(error.to_string().starts_with("the link `bad` points outside the folder"), "{error}");
        assert!(error.hint().contains("`/bad`"), "{}", error.hint());
        fs::write(folder.at(".mendelignore"), "/bad\n").unwrap();
        folder.take().unwrap();
    }
}

#[test]
fn a_name_that_is_no_text_is_refused_by_name() {
    let folder = Folder::holding(&[("a.py", "")]);
    fs::write(folder.path().join(OsStr::from_bytes(b"caf\xe9.txt")), "").unwrap();
    let error = folder.take().unwrap_err().to_string();
    assert!(error.contains(r"caf\xE9.txt"), "{error}");
    assert_eq!(paths(&folder.take_for_script("a.py").manifest), ["a.py"]);
}

#[test]
fn an_unreadable_file_is_refused_by_name() {
    let folder = Folder::holding(&[("main.py", ""), ("secret.txt", "s")]);
    fs::set_permissions(folder.at("secret.txt"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(folder.at("secret.txt")).is_ok() {
        eprintln!("not checked: this user may read every file");
        return;
    }
    let error = folder.take().unwrap_err().to_string();
    assert!(error.contains("secret.txt"), "{error}");
    assert_eq!(left_out(&folder.take_for_script("main.py")), ["secret.txt"]);
}

#[test]
fn a_pipe_or_socket_is_left_out_and_not_waited_for() {
    let folder = Folder::holding(&[("main.py", "")]);
    nix::unistd::mkfifo(&folder.at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.at("socket")).unwrap();
    let taken = folder.take().unwrap();
    assert_eq!(paths(&taken.manifest), ["main.py"]);
    assert_eq!(left_out(&taken), ["pipe", "socket"]);
}

#[test]
fn a_missing_folder_is_an_error_and_an_empty_one_is_not() {
    let folder = Folder::new();
    assert!(folder.take().unwrap().manifest.entries.is_empty());
    let error = snapshot(&folder.at("gone"), &Options::default(), &mut StatIndex::in_memory()).unwrap_err();
    assert!(matches!(error, SnapshotError::Read { .. }), "{error}");
}

#[test]
fn f68_a_file_that_changed_later_is_not_stored_under_its_old_digest() {
    let folder = Folder::holding(&[("main.py", "print(1)")]);
    let taken = folder.take().unwrap();
    folder.write("main.py", "print(2)");
    let error = taken.read(&[&taken.files[0]]).unwrap_err();
    assert!(matches!(&error, SnapshotError::Changed { path } if *path == folder.at("main.py")), "{error}");
    fs::remove_file(folder.at("main.py")).unwrap();
    assert!(taken.read(&[&taken.files[0]]).unwrap_err().to_string().contains("main.py"));
}

#[test]
fn files_written_during_the_walk_are_taken_whole_or_refused_by_name() {
    let folder = Folder::holding(&[("main.py", "print(1)")]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                folder.write("grows.txt", &"x".repeat(round as usize % 5_000));
                // Made and removed again, as editors do.
                folder.write("flickers.txt", "whole");
                fs::remove_file(folder.at("flickers.txt")).unwrap();
            }
        });
        for _ in 0..30 {
            match folder.take() {
                Ok(taken) => {
                    for file in taken.files.iter().filter(|file| file.path == "grows.txt") {
                        let whole = blake3::hash("x".repeat(file.stat.size as usize).as_bytes());
                        assert_eq!(file.digest, Digest::from_bytes(*whole.as_bytes()), "{}", file.stat.size);
                    }
                }
                Err(SnapshotError::Changed { path }) => {
                    assert!(path.ends_with("grows.txt") || path.ends_with("flickers.txt"))
                }
                Err(other) => panic!("{other}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn l11_too_much_is_refused_with_the_largest_and_a_way_out() {
    let folder = Folder::holding(&[("main.py", "x")]);
    for number in 0..12 {
        folder.write(&format!("data/{number:02}.bin"), &"x".repeat(100 + number));
    }
    let take = |limits| {
        let options = Options { limits, ..Options::default() };
        snapshot(&folder.path(), &options, &mut StatIndex::in_memory())
    };
    let most = Limits::default();

    let error = take(Limits { file_bytes: 110, ..most }).unwrap_err();
    let SnapshotError::TooLarge(excess) = &error else { panic!("{error}") };
    assert_eq!(excess.largest.len(), 10);
    assert!(error.to_string().contains("data/11.bin (111 B)"), "{error}");
    assert!(error.hint().contains(".mendelignore") && error.hint().contains("/data/11.bin"), "{}", error.hint());

    let error = take(Limits { files: 12, ..most }).unwrap_err();
    assert!(error.to_string().contains("13 files where 12 are allowed; largest: data/ (12 files)"), "{error}");
    assert!(error.hint().contains("`/data/`"), "{}", error.hint());

    let error = take(Limits { bytes: 1_000, ..most }).unwrap_err();
    assert!(error.to_string().contains("1.2 KiB where 1000 B are allowed"), "{error}");

    folder.write(".mendelignore", "/data/\n");
    assert_eq!(paths(&take(Limits { files: 2, ..most }).unwrap().manifest), [".mendelignore", "main.py"]);
}

#[test]
fn l11_a_folder_beyond_all_bounds_is_given_up_early() {
    let folder = Folder::new();
    for number in 0..60 {
        folder.write(&format!("d{}/{number}", number % 6), "");
    }
    let options = Options { limits: Limits { files: 2, ..Limits::default() }, ..Options::default() };
    let error = snapshot(&folder.path(), &options, &mut StatIndex::in_memory()).unwrap_err().to_string();
    assert!(error.contains("more than"), "{error}");

    folder.write("d1/main.py", "");
    folder.write("top.txt", "");
    let options = Options { purpose: Purpose::Script("d1/main.py".into()), ..options };
    let taken = snapshot(&folder.path(), &options, &mut StatIndex::in_memory()).unwrap();
    assert!(paths(&taken.manifest).contains(&"d1/main.py"));
    assert!(taken.files.len() <= 2, "{:?}", paths(&taken.manifest));
}

#[test]
fn a_large_snapshot_is_warned_about() {
    let folder = Folder::holding(&[("main.py", "12345")]);
    let options = Options { limits: Limits { warn_bytes: 4, ..Limits::default() }, ..Options::default() };
    let taken = snapshot(&folder.path(), &options, &mut StatIndex::in_memory()).unwrap();
    assert_eq!(taken.warnings, ["the snapshot holds 5 B in 1 file; largest: main.py (5 B)"]);
}
