//! Turns the bytes that a process writes into console lines.
//!
//! Memory is bounded whatever comes: a line is cut at the limit with a mark. A carriage
//! return begins a new state of the same line, so that a progress bar is one line in the
//! end; bytes that are no UTF-8 are replaced.

use mendel_model::limits::CONSOLE_LINE_BYTES;

/// Room for the mark of a cut line.
const KEPT_BYTES: usize = CONSOLE_LINE_BYTES - 64;

/// Splits one stream.
#[derive(Debug, Default)]
pub(super) struct LineSplitter {
    line: Vec<u8>,
    /// Bytes of the present state that were not kept.
    lost: u64,
    /// A carriage return came last: the next byte says what it meant.
    returned: bool,
    /// Whether the unfinished line changed since it was last shown.
    changed: bool,
}

impl LineSplitter {
    /// Takes more bytes; finished lines go to `whole`.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut whole: impl FnMut(String)) {
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.returned) && first != b'\n' {
                self.begin_state(first);
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
            self.keep(&bytes[..end]);
            match bytes.get(end) {
                Some(b'\n') => whole(self.take()),
                Some(_) => self.returned = true,
                None => {}
            }
            bytes = &bytes[(end + 1).min(bytes.len())..];
        }
    }

    /// The unfinished line as it stands, if it changed since it was last asked for.
    pub(super) fn unfinished(&mut self) -> Option<String> {
        std::mem::take(&mut self.changed).then(|| self.text(complete(&self.line)))
    }

    /// Whether an unfinished line has something new to show.
    pub(super) const fn has_news(&self) -> bool {
        self.changed
    }

    /// What is left when the stream ends.
    pub(super) fn finish(&mut self) -> Option<String> {
        (!self.line.is_empty()).then(|| self.take())
    }

    /// A blank state, as bars write to clear their line, does not hide the one before when
    /// nothing follows it.
    fn begin_state(&mut self, next: u8) {
        if next != b'\r' {
            self.line.clear();
            self.lost = 0;
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let room = KEPT_BYTES.saturating_sub(self.line.len());
        let kept = &bytes[..bytes.len().min(room)];
        self.line.extend_from_slice(kept);
        self.lost += (bytes.len() - kept.len()) as u64;
        self.changed = true;
    }

    fn take(&mut self) -> String {
        let text = self.text(if self.lost > 0 { complete(&self.line) } else { &self.line });
        self.line.clear();
        (self.lost, self.returned, self.changed) = (0, false, false);
        text
    }

    fn text(&self, bytes: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        let mut lost = self.lost;
        if text.len() > KEPT_BYTES {
            let end = text.floor_char_boundary(KEPT_BYTES);
            lost += (text.len() - end) as u64;
            text.truncate(end);
        }
        if lost > 0 {
            text.push_str(&format!(" … [{lost} bytes cut]"));
        }
        text
    }
}

/// `bytes` without a character that is not complete yet.
fn complete(bytes: &[u8]) -> &[u8] {
    let tail = bytes.len().saturating_sub(3);
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && error.valid_up_to() >= tail => &bytes[..error.valid_up_to()],
        Ok(_) | Err(_) => bytes,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut splitter, mut lines) = (LineSplitter::default(), Vec::new());
        for chunk in chunks {
            splitter.feed(chunk, |line| lines.push(line));
        }
        lines.extend(splitter.finish());
        lines
    }

    #[test]
    fn a_line_may_come_in_pieces_and_the_last_one_without_its_end() {
        assert_eq!(lines(&[b"one\ntw", b"o\n\nthr", b"ee"]), ["one", "two", "", "three"]);
    }

    #[test]
    fn f63_progress_with_carriage_returns_is_one_line_with_its_last_state() {
        assert_eq!(lines(&[b"\r 1%", b"\r 50%\r100%\n", b"next"]), ["100%", "next"]);
        assert_eq!(lines(&[b"a\r\nb\r", b"\nc\r"]), ["a", "b", "c"]);
    }

    #[test]
    fn f63_an_unfinished_line_is_shown_once_for_each_state() {
        let mut splitter = LineSplitter::default();
        splitter.feed(b"\r10%", |_| panic!("no line yet"));
        assert_eq!(splitter.unfinished().as_deref(), Some("10%"));
        assert_eq!(splitter.unfinished(), None);
        splitter.feed(b"\r20%", |_| panic!("no line yet"));
        assert_eq!(splitter.unfinished().as_deref(), Some("20%"));
    }

    #[test]
    fn f63_a_line_without_end_is_cut_with_a_mark_in_bounded_memory() {
        let mut splitter = LineSplitter::default();
        let mut found = Vec::new();
        for _ in 0..1000 {
            splitter.feed(&[b'x'; 10_000], |_| panic!("no line yet"));
            assert!(splitter.line.capacity() <= 2 * CONSOLE_LINE_BYTES);
        }
        splitter.feed(b"\nafter\n", |line| found.push(line));
        assert!(found[0].len() <= CONSOLE_LINE_BYTES);
        assert!(found[0].ends_with(&format!(" … [{} bytes cut]", 10_000_000 - KEPT_BYTES)));
        assert_eq!(found[1], "after");
    }

    #[test]
    fn f63_bytes_that_are_no_text_are_replaced_and_a_split_character_is_not() {
        assert_eq!(lines(&[b"a\xff\xfeb\n"]), ["a\u{fffd}\u{fffd}b"]);
        assert_eq!(lines(&[b"\xc3", b"\xbc\n"]), ["ü"]);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same_lines(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(lines(&[&bytes]), lines(&[&bytes[..cut], &bytes[cut..]]));
        }
    }
}
