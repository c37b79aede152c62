//! `mendel tag`

use mendel_model::{RunUpdate, limits};

use crate::{
    arguments::{Global, RunArgument},
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{document, text::safe},
};

/// Add tags to a run, or remove them.
#[derive(clap::Args)]
#[command(
    after_help = "`mendel tag @7 best` adds; `mendel tag @7 best --remove` and `mendel tag @7 -- +best -draft` remove."
)]
pub struct Tag {
    #[command(flatten)]
    run: RunArgument,
    /// The tags; after `--`, `+NAME` adds and `-NAME` removes.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Remove them.
    #[arg(long)]
    remove: bool,
}

impl Tag {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let update = update(&self.names, self.remove)?;
        let context = Context::here(global).await?;
        let run = context.run(&self.run.run).await?;
        let run = context.client.update_run(run.facts.id, None, &update).await?;
        printer.answer(&document::run(&run), |text| {
            let tags = match run.facts.tags.is_empty() {
                true => "no tags".to_owned(),
                false => run.facts.tags.join(", "),
            };
            text.push_str(&format!("@{}  {}\n", run.number, safe(&tags)));
        });
        Ok(Exit::Done)
    }
}

fn update(names: &[String], remove: bool) -> Result<RunUpdate, Failure> {
    let mut update = RunUpdate::default();
    for name in names {
        let (name, removes) = match (name.strip_prefix('-'), name.strip_prefix('+')) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => (name.as_str(), remove),
        };
        if name.trim().is_empty() || name.chars().count() > limits::NAME_CHARS {
            return Err(Failure::input(format!(
                "`{}` is not a tag: one to {} characters are expected",
                safe(name),
                limits::NAME_CHARS
            )));
        }
        match removes {
            true => update.remove_tags.push(name.to_owned()),
            false => update.add_tags.push(name.to_owned()),
        }
    }
    Ok(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_say_what_happens_to_each() {
        let names = ["+best".to_owned(), "-draft".to_owned(), "seen".to_owned()];
        let update = update(&names, false).expect("good");
        assert_eq!(update.add_tags, ["best", "seen"]);
        assert_eq!(update.remove_tags, ["draft"]);
        assert!(super::update(&[" ".to_owned()], false).is_err());
    }
}
