//! What the files that describe an environment say, as one digest.
//!
//! Files they name count with them, and so do local packages: equal digests lead to equal
//! environments as far as files can tell. Comments and blank lines do not count.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use mendel_model::{Canonical, Digest};
use mendel_snapshot::{Options, Purpose, StatIndex, hash_file, snapshot};

use super::EnvironmentError;

/// The digest of the requirements in `file` and in the files it names.
pub(super) fn requirements_digest(file: &Path) -> Result<Digest, EnvironmentError> {
    let mut reader = Reader { form: Canonical::new("requirements"), seen: HashSet::new() };
    reader.requirements(file)?;
    Ok(reader.form.finish())
}

/// The digest of a conda file and of the requirements it names.
pub(super) fn conda_digest(file: &Path) -> Result<Digest, EnvironmentError> {
    let text = read(file)?;
    let mut reader = Reader { form: Canonical::new("conda file"), seen: HashSet::new() };
    let folder = file.parent().unwrap_or(Path::new("."));
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.trim_start().starts_with('#')) {
        reader.form.text(line);
        // `- -r x.txt` and `pip: [-r x.txt]` are the forms in use.
        let mut words = line.split(|letter: char| letter.is_whitespace() || "[],'\"".contains(letter));
        while let Some(word) = words.next() {
            if matches!(word, "-r" | "--requirement" | "-c" | "--constraint")
                && let Some(name) = words.next().filter(|name| !is_address(name))
            {
                reader.requirements(&folder.join(name))?;
            }
        }
    }
    Ok(reader.form.finish())
}

struct Reader {
    form: Canonical,
    seen: HashSet<PathBuf>,
}

impl Reader {
    fn requirements(&mut self, file: &Path) -> Result<(), EnvironmentError> {
        let text = read(file)?;
        if !self.seen.insert(file.canonicalize().unwrap_or_else(|_| file.to_owned())) {
            return Ok(());
        }
        let folder = file.parent().unwrap_or(Path::new("."));
        for line in lines(&text) {
            self.form.text(&line);
            match named_by(&line) {
                Some(Named::File(name)) => self.requirements(&folder.join(name))?,
                Some(Named::Package { path, editable }) => self.package(&folder.join(path), editable),
                None => {}
            }
        }
        Ok(())
    }

    /// A local package counts with its bytes; one that is not there is left to the installer to refuse.
    fn package(&mut self, path: &Path, editable: bool) {
        if editable {
            // It stays where it is and is imported from there, so its place counts and its bytes need not.
            self.form.text(&path.canonicalize().unwrap_or_else(|_| path.to_owned()).to_string_lossy());
            return;
        }
        let index = &mut StatIndex::in_memory();
        let digest = if path.is_dir() {
            let options = Options { purpose: Purpose::Script(PathBuf::new()), git: false, ..Options::default() };
            snapshot(path, &options, index).ok().map(|taken| taken.manifest.digest())
        } else {
            hash_file(path, index).ok().map(|(digest, _)| digest)
        };
        if let Some(digest) = digest {
            self.form.digest(&digest);
        }
    }
}

#[derive(Debug, PartialEq)]
enum Named<'a> {
    File(&'a str),
    Package { path: &'a str, editable: bool },
}

/// What of this machine a line of requirements names.
fn named_by(line: &str) -> Option<Named<'_>> {
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            let rest = line.strip_prefix(name)?;
            let is_short = !name.starts_with("--");
            let rest = rest.strip_prefix('=').or_else(|| (is_short || rest.starts_with(' ')).then_some(rest))?;
            Some(rest.trim().trim_matches(['"', '\'']))
        })
    };
    if let Some(name) = value(&["--requirement", "--constraint", "-r", "-c"]) {
        return (!is_address(name)).then_some(Named::File(name));
    }
    let editable = value(&["--editable", "-e"]);
    if editable.is_none() && line.starts_with('-') {
        return None;
    }
    let target = editable.unwrap_or(line);
    let target = target.split(" ;").next().unwrap_or(target).trim();
    let target = target
        .split_once('@')
        .map_or(target, |(_, address)| if address.trim().starts_with("file:") { address.trim() } else { target });
    let path = target.strip_prefix("file://").or_else(|| target.strip_prefix("file:")).unwrap_or(target);
    let path = path.split(['[', '#', ' ']).next().unwrap_or(path);
    let is_path =
        path.starts_with(['.', '/']) || path.ends_with(".whl") || path.ends_with(".tar.gz") || editable.is_some();
    (is_path && !is_address(path)).then_some(Named::Package { path, editable: editable.is_some() })
}

fn is_address(name: &str) -> bool {
    name.contains("://")
}

/// The lines that count, with continued ones joined and comments removed.
fn lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let without_comment = |line: &str| {
        let line = if line.trim_start().starts_with('#') { "" } else { line };
        line.split(" #").next().unwrap_or_default().trim().to_owned()
    };
    joined.lines().map(without_comment).filter(|line| !line.is_empty()).collect()
}

fn read(file: &Path) -> Result<String, EnvironmentError> {
    let bytes = fs::read(file).map_err(|source| EnvironmentError::Unreadable { path: file.to_owned(), source })?;
    Ok(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_local_packages_are_told_from_ordinary_lines() {
        let package = |path, editable| Some(Named::Package { path, editable });
        let cases = [
            ("numpy==1.0", None),
            ("-r base.txt", Some(Named::File("base.txt"))),
            ("-rbase.txt", Some(Named::File("base.txt"))),
            ("--requirement=base.txt", Some(Named::File("base.txt"))),
            ("--constraint c.txt", Some(Named::File("c.txt"))),
            ("-r https://example.invalid/r.txt", None),
            ("--index-url https://example.invalid/simple", None),
            ("--find-links ./wheels", None),
            ("-e .", package(".", true)),
            ("--editable ./pkg[extra]", package("./pkg", true)),
            ("-e git+https://example.invalid/x.git#egg=x", None),
            ("./pkg", package("./pkg", false)),
            ("wheels/a-1.0-py3-none-any.whl ; python_version > '3'", package("wheels/a-1.0-py3-none-any.whl", false)),
            ("a @ file:///srv/a", package("/srv/a", false)),
            ("a @ https://example.invalid/a.whl", None),
        ];
        for (line, expected) in cases {
            assert_eq!(named_by(line), expected, "{line}");
        }
    }

    #[test]
    fn comments_do_not_count_and_named_files_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requirements.txt");
        let digest = |text: &str| {
            fs::write(&file, text).unwrap();
            requirements_digest(&file).unwrap()
        };
        fs::write(folder.path().join("base.txt"), "numpy\n").unwrap();
        let before = digest("-r base.txt\nscipy  # fast\n");
        assert_eq!(digest("# what we need\n\n-r base.txt\nscipy\n"), before);
        assert_ne!(digest("-r base.txt\nscipy==1\n"), before);

        fs::write(folder.path().join("base.txt"), "numpy==2\n-r requirements.txt\n").unwrap();
        assert_ne!(digest("-r base.txt\nscipy\n"), before);
        fs::remove_file(folder.path().join("base.txt")).unwrap();
        let error = requirements_digest(&file).unwrap_err();
        assert!(error.to_string().contains("base.txt"), "{error}");
    }

    #[test]
    fn an_edit_of_a_local_package_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requirements.txt");
        fs::create_dir(folder.path().join("pkg")).unwrap();
        fs::write(folder.path().join("pkg/setup.py"), "1").unwrap();
        fs::write(&file, "./pkg\n").unwrap();
        let before = requirements_digest(&file).unwrap();
        fs::write(folder.path().join("pkg/setup.py"), "2").unwrap();
        assert_ne!(requirements_digest(&file).unwrap(), before);
    }

    #[test]
    fn a_conda_file_counts_with_the_requirements_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("environment.yml");
        for line in ["    - -r requirements.txt", "  - pip: [-r requirements.txt]"] {
            fs::write(&file, format!("dependencies:\n  - python=3.11\n{line}\n")).unwrap();
            fs::write(folder.path().join("requirements.txt"), "a").unwrap();
            let before = conda_digest(&file).unwrap();
            fs::write(folder.path().join("requirements.txt"), "b").unwrap();
            assert_ne!(conda_digest(&file).unwrap(), before);
        }
    }
}
