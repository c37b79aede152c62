//! Starts the tools that make environments, and listens to them.

use std::{
    collections::VecDeque,
    io::{self, BufRead as _, BufReader},
    process::{Command, Stdio},
};

/// How many lines are kept as a tool's last words.
const LAST_LINES: usize = 12;
const LINE_CHARS: usize = 500;

/// Runs `command` to its end; `say` hears each line. The error is the tool's last words.
pub(super) fn run(command: &mut Command, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    let mut last = VecDeque::new();
    let finished = listen(command, &mut |line| {
        say(line);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line.to_owned());
    });
    match finished {
        Ok(status) if status.success() => Ok(()),
        Ok(status) if last.is_empty() => Err(format!("it ended with {status} and said nothing")),
        Ok(_) => Err(Vec::from(last).join("\n")),
        Err(error) => Err(format!("it cannot be started: {error}")),
    }
}

fn listen(command: &mut Command, hear: &mut dyn FnMut(&str)) -> io::Result<std::process::ExitStatus> {
    // One pipe for both streams keeps their lines in order.
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    for name in ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"] {
        command.env_remove(name);
    }
    let child = command.spawn();
    // The command holds the writing ends; without it the pipe ends with the child.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child?;
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        // A progress bar repaints its line; only its last state is worth a line.
        let text = text.trim_end().rsplit('\r').next().unwrap_or_default().trim_end();
        if !text.is_empty() {
            hear(&text.chars().take(LINE_CHARS).collect::<String>());
        }
        line.clear();
    }
    child.wait()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Result<(), String>, Vec<String>) {
        let mut heard = Vec::new();
        let result = run(Command::new("sh").args(["-c", script]), &mut |line| heard.push(line.to_owned()));
        (result, heard)
    }

    #[test]
    fn both_streams_are_heard_in_order() {
        let (result, heard) = shell("echo one; echo two >&2; printf '10%%\\r100%%\\n'; printf last");
        assert_eq!(result, Ok(()));
        assert_eq!(heard, ["one", "two", "100%", "last"]);
    }

    #[test]
    fn a_failure_comes_with_the_last_words_only() {
        let (result, heard) = shell("for i in $(seq 1 40); do echo line $i; done; exit 3");
        assert_eq!(heard.len(), 40);
        let words = result.unwrap_err();
        assert!(words.starts_with("line 29\n") && words.ends_with("line 40"), "{words}");
        assert!(shell("exit 3").0.unwrap_err().contains("exit status: 3"));
    }

    #[test]
    fn a_tool_that_is_not_there_is_told() {
        let result = run(&mut Command::new("/nowhere/tool"), &mut |_| {});
        assert!(result.unwrap_err().starts_with("it cannot be started"));
    }
}
