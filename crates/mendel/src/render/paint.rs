//! Colour for words. It adds nothing that is not also said.

use mendel_model::Status;

/// Colours words, or leaves them.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

/// The colours of lines in a chart, told apart by most eyes.
pub const LINES: [u8; 6] = [36, 33, 35, 32, 34, 31];

impl Paint {
    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.with(1, text)
    }

    /// What is beside the point.
    pub fn dim(self, text: &str) -> String {
        self.with(2, text)
    }

    /// What is good or new.
    pub fn green(self, text: &str) -> String {
        self.with(32, text)
    }

    /// What is bad or gone.
    pub fn red(self, text: &str) -> String {
        self.with(31, text)
    }

    /// What needs a look.
    pub fn yellow(self, text: &str) -> String {
        self.with(33, text)
    }

    /// A place.
    pub fn cyan(self, text: &str) -> String {
        self.with(36, text)
    }

    /// `text` with the terminal's code around it.
    pub fn with(self, code: u8, text: &str) -> String {
        match self.0 && !text.is_empty() {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// `text`, in the colour of `status`.
    pub fn by_status(self, status: Status, text: &str) -> String {
        match status {
            Status::Completed | Status::Published => self.green(text),
            Status::Failed => self.red(text),
            Status::Running => self.cyan(text),
            Status::Stopped => self.yellow(text),
            Status::Draft | Status::Queued => self.dim(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_words_stay_as_they_are() {
        assert_eq!(Paint(false).by_status(Status::Failed, "failed"), "failed");
        assert_eq!(Paint(true).by_status(Status::Failed, "failed"), "\x1b[31mfailed\x1b[0m");
        assert_eq!(Paint(true).bold(""), "");
    }
}
