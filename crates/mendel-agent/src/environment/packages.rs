//! The packages of an environment, read from the names its installers leave behind.
//!
//! No Python is started: name and version stand in the name of each `dist-info` folder.

use std::{collections::BTreeMap, fs, path::Path};

use mendel_model::Package;

/// The packages in `folders`, sorted by name; the folder that comes first wins.
pub(super) fn packages<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Vec<Package> {
    let mut found = BTreeMap::new();
    for folder in folders {
        for name in names(folder) {
            if let Some((name, version)) = python_package(folder, &name) {
                found.entry(name).or_insert(version);
            }
        }
    }
    sorted(found)
}

/// A module that an installed package brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The package; without one the module lies there by itself.
    pub package: Option<Package>,
}

/// The module `top` in the folders of an environment, of which the first that has it wins.
pub fn installed<'a>(top: &str, folders: impl IntoIterator<Item = &'a Path>) -> Option<Installed> {
    for folder in folders {
        let names = names(folder);
        let is_module = |name: &String| {
            let rest = name.strip_prefix(top).unwrap_or("-");
            rest == ".py" || (rest.starts_with('.') && rest.ends_with(".so"))
        };
        if folder.join(top).is_dir() || names.iter().any(is_module) {
            let brought = names.iter().filter(|name| brings(folder, name, top));
            let package = brought.filter_map(|name| python_package(folder, name)).next();
            return Some(Installed { package: package.map(|(name, version)| Package { name, version }) });
        }
    }
    None
}

/// Whether the record of a package names a file of the module `top`.
fn brings(folder: &Path, info: &str, top: &str) -> bool {
    let list = match info.ends_with(".dist-info") {
        true => folder.join(info).join("RECORD"),
        false if info.ends_with(".egg-info") => folder.join(info).join("top_level.txt"),
        false => return false,
    };
    let Ok(text) = fs::read_to_string(list) else { return false };
    text.lines().any(|line| {
        let rest = line.trim_start_matches('"').strip_prefix(top);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', ',']))
    })
}

/// The packages of a conda environment, with those that pip added.
pub(super) fn conda_packages(prefix: &Path, site_folders: &[impl AsRef<Path>]) -> Vec<Package> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for file in names(&prefix.join("conda-meta")) {
        let Some(stem) = file.strip_suffix(".json") else { continue };
        let Some((name, version)) = stem.rsplit_once('-').and_then(|(rest, _)| rest.rsplit_once('-')) else { continue };
        found.insert(normalised(name), version.to_owned());
    }
    for package in packages(site_folders.iter().map(AsRef::as_ref)) {
        found.entry(package.name).or_insert(package.version);
    }
    sorted(found)
}

fn sorted(found: BTreeMap<String, String>) -> Vec<Package> {
    found.into_iter().map(|(name, version)| Package { name, version }).collect()
}

/// The names in `folder`; one that cannot be read has none that Python could see.
fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn python_package(folder: &Path, name: &str) -> Option<(String, String)> {
    // Names that begin so are left by an installer that was interrupted.
    if name.starts_with('~') {
        return None;
    }
    if let Some(stem) = name.strip_suffix(".dist-info") {
        let (name, version) = stem.rsplit_once('-')?;
        return Some((normalised(name), version.to_owned()));
    }
    let stem = name.strip_suffix(".egg-info").or_else(|| name.strip_suffix(".egg"))?;
    let stem = stem.rsplit_once("-py").map_or(stem, |(stem, _)| stem);
    match stem.rsplit_once('-') {
        Some((name, version)) => Some((normalised(name), version.to_owned())),
        None => Some((normalised(stem), version_in(&folder.join(name)).unwrap_or_default())),
    }
}

/// The version that the metadata of a package in development states.
fn version_in(metadata: &Path) -> Option<String> {
    let text = fs::read_to_string(metadata.join("PKG-INFO")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Version: ")).map(str::to_owned)
}

/// A package name in the one form in which names are compared.
pub(super) fn normalised(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            letter => normal.extend(letter.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_read_from_what_installers_leave() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "numpy-2.1.0.dist-info",
            "Ruamel.YAML__clib-0.2.8+local.dist-info",
            "old_one-1.0-py3.11.egg-info",
            "older-0.9.egg-info",
            "~umpy-1.0.dist-info",
            "numpy",
            "x.pth",
        ];
        for name in names {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::create_dir(folder.path().join("dev.egg-info")).unwrap();
        fs::write(folder.path().join("dev.egg-info/PKG-INFO"), "Name: dev\nVersion: 3.1\n").unwrap();
        let first = tempfile::tempdir().unwrap();
        fs::create_dir(first.path().join("numpy-1.26.dist-info")).unwrap();

        let found = packages([first.path(), folder.path(), Path::new("/nowhere")]);
        let found: Vec<_> = found.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
        let expected = [
            ("dev", "3.1"),
            ("numpy", "1.26"),
            ("old-one", "1.0"),
            ("older", "0.9"),
            ("ruamel-yaml-clib", "0.2.8+local"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_conda_environment_has_packages_of_both_kinds() {
        let prefix = tempfile::tempdir().unwrap();
        let site = prefix.path().join("site-packages");
        fs::create_dir_all(prefix.path().join("conda-meta")).unwrap();
        fs::create_dir_all(site.join("tqdm-4.0.dist-info")).unwrap();
        for name in ["python-3.11.7-h955ad1f_0.json", "ca-certificates-2024.1-0.json", "history"] {
            fs::write(prefix.path().join("conda-meta").join(name), "").unwrap();
        }
        let found = conda_packages(prefix.path(), &[site]);
        let found: Vec<_> = found.iter().map(|package| format!("{}={}", package.name, package.version)).collect();
        assert_eq!(found, ["ca-certificates=2024.1", "python=3.11.7", "tqdm=4.0"]);
    }
}
