//! Real environments, made by real tools from a package that the tests make themselves.

mod conda;
mod once;
mod present;
mod venv;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use mendel_model::Package;

use super::{Detected, EnvironmentChoice, EnvironmentError, Machine, Place, Prepared, Request, detect, prepare};

/// Writes a wheel with one module and one console script, without any network or tool.
const WHEEL: &str = r#"
import sys, zipfile
folder, version = sys.argv[1:]
info = f"mendel_sample-{version}.dist-info"
files = {
    "mendel_sample.py": f"version = '{version}'\ndef main():\n    print('hello from', version)\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: mendel-sample\nVersion: {version}\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{info}/entry_points.txt": "[console_scripts]\nmendel-sample = mendel_sample:main\n",
}
files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
with zipfile.ZipFile(f"{folder}/mendel_sample-{version}-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
"#;

/// A project folder, a place for environments, and this machine.
struct Bench {
    folder: tempfile::TempDir,
    machine: Machine,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("project/wheels")).unwrap();
        let this = Machine::of_this_process();
        Self { folder, machine: Machine { is_macos: false, conda: Vec::new(), ..this } }
    }

    /// One whose search path has no `uv`, so that pip must do.
    fn without_uv() -> Self {
        let mut bench = Self::new();
        let folders = std::env::split_paths(&bench.machine.path).filter(|folder| !folder.join("uv").exists());
        bench.machine.path = std::env::join_paths(folders).unwrap();
        bench
    }

    /// One with `uv`; where there is none, it says so and there is nothing to test.
    fn with_uv() -> Option<Self> {
        let bench = Self::new();
        if bench.machine.find("uv").is_none() {
            eprintln!("not checked: `uv` is missing here, so only pip makes environments in these tests");
            return None;
        }
        Some(bench)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn project(&self) -> PathBuf {
        self.at("project")
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    fn program(&self, path: &str, script: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        self.write(path, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes the sample package in that version, and asks for it.
    fn require_sample(&self, version: &str) {
        let made = Command::new("python3").args(["-c", WHEEL]).arg(self.at("project/wheels")).arg(version).status();
        assert!(made.unwrap().success());
        let text = format!("--no-index\n--find-links wheels\nmendel-sample=={version}\n");
        self.write("project/requirements.txt", &text);
    }

    fn detected(&self, choice: &EnvironmentChoice) -> Detected {
        detect(&self.project(), choice, &self.machine).unwrap()
    }

    fn place(&self) -> Place {
        Place { environments: self.at("environments"), cache: self.at("cache") }
    }

    fn prepare(&self, rebuild: bool) -> Result<(Prepared, Vec<String>), EnvironmentError> {
        let detected = self.detected(&EnvironmentChoice::Auto);
        let (folder, place) = (self.project(), self.place());
        let request = Request { folder: &folder, detected: &detected, place: &place, machine: &self.machine };
        let mut heard = Vec::new();
        let prepared = prepare(&request, rebuild, &mut |line| heard.push(line.to_owned()))?;
        Ok((prepared, heard))
    }

    fn known(&self) -> Option<Vec<Package>> {
        let detected = self.detected(&EnvironmentChoice::Auto);
        let (folder, place) = (self.project(), self.place());
        let request = Request { folder: &folder, detected: &detected, place: &place, machine: &self.machine };
        super::known_lock(&request).unwrap().map(|lock| lock.packages)
    }

    /// The one folder that holds every try for the one key.
    fn home(&self) -> PathBuf {
        let homes: Vec<_> = self.at("environments").read_dir().unwrap().collect();
        assert_eq!(homes.len(), 1);
        homes.into_iter().next().unwrap().unwrap().path()
    }
}

fn sample(version: &str) -> Vec<Package> {
    vec![Package { name: "mendel-sample".to_owned(), version: version.to_owned() }]
}

fn output(program: &Path, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
