//! `mendel logs`

use std::time::Duration;

use mendel_model::{ConsoleLine, ConsoleStream, RunRef};
use serde_json::json;

use crate::{
    arguments::{Global, RunArgument},
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{document, text::console_line},
};

const PAGE: usize = 5_000;
const PAUSE: Duration = Duration::from_millis(200);

/// Print the console of a run.
#[derive(clap::Args)]
pub struct Logs {
    #[command(flatten)]
    run: RunArgument,
    /// Go on printing until the run ends.
    #[arg(long, short)]
    follow: bool,
    /// Print only the newest N lines.
    #[arg(long, short = 'n', value_name = "N")]
    tail: Option<usize>,
    /// Print only what went to standard error.
    #[arg(long)]
    errors: bool,
    /// Print control characters as they are.
    #[arg(long)]
    raw: bool,
}

impl Logs {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut run = context.run(&self.run.run).await?;
        let id = run.facts.id;
        let mut lines: Vec<ConsoleLine> = Vec::new();
        let mut take = |page: Vec<ConsoleLine>| {
            let wanted = page.into_iter().filter(|line| !self.errors || line.stream == ConsoleStream::Err);
            match printer.is_json() {
                true => lines.extend(wanted),
                false => printer.out(&wanted.map(|line| self.shown(&line, printer)).collect::<String>()),
            }
        };
        let mut after = 0;
        if let Some(tail) = self.tail {
            let page = context.client.console_tail(id, tail).await?;
            after = page.next;
            take(page.lines);
        }
        loop {
            // Asked before the lines are read: what a run says last is there once it has ended.
            let ended = run.status.is_terminal();
            if self.tail.is_none() || self.follow {
                loop {
                    let page = context.client.console(id, after, PAGE).await?;
                    if page.lines.is_empty() {
                        break;
                    }
                    after = page.next;
                    take(page.lines);
                }
            }
            if ended || !self.follow {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            match context.client.run(&RunRef::Id(id)).await? {
                Some(now) => run = now,
                None => break,
            }
        }
        if printer.is_json() {
            let told = lines
                .iter()
                .map(|line| json!({"stream": line.stream, "time": document::time(line.time), "text": line.text}));
            let log: String = lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect();
            let answer = json!({"id": id, "status": run.status, "log": log, "lines": told.collect::<Vec<_>>()});
            printer.answer(&answer, |_| {});
        }
        Ok(Exit::Done)
    }

    fn shown(&self, line: &ConsoleLine, printer: &Printer) -> String {
        match self.raw {
            true => format!("{}\n", line.text),
            false => format!("{}\n", console_line(&line.text, printer.has_colour())),
        }
    }
}
