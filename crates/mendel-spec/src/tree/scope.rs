//! Paths of a task: what they are relative to, and how an input id fills a scope.

use std::{
    fmt,
    path::{Component, Path, PathBuf},
};

use mendel_model::InputId;

/// What paths of one task are relative to.
pub(super) struct Around<'a> {
    /// Folder of the task, links resolved.
    pub folder: &'a Path,
    /// `{DIRNAME}`.
    pub dirname: &'a str,
    /// `{ROOTDIR}`.
    pub rootdir: &'a Path,
}

impl Around<'_> {
    /// The path that `written` means, links resolved as far as it exists.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        let full = self.folder.join(self.replaced(written, str::to_owned));
        let (mut resolved, rest) = self.begun(&full, str::to_owned);
        rest.components().for_each(|part| push(&mut resolved, part));
        resolved
    }

    /// The pattern that `written` means, its placeholder kept. A `%` that is not of the
    /// pattern but of a folder's name is doubled, so that filling keeps it.
    pub(super) fn pattern(&self, written: &str) -> String {
        let folder = doubled(&self.folder.to_string_lossy());
        let full = Path::new(&folder).join(self.replaced(written, doubled));
        let (mut resolved, rest) = self.begun(&full, doubled);
        let mut open = String::new();
        for part in rest.components() {
            let text = part.as_os_str().to_string_lossy();
            if !open.is_empty() || has_placeholder(&text) {
                open.push('/');
                open.push_str(&text);
                continue;
            }
            let single = text.replace("%%", "%");
            push(
                &mut resolved,
                if let Component::Normal(_) = part { Component::Normal(single.as_ref()) } else { part },
            );
        }
        format!("{}{open}", doubled(resolved.to_string_lossy().trim_end_matches('/')))
    }

    /// The part of `full` that is resolved already, and the rest.
    fn begun<'p>(&self, full: &'p Path, kept: impl Fn(&str) -> String) -> (PathBuf, &'p Path) {
        for known in [self.folder, self.rootdir] {
            if let Ok(rest) = full.strip_prefix(kept(&known.to_string_lossy())) {
                return (known.to_owned(), rest);
            }
        }
        (PathBuf::new(), full)
    }

    fn replaced(&self, written: &str, kept: impl Fn(&str) -> String) -> String {
        let home = std::env::home_dir().filter(|_| written == "~" || written.starts_with("~/"));
        let written = match home {
            Some(home) => format!("{}{}", kept(&home.to_string_lossy()), &written[1..]),
            None => written.to_owned(),
        };
        let root = self.rootdir.to_string_lossy();
        written.replace("{DIRNAME}", &kept(self.dirname)).replace("{ROOTDIR}", &kept(&root))
    }
}

fn doubled(text: &str) -> String {
    text.replace('%', "%%")
}

pub(super) fn has_placeholder(text: &str) -> bool {
    text.replace("%%", "").contains('%')
}

/// Goes from `path` to `part`, following a link that stands there.
fn push(path: &mut PathBuf, part: Component<'_>) {
    match part {
        Component::CurDir => {}
        Component::ParentDir => {
            path.pop();
        }
        Component::Prefix(_) | Component::RootDir => path.push(part),
        Component::Normal(name) => {
            path.push(name);
            if path.is_symlink()
                && let Ok(target) = path.canonicalize()
            {
                *path = target;
            }
        }
    }
}

/// A scope that an input id does not fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeFault {
    /// Name of the scope.
    pub scope: String,
    /// Its pattern.
    pub pattern: String,
    /// The input id.
    pub id: InputId,
    /// What is wrong.
    pub fault: String,
}

impl ScopeFault {
    /// That `id` would have the path that another input has.
    pub(super) fn shared(scope: &str, pattern: &str, id: &InputId) -> Self {
        let fault = "it has no placeholder such as `%s` or `%03d`, and all inputs would share one path".to_owned();
        Self { scope: scope.to_owned(), pattern: pattern.to_owned(), id: id.clone(), fault }
    }
}

impl fmt::Display for ScopeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, pattern, id, fault } = self;
        write!(f, "the scope `{scope}` (`{pattern}`) cannot be filled with the input id `{}`: {fault}", id.json())
    }
}

impl std::error::Error for ScopeFault {}

/// The path that `pattern` of `scope` has for the input `id`, as Python's `pattern % id`.
pub fn fill_scope(scope: &str, pattern: &str, id: &InputId) -> Result<String, ScopeFault> {
    let failed =
        |fault: String| ScopeFault { scope: scope.to_owned(), pattern: pattern.to_owned(), id: id.clone(), fault };
    let mut filled = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            filled.push('%');
            rest = after;
            continue;
        }
        let (placeholder, after) = Placeholder::read(rest).map_err(&failed)?;
        filled.push_str(&placeholder.fill(id).map_err(&failed)?);
        used += 1;
        rest = after;
    }
    filled.push_str(rest);
    match used {
        1 => Ok(filled),
        // One path, whichever the input.
        0 => Ok(filled),
        _ => Err(failed(format!("it has {used} placeholders, and one id fills one"))),
    }
}

/// One placeholder: `%[flags][width][.precision]letter`.
struct Placeholder<'a> {
    text: &'a str,
    flags: &'a str,
    width: usize,
    precision: Option<usize>,
    letter: char,
}

/// The greatest width or precision.
const WIDEST: usize = 255;

impl<'a> Placeholder<'a> {
    /// Reads the one that `text`, which follows a `%`, begins with; and what comes after it.
    fn read(text: &'a str) -> Result<(Self, &'a str), String> {
        let split = |text: &'a str, of: &dyn Fn(char) -> bool| {
            let end = text.find(|c| !of(c)).unwrap_or(text.len());
            (&text[..end], &text[end..])
        };
        let number = |digits: &str| match digits.parse() {
            _ if digits.is_empty() => Ok(0),
            Ok(number) if number <= WIDEST => Ok(number),
            _ => Err(format!("`{digits}` is more than the greatest width of {WIDEST}")),
        };
        let digit = |c: char| c.is_ascii_digit();
        let (flags, rest) = split(text, &|c| "-+ 0#".contains(c));
        let (width, rest) = split(rest, &digit);
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (precision, rest) = split(rest, &digit);
                (Some(number(precision)?), rest)
            }
            None => (None, rest),
        };
        let rest = rest.strip_prefix(['h', 'l', 'L']).unwrap_or(rest);
        let Some(letter) = rest.chars().next() else { return Err("it ends in an incomplete placeholder".to_owned()) };
        let rest = &rest[letter.len_utf8()..];
        let text = &text[..text.len() - rest.len()];
        Ok((Self { text, flags, width: number(width)?, precision, letter }, rest))
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn fill(&self, id: &InputId) -> Result<String, String> {
        let number = match (self.letter, id) {
            ('s', _) => {
                let text = id.to_string();
                let text = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
                return Ok(self.padded("", text, false));
            }
            ('d' | 'i' | 'u' | 'x' | 'X' | 'o', InputId::Int(number)) => *number,
            ('d' | 'i' | 'u' | 'x' | 'X' | 'o', InputId::Text(_)) => {
                return Err(format!("`%{}` takes a number only; `%s` takes both", self.text));
            }
            _ => return Err(format!("the placeholder `%{}` is not known; `%s` and `%d` are", self.text)),
        };
        let (digits, prefix) = match self.letter {
            'x' => (format!("{:x}", number.unsigned_abs()), "0x"),
            'X' => (format!("{:X}", number.unsigned_abs()), "0X"),
            'o' => (format!("{:o}", number.unsigned_abs()), "0o"),
            _ => (number.unsigned_abs().to_string(), ""),
        };
        let digits = format!("{digits:0>width$}", width = self.precision.unwrap_or(0));
        let sign = match number < 0 {
            true => "-",
            false if self.has('+') => "+",
            false if self.has(' ') => " ",
            false => "",
        };
        let head = format!("{sign}{}", if self.has('#') { prefix } else { "" });
        Ok(self.padded(&head, digits, self.has('0')))
    }

    /// `head` and `text`, brought to the width.
    fn padded(&self, head: &str, text: String, zeros: bool) -> String {
        let missing = self.width.saturating_sub(head.chars().count() + text.chars().count());
        match (self.has('-'), zeros) {
            (true, _) => format!("{head}{text}{}", " ".repeat(missing)),
            (false, true) => format!("{head}{}{text}", "0".repeat(missing)),
            (false, false) => format!("{}{head}{text}", " ".repeat(missing)),
        }
    }
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
