//! Symbolic links: whether one stays inside a folder, however it gets there.

use std::{
    collections::VecDeque,
    io,
    path::{Component, Path, PathBuf},
};

/// After so many links on the way, it is a circle, and circles lead nowhere.
const MOST_LINKS: usize = 40;

/// Whether the link at `path` below `root`, pointing to `target`, stays inside `root`.
///
/// Each step is taken as the system would take it, since `..` after a link goes up from
/// where the link leads. `root` is an absolute path without links in it.
pub(crate) fn stays_inside(root: &Path, path: &str, target: &Path) -> io::Result<bool> {
    let mut place: Vec<PathBuf> = Path::new(path).parent().into_iter().flatten().map(PathBuf::from).collect();
    let mut steps = VecDeque::new();
    if !follow(root, target, &mut place, &mut steps) {
        return Ok(false);
    }
    let mut links = 0;
    while let Some(step) = steps.pop_front() {
        if step == Path::new("..") {
            if place.pop().is_none() {
                return Ok(false);
            }
            continue;
        }
        place.push(step);
        let reached = root.join(place.iter().collect::<PathBuf>());
        let is_link = match reached.symlink_metadata() {
            Ok(metadata) => metadata.is_symlink(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => false,
            Err(error) => return Err(error),
        };
        if is_link {
            links += 1;
            if links > MOST_LINKS {
                return Ok(true);
            }
            place.pop();
            if !follow(root, &reached.read_link()?, &mut place, &mut steps) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Puts the steps of `target` before the others; false if it leads out of `root` at once.
fn follow(root: &Path, target: &Path, place: &mut Vec<PathBuf>, steps: &mut VecDeque<PathBuf>) -> bool {
    let relative = if target.is_absolute() {
        let Ok(inside) = target.strip_prefix(root) else { return false };
        place.clear();
        inside
    } else {
        target
    };
    let parts = relative.components().filter(|part| !matches!(part, Component::CurDir));
    let parts: Vec<PathBuf> = parts.map(|part| PathBuf::from(part.as_os_str())).collect();
    for part in parts.into_iter().rev() {
        steps.push_front(part);
    }
    true
}

/// An absolute `target` inside `root`, written as seen from the link at `path`.
pub(crate) fn relative_target(root: &Path, path: &str, target: &Path) -> PathBuf {
    let Ok(inside) = target.strip_prefix(root) else { return target.to_owned() };
    let depth = path.matches('/').count();
    let mut relative: PathBuf = std::iter::repeat_n("..", depth).collect();
    relative.push(inside);
    if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative }
}
