//! Makes the package `mendel` of the running command importable, and nothing beside it.
//!
//! The folder it is installed in holds other packages, which an interpreter of the user's
//! must not see; so a folder in the cache links to this one package alone.

use std::{
    fs, io,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    path::{Path, PathBuf},
};

use mendel_model::Digest;

/// The name under which it is imported.
const NAME: &str = "mendel";

/// The folder in `cache` from which `package` is imported, made unless it is there.
pub fn importable(cache: &Path, package: &Path) -> io::Result<PathBuf> {
    let digest = Digest::of(package.as_os_str().as_bytes()).short();
    let folder = cache.join(format!("package-{digest}"));
    fs::create_dir_all(&folder)?;
    match symlink(package, folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_package_itself_is_importable() {
        let place = tempfile::tempdir().expect("a folder");
        let installed = place.path().join("site-packages");
        fs::create_dir_all(installed.join("mendel")).expect("a folder");
        fs::create_dir_all(installed.join("numpy")).expect("a folder");
        fs::write(installed.join("mendel/__init__.py"), "").expect("a file");

        let folder = importable(place.path(), &installed.join("mendel")).expect("made");
        assert_eq!(importable(place.path(), &installed.join("mendel")).expect("found"), folder);
        assert!(folder.join("mendel/__init__.py").is_file());
        assert!(!folder.join("numpy").exists());
    }
}
