//! Comma-separated values that a spreadsheet opens without executing anything.

/// A row with its line end.
pub fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| self::cell(cell.as_ref())).collect();
    cells.join(",") + "\r\n"
}

/// A cell: quoted where needed, and never the beginning of a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s47_a_cell_never_begins_a_formula() {
        assert_eq!(row(["=1+1", "-3", "-x", "@sum", "1e-5"]), "'=1+1,-3,'-x,'@sum,1e-5\r\n");
    }

    #[test]
    fn commas_and_quotes_are_quoted() {
        assert_eq!(row(["a,b", "say \"x\"", "two\nlines", ""]), "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\r\n");
    }
}
