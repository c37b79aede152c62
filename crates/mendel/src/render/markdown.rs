//! Text from elsewhere inside Markdown: shown, never markup.

use super::text::safe;

/// `text` within a line or a cell of a table.
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in safe(text).chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => shown.extend(['\\', character]),
            _ => shown.push(character),
        }
    }
    shown
}

/// A block of code that `text` cannot end.
pub fn fenced(text: &str, language: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// A table; cells are escaped here.
pub fn table(heads: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|{}\n", " --- |".repeat(heads.len()));
    let rows: String = rows.iter().map(|row| line(row)).collect();
    line(heads) + &rule + &rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s36_names_are_no_markup() {
        assert_eq!(escape("<script>|a|_b_"), "&lt;script&gt;\\|a\\|\\_b\\_");
        assert_eq!(escape("[x](javascript:1)"), "\\[x\\](javascript:1)");
    }

    #[test]
    fn a_block_of_code_ends_where_it_should() {
        assert_eq!(fenced("a\n```\nb", "diff"), "````diff\na\n```\nb\n````\n");
        assert_eq!(fenced("a\n", ""), "```\na\n```\n");
    }

    #[test]
    fn a_table_has_a_cell_for_each_head() {
        let text = table(&["name".into(), "lr".into()], &[vec!["a|b".into(), "0.1".into()]]);
        assert_eq!(text, "| name | lr |\n| --- | --- |\n| a\\|b | 0.1 |\n");
    }
}
