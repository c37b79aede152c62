//! Environments from `requirements.txt`.

use std::fs;

use mendel_model::EnvironmentManager;

use super::{Bench, output, sample};

fn makes_exactly_what_is_required(bench: &Bench) {
    bench.require_sample("1.0");
    assert_eq!(bench.known(), None);

    let (made, heard) = bench.prepare(false).unwrap();
    assert!(made.built);
    assert!(!heard.is_empty());
    assert_eq!(made.lock.manager, EnvironmentManager::Venv);
    assert_eq!(made.lock.because, "requirements.txt");
    assert_eq!(made.lock.packages, sample("1.0"));
    let python = made.python.clone().unwrap();
    assert_eq!(output(&python, &["-c", "import mendel_sample as m; print(m.version)"]), "1.0");
    assert_eq!(output(&python, &["-c", "import platform; print(platform.python_version())"]), made.lock.python);

    let script = python.with_file_name("mendel-sample");
    assert_eq!(output(&script, &[]), "hello from 1.0", "console scripts must name the place where they are");
    let activated = |name: &str| made.variables.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!(activated("VIRTUAL_ENV"), *python.parent().unwrap().parent().unwrap());
    let path = std::env::split_paths(&activated("PATH")).next().unwrap();
    assert_eq!(path, python.parent().unwrap());

    let (again, heard) = bench.prepare(false).unwrap();
    assert!(!again.built && heard.is_empty());
    assert_eq!(again.lock, made.lock);
    assert_eq!(bench.known(), Some(sample("1.0")));
}

#[test]
fn ct_13_uv_makes_exactly_what_is_required_once() {
    if let Some(bench) = Bench::with_uv() {
        makes_exactly_what_is_required(&bench);
    }
}

#[test]
fn ct_13_pip_makes_exactly_what_is_required_once() {
    makes_exactly_what_is_required(&Bench::without_uv());
}

#[test]
fn uv_and_pip_lead_to_the_same_digest() {
    let Some(with) = Bench::with_uv() else { return };
    let without = Bench::without_uv();
    let locks = [&with, &without].map(|bench| {
        bench.require_sample("1.0");
        bench.prepare(false).unwrap().0.lock.digest()
    });
    assert_eq!(locks[0], locks[1]);
}

#[test]
fn an_edit_of_the_requirements_makes_another_environment_and_keeps_the_first() {
    let Some(bench) = Bench::with_uv() else { return };
    bench.require_sample("1.0");
    let (first, _) = bench.prepare(false).unwrap();
    bench.require_sample("2.0");
    let (second, _) = bench.prepare(false).unwrap();
    assert!(second.built && second.python != first.python);
    assert_eq!(second.lock.packages, sample("2.0"));
    assert!(first.python.unwrap().exists());
    bench.require_sample("1.0");
    assert!(!bench.prepare(false).unwrap().0.built);
}

#[test]
fn f67_a_package_that_cannot_be_had_is_told_in_the_words_of_the_installer() {
    for bench in [Bench::with_uv(), Some(Bench::without_uv())].into_iter().flatten() {
        bench.require_sample("1.0");
        bench.write("project/requirements.txt", "--no-index\n--find-links wheels\nmendel-sample==9.9\n");
        let error = bench.prepare(false).unwrap_err();
        assert_eq!((error.code(), error.class()), ("environment_failed", "environment"));
        assert!(error.to_string().contains("mendel-sample") && error.to_string().contains("9.9"), "{error}");
        assert!(!error.is_retryable() && error.hint().contains("requirements.txt"), "{}", error.hint());

        assert_eq!(bench.known(), None);
        let left: Vec<_> = bench.home().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"], "nothing half-made is kept");
    }
}

#[test]
fn a_uv_that_cannot_make_environments_leaves_it_to_pip() {
    let mut bench = Bench::without_uv();
    bench.program("tools/uv", "echo 'error: this Python is too old for me'; exit 2");
    let tools = bench.at("tools");
    let folders = std::iter::once(tools).chain(std::env::split_paths(&bench.machine.path));
    bench.machine.path = std::env::join_paths(folders.collect::<Vec<_>>()).unwrap();
    bench.require_sample("1.0");
    let (made, heard) = bench.prepare(false).unwrap();
    assert_eq!(made.lock.packages, sample("1.0"));
    assert!(heard.iter().any(|line| line.contains("too old for me") && line.contains("trying with pip")), "{heard:?}");
}

#[test]
fn a_package_installed_by_hand_shows_in_the_lock() {
    let Some(bench) = Bench::with_uv() else { return };
    bench.require_sample("1.0");
    let (made, _) = bench.prepare(false).unwrap();
    let site = output(made.python.as_ref().unwrap(), &["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
    fs::create_dir(format!("{site}/by_hand-3.0.dist-info")).unwrap();
    assert_eq!(bench.known().unwrap().len(), 2);
}
