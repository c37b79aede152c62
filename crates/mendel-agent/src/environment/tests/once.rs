//! One environment for many runs: made once, used only when complete, made anew on demand.

use std::{
    fs,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use mendel_model::Digest;

use super::{Bench, EnvironmentError, Place, sample};
use crate::environment::place::Made;

fn made() -> Made {
    Made { python: None, version: String::new(), site: Vec::new(), tools: Vec::new() }
}

#[test]
fn f60_eight_runs_that_need_the_same_environment_make_it_once() {
    let Some(bench) = Bench::with_uv() else { return };
    bench.require_sample("1.0");
    let barrier = Barrier::new(8);
    let prepared: Vec<_> = thread::scope(|scope| {
        let start = || {
            barrier.wait();
            bench.prepare(false).unwrap().0
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(prepared.iter().filter(|one| one.built).count(), 1);
    assert!(prepared.iter().all(|one| one.lock.packages == sample("1.0") && one.python == prepared[0].python));
}

#[test]
fn f60_those_who_wait_use_what_was_made_and_say_that_they_wait() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { environments: folder.path().to_owned(), cache: folder.path().join("cache") };
    let key = Digest::of(b"key");
    let (starts, begun) = (AtomicUsize::new(0), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            let make = &mut |folder: &std::path::Path, _: &mut dyn FnMut(&str)| {
                starts.fetch_add(1, Ordering::Relaxed);
                fs::create_dir(folder).unwrap();
                begun.wait();
                // The other one says that it waits; only then does this one finish.
                begun.wait();
                Ok(made())
            };
            place.make_once(&key, false, &mut |_| {}, make).unwrap();
        });
        begun.wait();
        let say = &mut |line: &str| {
            assert!(line.starts_with("waiting for another run"), "{line}");
            begun.wait();
        };
        let (_, built) = place.make_once(&key, false, say, &mut |_, _| unreachable!("made twice")).unwrap();
        assert!(!built);
    });
    assert_eq!(starts.into_inner(), 1);
}

#[test]
fn f67_what_was_never_finished_is_not_used_and_is_removed() {
    let Some(bench) = Bench::with_uv() else { return };
    bench.require_sample("1.0");
    bench.prepare(false).unwrap();
    // As if the builder had been killed just before the end.
    fs::remove_file(bench.home().join("ready.json")).unwrap();
    fs::write(bench.home().join("1/half"), "").unwrap();
    assert_eq!(bench.known(), None);

    assert!(bench.prepare(false).unwrap().0.built);
    assert_eq!(bench.known(), Some(sample("1.0")));
    assert!(!bench.home().join("1/half").exists());
}

#[test]
fn f67_a_mark_never_stands_for_a_later_try() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { environments: folder.path().to_owned(), cache: folder.path().join("cache") };
    let key = Digest::of(b"key");
    let with_python = Made { python: Some("python".into()), ..made() };
    let (complete, _) = place
        .make_once(&key, false, &mut |_| {}, &mut |folder, _| {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("python"), "").unwrap();
            Ok(with_python.clone())
        })
        .unwrap();
    fs::remove_file(complete.folder.join("python")).unwrap();
    assert!(place.complete(&key).is_none(), "its interpreter is gone");

    let failed = place.make_once(&key, false, &mut |_| {}, &mut |folder, _| {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("python"), "").unwrap();
        assert!(place.complete(&key).is_none(), "half-made, yet found");
        Err(EnvironmentError::PythonMissing { searched: "test".to_owned() })
    });
    assert!(failed.is_err() && place.complete(&key).is_none());
}

#[test]
fn a_rebuild_makes_it_anew_beside_the_one_in_use() {
    let Some(bench) = Bench::with_uv() else { return };
    bench.require_sample("1.0");
    let (first, _) = bench.prepare(false).unwrap();
    let (second, _) = bench.prepare(true).unwrap();
    assert!(second.built && first.python != second.python);
    assert!(first.python.clone().unwrap().exists(), "a running process may still use it");
    assert_eq!(bench.prepare(false).unwrap().0.python, second.python);

    bench.prepare(true).unwrap();
    assert!(!first.python.unwrap().exists(), "it is long replaced");
    assert!(second.python.unwrap().exists());
}

#[test]
fn f67_a_rebuild_that_fails_leaves_the_old_one_in_use() {
    let Some(bench) = Bench::with_uv() else { return };
    bench.require_sample("1.0");
    let (first, _) = bench.prepare(false).unwrap();
    fs::remove_dir_all(bench.at("project/wheels")).unwrap();
    fs::create_dir(bench.at("project/wheels")).unwrap();
    assert!(bench.prepare(true).is_err());
    assert_eq!(bench.prepare(false).unwrap().0.python, first.python);
}
