//! Conda environments, by a stand-in that notes what it is asked for.

use std::fs;

use mendel_model::EnvironmentManager;

use super::{Bench, EnvironmentChoice};
use crate::environment::ensure_available;

/// Notes its words and makes a prefix such as conda makes.
const STAND_IN: &str = r#"
here=$(dirname "$0"); echo "$@" >> "$here/words"; echo "solving"
while [ $# -gt 0 ]; do case "$1" in --prefix) prefix=$2;; esac; shift; done
mkdir -p "$prefix/bin" "$prefix/conda-meta" "$prefix/lib/python3.11/site-packages/by_pip-2.0.dist-info"
printf '#!/bin/sh\n' > "$prefix/bin/python"; chmod +x "$prefix/bin/python"
touch "$prefix/conda-meta/python-3.11.7-h955ad1f_0.json" "$prefix/conda-meta/zlib-1.3-0.json" "$prefix/conda-meta/history"
"#;

fn bench(tools: &[&str]) -> Bench {
    let mut bench = Bench::new();
    for tool in tools {
        bench.program(&format!("tools/{tool}"), STAND_IN);
    }
    bench.machine.path = std::env::join_paths([bench.at("tools"), "/usr/bin".into(), "/bin".into()]).unwrap();
    bench.machine.conda = Vec::new();
    bench.write("project/environment.yml", "dependencies:\n  - python=3.11\n  - pip: [-r requirements.txt]\n");
    bench.write("project/requirements.txt", "by-pip\n");
    bench
}

fn words(bench: &Bench) -> String {
    fs::read_to_string(bench.at("tools/words")).unwrap()
}

#[test]
fn ct_14_a_conda_file_leads_to_a_conda_environment() {
    let bench = bench(&["conda"]);
    let (made, heard) = bench.prepare(false).unwrap();
    assert_eq!(made.lock.manager, EnvironmentManager::Conda);
    assert_eq!((made.built, made.lock.python.as_str(), heard), (true, "3.11.7", vec!["solving".to_owned()]));
    let packages: Vec<_> = made.lock.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(packages, ["by-pip", "python", "zlib"]);
    let python = made.python.unwrap();
    let prefix = python.parent().unwrap().parent().unwrap();
    let file = bench.at("project/environment.yml");
    assert_eq!(words(&bench), format!("env create --prefix {} --file {}\n", prefix.display(), file.display()));
    assert!(made.variables.contains(&("CONDA_PREFIX".to_owned(), prefix.as_os_str().to_owned())));

    assert!(!bench.prepare(false).unwrap().0.built);
    assert_eq!(words(&bench).lines().count(), 1);
    bench.write("project/requirements.txt", "by-pip==2.0\n");
    assert!(bench.prepare(false).unwrap().0.built, "the requirements it names count too");
}

#[test]
fn ct_14_micromamba_is_asked_in_its_own_words_and_first() {
    let bench = bench(&["conda", "micromamba", "mamba"]);
    bench.prepare(false).unwrap();
    assert!(words(&bench).starts_with("create --prefix "), "{}", words(&bench));
}

#[test]
fn ct_14_an_absent_conda_is_told_before_anything_is_made() {
    let bench = bench(&[]);
    let detected = bench.detected(&EnvironmentChoice::Auto);
    let error = ensure_available(&detected, &bench.machine).unwrap_err();
    assert_eq!(error.code(), "env_manager_missing");
    assert_eq!(
        error.to_string(),
        "`environment.yml` needs conda, and neither micromamba, mamba nor conda is installed"
    );
    assert!(error.hint().contains("--env system"));
    assert_eq!(bench.prepare(false).unwrap_err().code(), "env_manager_missing");
    assert!(!bench.at("environments").exists());
}

#[test]
fn f67_a_conda_that_fails_is_told_in_its_own_words() {
    let bench = bench(&[]);
    bench.program("tools/conda", "mkdir -p \"$4\"; echo 'ResolvePackageNotFound: nope'; exit 1");
    let error = bench.prepare(false).unwrap_err();
    assert!(error.to_string().contains("ResolvePackageNotFound: nope"), "{error}");
    assert_eq!(bench.known(), None);
}
