//! The interpreter that is there, and none at all.

use mendel_model::EnvironmentManager;

use super::{Bench, EnvironmentChoice, Request, output, prepare};
use crate::environment::{ensure_available, known_lock};

#[test]
fn the_present_python_is_locked_without_being_changed() {
    let bench = Bench::new();
    let (made, heard) = bench.prepare(false).unwrap();
    assert_eq!(made.lock.manager, EnvironmentManager::System);
    assert!(!made.built && heard.is_empty() && made.variables.is_empty());
    let python = made.python.unwrap();
    assert_eq!(output(&python, &["-c", "import platform; print(platform.python_version())"]), made.lock.python);
    assert_eq!(bench.known(), Some(made.lock.packages));
}

#[test]
fn mendel_python_comes_before_the_path_and_must_exist() {
    let mut bench = Bench::new();
    bench.machine.python = Some("/nowhere/python".into());
    let error = bench.prepare(false).unwrap_err();
    assert_eq!(error.code(), "python_missing");
    assert!(error.to_string().contains("/nowhere/python"), "{error}");

    bench.machine.python = Some("python3".into());
    bench.prepare(false).unwrap();
}

#[test]
fn a_machine_without_python_says_where_it_was_looked_for() {
    let mut bench = Bench::new();
    bench.machine.path = bench.at("empty").into();
    bench.machine.python = None;
    let detected = bench.detected(&EnvironmentChoice::Auto);
    let error = ensure_available(&detected, &bench.machine).unwrap_err();
    assert_eq!(error.code(), "python_missing");
    assert!(error.hint().contains("MENDEL_PYTHON"));
}

#[test]
fn no_environment_needs_no_python() {
    let mut bench = Bench::new();
    bench.machine.path = bench.at("empty").into();
    let (folder, place) = (bench.project(), bench.place());
    let detected = bench.detected(&EnvironmentChoice::None);
    let request = Request { folder: &folder, detected: &detected, place: &place, machine: &bench.machine };
    let lock = known_lock(&request).unwrap().unwrap();
    assert_eq!((lock.manager, lock.packages.len()), (EnvironmentManager::None, 0));
    assert_eq!(prepare(&request, false, &mut |_| {}).unwrap().python, None);
}
