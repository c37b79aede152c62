//! Text from elsewhere, made safe for a terminal and cut to a width.
//!
//! Names, tags, values and console lines come from user code. Control characters and marks
//! that turn the reading direction are shown, never obeyed; colours in a console line may stay.

use std::borrow::Cow;

/// `text` on one line, with nothing in it that a terminal would obey.
pub fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => shown.push('⏎'),
            '\t' => shown.push(' '),
            _ if is_plain(character) => shown.push(character),
            _ => shown.extend(character.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

/// A console line: colours stay where `colour` holds, every other control is shown.
pub fn console_line(text: &str, colour: bool) -> String {
    // What a carriage return wrote over is gone on a terminal too: progress bars keep their last state.
    let text = text.trim_end_matches('\r');
    let text = text.rsplit('\r').next().unwrap_or(text);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut coloured = false;
    while let Some(character) = rest.chars().next() {
        if let Some(length) = colour_length(rest) {
            if colour {
                shown.push_str(&rest[..length]);
                coloured = true;
            }
            rest = &rest[length..];
            continue;
        }
        match character {
            '\t' => shown.push('\t'),
            _ if is_plain(character) => shown.push(character),
            _ => shown.extend(character.escape_unicode()),
        }
        rest = &rest[character.len_utf8()..];
    }
    if coloured {
        shown.push_str("\x1b[0m");
    }
    shown
}

/// Number of columns `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

/// `text` in at most `most` columns, ending in `…` where something was left out.
pub fn fit(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = character_width(character);
        if used + wide + 1 > most {
            break;
        }
        used += wide;
        shown.push(character);
    }
    if most > 0 {
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// `word` for one, `words` for any other number.
pub fn count(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}

fn is_plain(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !turns
}

/// The length of a colour sequence (`ESC [ digits ; digits m`) at the start of `text`.
fn colour_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b[")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    rest[end..].starts_with('m').then_some(end + 3)
}

fn character_width(character: char) -> usize {
    match character {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s53_control_characters_of_names_are_shown_and_not_obeyed() {
        assert_eq!(safe("run\x1b]0;title\x07"), "run\\u{1b}]0;title\\u{7}");
        assert_eq!(safe("two\nlines"), "two⏎lines");
        assert_eq!(safe("abc\u{202e}fed"), "abc\\u{202e}fed");
        assert_eq!(safe("größe 日本"), "größe 日本");
    }

    #[test]
    fn colours_of_a_console_line_stay_only_on_a_coloured_terminal() {
        let line = "\x1b[31mred\x1b[0m and \x1b]8;;http://x\x07link";
        assert_eq!(console_line(line, false), "red and \\u{1b}]8;;http://x\\u{7}link");
        assert!(console_line(line, true).starts_with("\x1b[31mred\x1b[0m and \\u{1b}]8"));
    }

    #[test]
    fn a_progress_bar_shows_its_last_state() {
        assert_eq!(console_line("10%\r50%\r100%\r", false), "100%");
    }

    #[test]
    fn a_text_is_cut_by_columns() {
        assert_eq!(fit("segmentation", 8), "segment…");
        assert_eq!(fit("short", 8), "short");
        assert_eq!(fit("日本語テキスト", 5), "日本…");
        assert_eq!(width("日本"), 4);
        assert_eq!(fit("abc", 0), "");
    }
}
