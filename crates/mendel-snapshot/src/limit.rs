//! The limits of a snapshot, and what is said or left out when one is passed.
//!
//! A task folder that is too large is refused with its largest entries. The folder of a
//! plain script is cut down instead: large files first, then whole folders away from the
//! script, always the same ones for the same tree.

use std::collections::BTreeMap;

use mendel_model::limits;

use crate::{
    LeftOut, LeftOutReason,
    walk::{WalkedFile, is_below},
};

/// How many entries a refusal lists.
const LISTED: usize = 10;

/// How much a snapshot may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files in the snapshot.
    pub files: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes above which a warning is given.
    pub warn_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: limits::SNAPSHOT_FILES,
            bytes: limits::SNAPSHOT_BYTES,
            file_bytes: limits::SNAPSHOT_FILE_BYTES,
            warn_bytes: limits::SNAPSHOT_WARN_BYTES,
        }
    }
}

impl Limits {
    /// For data: nothing is too large.
    pub const NONE: Self = Self { files: usize::MAX, bytes: u64::MAX, file_bytes: u64::MAX, warn_bytes: u64::MAX };

    /// The limits for a folder without any project file: a tenth, since nobody said it is a project.
    pub fn of_bare_folder() -> Self {
        let whole = Self::default();
        Self { files: whole.files / 10, bytes: whole.bytes / 10, file_bytes: whole.file_bytes / 10, ..whole }
    }
}

/// A limit that was passed, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// Which limit, with its number and what was found.
    pub limit: String,
    /// The largest entries, each with its size.
    pub largest: Vec<String>,
    /// A pattern that would leave out the largest.
    pub pattern: String,
}

/// The first limit that `files` pass.
pub(crate) fn excess(files: &[WalkedFile], given_up: bool, limits: &Limits) -> Option<Excess> {
    let sum: u64 = files.iter().map(|file| file.stat.size).sum();
    if given_up || files.len() > limits.files {
        let more = if given_up { "more than " } else { "" };
        let limit = format!("{more}{} files where {} are allowed", files.len(), limits.files);
        return Some(largest_folders(files, limit, |_| 1, |count| format!("{count} files")));
    }
    let large: Vec<&WalkedFile> = files.iter().filter(|file| file.stat.size > limits.file_bytes).collect();
    if !large.is_empty() {
        let limit = format!("{} larger than {}", count(large.len(), "file"), bytes(limits.file_bytes));
        return Some(largest_files(files, limit));
    }
    if sum <= limits.bytes {
        return None;
    }
    let limit = format!("{} where {} are allowed", bytes(sum), bytes(limits.bytes));
    let mut sizes: Vec<u64> = files.iter().map(|file| file.stat.size).collect();
    sizes.sort_unstable_by(|left, right| right.cmp(left));
    let few_weigh_most = sizes.iter().take(LISTED).sum::<u64>() * 2 > sum;
    Some(if few_weigh_most {
        largest_files(files, limit)
    } else {
        largest_folders(files, limit, |file| file.stat.size, bytes)
    })
}

fn largest_files(files: &[WalkedFile], limit: String) -> Excess {
    let mut sorted: Vec<&WalkedFile> = files.iter().collect();
    sorted.sort_by(|left, right| right.stat.size.cmp(&left.stat.size).then_with(|| left.path.cmp(&right.path)));
    sorted.truncate(LISTED);
    let largest = sorted.iter().map(|file| format!("{} ({})", file.path, bytes(file.stat.size))).collect();
    Excess { limit, largest, pattern: sorted.first().map_or_else(String::new, |file| format!("/{}", file.path)) }
}

fn largest_folders(
    files: &[WalkedFile],
    limit: String,
    weight: impl Fn(&WalkedFile) -> u64,
    say: impl Fn(u64) -> String,
) -> Excess {
    let mut folders: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *folders.entry(folder).or_default() += weight(file);
    }
    let mut sorted: Vec<(&str, u64)> = folders.into_iter().collect();
    sorted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    sorted.truncate(LISTED);
    let first = sorted.iter().find(|(folder, _)| !folder.is_empty());
    let pattern = first.map_or_else(|| "*.ending".to_owned(), |(folder, _)| format!("/{folder}/"));
    let name = |folder: &str| if folder.is_empty() { "./".to_owned() } else { format!("{folder}/") };
    let largest = sorted.iter().map(|(folder, weight)| format!("{} ({})", name(folder), say(*weight))).collect();
    Excess { limit, largest, pattern }
}

/// Cuts `files` down to the limits; `keep` stays, and the folders that lead to it are not left out whole.
pub(crate) fn fit(files: &mut Vec<WalkedFile>, keep: &str, limits: &Limits) -> Vec<LeftOut> {
    let mut out = Vec::new();
    files.retain(|file| {
        let fits = file.stat.size <= limits.file_bytes || file.path == keep;
        if !fits {
            out.push(file_left_out(file));
        }
        fits
    });
    loop {
        let sum: u64 = files.iter().map(|file| file.stat.size).sum();
        let too_many = files.len() > limits.files;
        if !too_many && sum <= limits.bytes {
            return out;
        }
        let weight = |file: &WalkedFile| if too_many { 1 } else { file.stat.size };
        let mut folders: BTreeMap<&str, u64> = BTreeMap::new();
        for file in files.iter() {
            if let Some(folder) = side_folder(&file.path, keep) {
                *folders.entry(folder).or_default() += weight(file);
            }
        }
        let heaviest = folders.into_iter().max_by(|left, right| left.1.cmp(&right.1).then_with(|| right.0.cmp(left.0)));
        if let Some((folder, _)) = heaviest.filter(|(_, weight)| *weight > 0) {
            let folder = folder.to_owned();
            files.retain(|file| !is_below(&file.path, &folder));
            out.push(LeftOut { path: folder, is_folder: true, size: 0, reason: LeftOutReason::TooLarge });
        } else {
            let others = files.iter().enumerate().filter(|(_, file)| file.path != keep);
            let heaviest = others.max_by_key(|(_, file)| file.stat.size).map(|(number, _)| number);
            let Some(number) = heaviest else { return out };
            out.push(file_left_out(&files.remove(number)));
        }
    }
}

/// The topmost folder that holds `path` and not `keep`.
fn side_folder<'a>(path: &'a str, keep: &str) -> Option<&'a str> {
    let ends = path.match_indices('/').map(|(end, _)| &path[..end]);
    ends.into_iter().find(|folder| !is_below(keep, folder))
}

fn file_left_out(file: &WalkedFile) -> LeftOut {
    LeftOut { path: file.path.clone(), is_folder: false, size: file.stat.size, reason: LeftOutReason::TooLarge }
}

/// A warning, if the snapshot is unusually large.
pub(crate) fn warning(files: &[WalkedFile], limits: &Limits) -> Option<String> {
    let sum: u64 = files.iter().map(|file| file.stat.size).sum();
    if sum <= limits.warn_bytes {
        return None;
    }
    let largest = largest_files(files, String::new()).largest;
    let named = largest.into_iter().take(3).collect::<Vec<_>>().join(", ");
    Some(format!("the snapshot holds {} in {}; largest: {named}", bytes(sum), count(files.len(), "file")))
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A number of bytes, for people.
fn bytes(number: u64) -> String {
    match number {
        0..1024 => format!("{number} B"),
        1024..1_048_576 => format!("{:.1} KiB", number as f64 / 1024.0),
        _ => format!("{:.1} MiB", number as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileStat;

    const SMALL: Limits = Limits { files: 4, bytes: 100, file_bytes: 50, warn_bytes: 20 };

    fn files(sizes: &[(&str, u64)]) -> Vec<WalkedFile> {
        let file = |(path, size): &(&str, u64)| WalkedFile {
            path: (*path).to_owned(),
            stat: FileStat { size: *size, mtime_ns: 0, ctime_ns: 0, inode: 0 },
            executable: false,
        };
        sizes.iter().map(file).collect()
    }

    #[test]
    fn a_refusal_names_the_ten_largest_and_a_pattern_that_helps() {
        let many: Vec<(String, u64)> = (0..12).map(|number| (format!("data/{number:02}"), 60 + number)).collect();
        let many: Vec<(&str, u64)> = many.iter().map(|(path, size)| (path.as_str(), *size)).collect();
        let excess = excess(&files(&many), false, &Limits { files: 20, ..SMALL }).unwrap();
        assert_eq!(excess.largest.len(), 10);
        assert_eq!(excess.largest[0], "data/11 (71 B)");
        assert_eq!(excess.pattern, "/data/11");
        assert_eq!(excess.limit, "12 files larger than 50 B");
    }

    #[test]
    fn too_many_files_are_told_by_folder() {
        let excess =
            excess(&files(&[("a", 1), ("d/a", 1), ("d/b", 1), ("e/a", 1), ("d/c", 1)]), false, &SMALL).unwrap();
        assert_eq!(excess.largest, ["d/ (3 files)", "./ (1 files)", "e/ (1 files)"]);
        assert_eq!(excess.pattern, "/d/");
    }

    #[test]
    fn a_folder_at_its_limits_is_accepted_and_one_above_is_not() {
        assert_eq!(excess(&files(&[("a", 50), ("b", 50), ("c", 0), ("d", 0)]), false, &SMALL), None);
        assert!(excess(&files(&[("a", 50), ("b", 50), ("c", 1)]), false, &SMALL).is_some());
        assert!(excess(&files(&[("a", 51)]), false, &SMALL).is_some());
        assert!(excess(&files(&[("a", 0), ("b", 0), ("c", 0), ("d", 0), ("e", 0)]), false, &SMALL).is_some());
    }

    #[test]
    fn a_script_keeps_what_is_near_and_loses_heavy_folders_whole() {
        let mut all = files(&[("big", 51), ("data/a", 40), ("data/b", 40), ("src/main.py", 5), ("src/more.py", 30)]);
        let mut out = fit(&mut all, "src/main.py", &SMALL);
        out.sort();
        let out: Vec<_> = out.iter().map(|left| (left.path.as_str(), left.is_folder)).collect();
        assert_eq!(out, [("big", false), ("data", true)]);
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_script_is_kept_whatever_it_weighs() {
        let mut all = files(&[("a", 40), ("b", 40), ("c", 40), ("main.py", 500)]);
        fit(&mut all, "main.py", &SMALL);
        assert_eq!(all, files(&[("main.py", 500)]));
    }

    #[test]
    fn an_unusual_size_is_warned_about() {
        assert_eq!(warning(&files(&[("a", 20)]), &SMALL), None);
        let words = warning(&files(&[("a", 20), ("b", 1)]), &SMALL).unwrap();
        assert_eq!(words, "the snapshot holds 21 B in 2 files; largest: a (20 B), b (1 B)");
    }
}
