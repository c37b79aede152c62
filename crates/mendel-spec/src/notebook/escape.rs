//! What only IPython understands (`%magic`, `!command`, `name?`) as plain Python, line for line.

use ruff_python_ast::{
    Expr, IpyEscapeKind, Stmt,
    visitor::{Visitor, walk_expr, walk_stmt},
};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};
use serde_json::Value;

/// Magics that only change how a notebook is shown.
const SHOWN: [&str; 8] =
    ["matplotlib", "load_ext", "reload_ext", "unload_ext", "autoreload", "config", "precision", "xmode"];
/// Cell magics under which the cell runs as it is.
const TRANSPARENT: [&str; 4] = ["time", "timeit", "capture", "prun"];
const SHELLS: [&str; 3] = ["bash", "sh", "script"];
const INSTALLERS: [&str; 6] = ["pip", "pip3", "conda", "mamba", "uv", "apt-get"];
const INSTALLER_HINT: &str = "name the packages in `requirements.txt`, and the environment is built before the run";

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) message: String,
    pub(super) hint: String,
}

/// The cell `source` as plain Python with as many lines.
pub(super) fn plain(source: &str) -> Result<String, Vec<Fault>> {
    let (first, rest) = source.split_once('\n').unwrap_or((source, ""));
    if let Some(magic) = first.strip_prefix("%%") {
        let name = magic.split_whitespace().next().unwrap_or_default();
        if SHELLS.contains(&name) && (name != "script" || magic.contains("sh")) {
            return shell(rest).map(|call| call + &"\n".repeat(rest.lines().count())).map_err(|fault| vec![fault]);
        }
        return match TRANSPARENT.contains(&name) {
            true => plain(&format!("\n{rest}")),
            false => Err(vec![unknown_magic("%%", name, 1)]),
        };
    }
    let parsed = parse_unchecked(source, ParseOptions::from(Mode::Ipython));
    let mut walk = Walk { source, edits: Vec::new(), faults: Vec::new() };
    // What follows the first is often a consequence of it.
    if let Some(error) = parsed.errors().first() {
        let message = format!("not Python: {}", error.error.to_string().trim());
        walk.fault(error.location, Fault { line: 1, message, hint: String::new() });
        return Err(walk.faults);
    }
    match parsed.syntax() {
        ruff_python_ast::Mod::Module(module) => walk.visit_body(&module.body),
        ruff_python_ast::Mod::Expression(_) => {}
    }
    if walk.faults.is_empty() { Ok(walk.edited()) } else { Err(walk.faults) }
}

struct Walk<'a> {
    source: &'a str,
    edits: Vec<(TextRange, String)>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, range: TextRange, fault: Fault) {
        let line = self.source[..usize::from(range.start())].matches('\n').count() + 1;
        self.faults.push(Fault { line, ..fault });
    }

    fn replace(&mut self, range: TextRange, with: Result<String, Fault>) {
        match with {
            Ok(with) => {
                // Lines that a command went over stay lines.
                let lines = self.source[range].matches('\n').count();
                self.edits.push((range, with + &"\n".repeat(lines)));
            }
            Err(fault) => self.fault(range, fault),
        }
    }

    fn edited(mut self) -> String {
        self.edits.sort_by_key(|(range, _)| range.start());
        let mut text = self.source.to_owned();
        for (range, with) in self.edits.into_iter().rev() {
            text.replace_range(usize::from(range.start())..usize::from(range.end()), &with);
        }
        text
    }
}

impl<'a> Visitor<'a> for Walk<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::IpyEscapeCommand(escape) => self.replace(escape.range(), statement(escape.kind, &escape.value)),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::IpyEscapeCommand(escape) => self.replace(escape.range(), expression(escape.kind, &escape.value)),
            _ => walk_expr(self, expr),
        }
    }
}

fn statement(kind: IpyEscapeKind, value: &str) -> Result<String, Fault> {
    match kind {
        IpyEscapeKind::Shell | IpyEscapeKind::ShCap => shell(value),
        IpyEscapeKind::Help | IpyEscapeKind::Help2 => Ok("pass".to_owned()),
        IpyEscapeKind::Magic => magic(value),
        other => Err(unknown_magic(other.as_str(), value, 1)),
    }
}

fn expression(kind: IpyEscapeKind, value: &str) -> Result<String, Fault> {
    match kind {
        IpyEscapeKind::Shell | IpyEscapeKind::ShCap => {
            shell(value).map(|call| call.replace("__mendel_shell__", "__mendel_lines__"))
        }
        other => Err(unknown_magic(other.as_str(), value, 1)),
    }
}

fn magic(value: &str) -> Result<String, Fault> {
    let (name, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let rest = rest.trim();
    match name {
        _ if SHOWN.contains(&name) => Ok("pass".to_owned()),
        _ if INSTALLERS.contains(&name) => Err(installer(&format!("%{value}"))),
        "time" | "timeit" if !rest.is_empty() && !rest.starts_with('-') => Ok(rest.to_owned()),
        "cd" if !rest.is_empty() => Ok(format!("__import__(\"os\").chdir({})", Value::from(rest))),
        "env" | "set_env" if rest.contains('=') => {
            let (key, value) = rest.split_once('=').unwrap_or_default();
            Ok(format!("__import__(\"os\").environ[{}] = {}", Value::from(key.trim()), Value::from(value.trim())))
        }
        _ => Err(unknown_magic("%", name, 1)),
    }
}

/// A command of the shell, as a call that the driver offers.
fn shell(command: &str) -> Result<String, Fault> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let installs = words.first().is_some_and(|first| INSTALLERS.contains(first)) && words.contains(&"install")
        || command.contains("-m pip install");
    match installs {
        true => Err(installer(&format!("!{command}"))),
        false => Ok(format!("__mendel_shell__({})", Value::from(command.trim_end()))),
    }
}

fn installer(what: &str) -> Fault {
    let message = format!("`{what}` changes the environment while it runs");
    Fault { line: 1, message, hint: INSTALLER_HINT.to_owned() }
}

fn unknown_magic(sign: &str, name: &str, line: usize) -> Fault {
    Fault {
        line,
        message: format!("`{sign}{name}` is understood by IPython alone"),
        hint: "write it in Python; the magics of display, `%time`, `%cd`, `%env`, `!command` and `%%bash` are run"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_of_display_are_passed_over_and_commands_become_calls() {
        assert_eq!(plain("%matplotlib inline\nx = 1\n").unwrap(), "pass\nx = 1\n");
        assert_eq!(plain("if x:\n    !ls -l {x}\n").unwrap(), "if x:\n    __mendel_shell__(\"ls -l {x}\")\n");
        assert_eq!(plain("files = !ls\n").unwrap(), "files = __mendel_lines__(\"ls\")\n");
        assert_eq!(plain("%time y = 2\nprint?\n").unwrap(), "y = 2\npass\n");
        assert_eq!(plain("%%time\ny = 2").unwrap(), "\ny = 2");
        assert_eq!(plain("%env A=b").unwrap(), "__import__(\"os\").environ[\"A\"] = \"b\"");
        assert_eq!(plain("%%bash\nls\nls").unwrap(), "__mendel_shell__(\"ls\\nls\")\n\n");
        assert_eq!(plain("x = '%s' % 3\ny = x != 2\n").unwrap(), "x = '%s' % 3\ny = x != 2\n");
    }

    #[test]
    fn lines_keep_their_numbers() {
        let text = plain("!ls \\\n  -l\nraise ValueError\n").unwrap();
        assert_eq!(text.lines().position(|line| line.starts_with("raise")), Some(2), "{text:?}");
    }

    #[test]
    fn a_magic_that_cannot_be_kept_is_refused_with_its_line() {
        let faults = plain("x = 1\n%load_ext a\n%pip install b\n%%html\n").unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines[0], 3, "{faults:?}");
        assert!(faults[0].hint.contains("requirements.txt"));
    }
}
