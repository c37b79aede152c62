//! A table whose columns fit the terminal.
//!
//! Where the width does not do, long texts are cut first, then the least telling columns
//! are left out; both are seen by who reads. A file or pipe gets everything.

use std::io::{IsTerminal, stdout};

use nix::libc;

use super::{
    paint::Paint,
    text::{fit, width},
};

const GAP: usize = 2;
const TEXT_LEAST: usize = 12;

/// Which side the cells of a column stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A column and how much it matters.
#[derive(Debug, Clone)]
pub struct Column {
    /// What stands above it.
    pub head: String,
    /// Where its cells stand.
    pub side: Side,
    /// 0 always stays; of the others, the highest is left out first.
    pub rank: usize,
}

impl Column {
    /// A column of texts.
    pub fn text(head: impl Into<String>, rank: usize) -> Self {
        Self { head: head.into(), side: Side::Left, rank }
    }

    /// A column of numbers.
    pub fn number(head: impl Into<String>, rank: usize) -> Self {
        Self { head: head.into(), side: Side::Right, rank }
    }
}

/// A cell: its text, already safe, and the terminal's code of its colour.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    colour: Option<u8>,
}

impl Cell {
    /// A cell in a colour.
    pub fn coloured(text: impl Into<String>, colour: u8) -> Self {
        Self { text: text.into(), colour: Some(colour) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), colour: None }
    }
}

/// Columns and rows.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines of at most `space` columns; any width where there is none.
    pub fn show(&self, space: Option<usize>, paint: Paint) -> String {
        let natural: Vec<usize> = (0..self.columns.len()).map(|index| self.width_of(index)).collect();
        let widths = self.layout(&natural, space);
        let mut text = String::new();
        let heads: Vec<Cell> = self.columns.iter().map(|column| Cell::coloured(column.head.clone(), 2)).collect();
        self.line(&heads, &widths, paint, &mut text);
        for row in &self.rows {
            self.line(row, &widths, paint, &mut text);
        }
        text
    }

    fn width_of(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| width(&cell.text));
        cells.chain([width(&self.columns[index].head)]).max().unwrap_or(0)
    }

    /// The width of each column; none for one that is left out.
    fn layout(&self, natural: &[usize], space: Option<usize>) -> Vec<Option<usize>> {
        let mut widths: Vec<Option<usize>> = natural.iter().copied().map(Some).collect();
        let Some(space) = space else { return widths };
        while excess(&widths, space) > 0 {
            let before = widths.clone();
            self.shrink(&mut widths, space);
            if excess(&widths, space) == 0 {
                break;
            }
            let dispensable = (0..self.columns.len()).filter(|index| widths[*index].is_some());
            let least =
                dispensable.filter(|index| self.columns[*index].rank > 0).max_by_key(|index| self.columns[*index].rank);
            let Some(least) = least else { break };
            widths = before;
            widths[least] = None;
        }
        widths
    }

    /// Takes from the widest texts what is too much.
    fn shrink(&self, widths: &mut [Option<usize>], space: usize) {
        for _ in 0..excess(widths, space) {
            let texts = (0..widths.len()).filter(|index| self.columns[*index].side == Side::Left);
            let widest = texts.filter_map(|index| widths[index].map(|wide| (wide, index))).max();
            let Some((wide, index)) = widest.filter(|(wide, _)| *wide > TEXT_LEAST) else { return };
            widths[index] = Some(wide - 1);
        }
    }

    fn line(&self, cells: &[Cell], widths: &[Option<usize>], paint: Paint, out: &mut String) {
        let mut line = String::new();
        let mut blanks = 0;
        for ((cell, column), wide) in cells.iter().zip(&self.columns).zip(widths) {
            let Some(wide) = *wide else { continue };
            let shown = fit(&cell.text, wide);
            let missing = wide.saturating_sub(width(&shown));
            let before = if column.side == Side::Right { missing } else { 0 };
            line.extend(std::iter::repeat_n(' ', blanks + before));
            line.push_str(&cell.colour.map_or_else(|| shown.to_string(), |code| paint.with(code, &shown)));
            blanks = GAP + missing - before;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// The columns of the terminal that reads the answer; none when it is a file or pipe.
pub fn terminal_width() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    match stdout().is_terminal() {
        true => told.or_else(asked_width).or(Some(100)),
        false => None,
    }
}

/// What the terminal itself says.
fn asked_width() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the request writes one `winsize` to the address given, where one lies.
    let answered = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (answered == 0 && size.ws_col > 0).then(|| usize::from(size.ws_col))
}

fn excess(widths: &[Option<usize>], space: usize) -> usize {
    let shown = widths.iter().flatten();
    let gaps = shown.clone().count().saturating_sub(1) * GAP;
    (shown.sum::<usize>() + gaps).saturating_sub(space)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> Table {
        let columns = vec![Column::text("name", 0), Column::text("status", 1), Column::number("loss", 3)];
        let mut table = Table::new(columns);
        table.row(vec!["a-rather-long-name-of-a-run".into(), "completed".into(), "0.25".into()]);
        table.row(vec!["short".into(), "failed".into(), "12".into()]);
        table
    }

    #[test]
    fn a_pipe_gets_everything() {
        assert_eq!(
            runs().show(None, Paint(false)),
            "name                         status     loss\n\
             a-rather-long-name-of-a-run  completed  0.25\n\
             short                        failed       12\n"
        );
    }

    #[test]
    fn long_texts_are_cut_before_a_column_goes() {
        assert_eq!(
            runs().show(Some(34), Paint(false)),
            "name               status     loss\n\
             a-rather-long-na…  completed  0.25\n\
             short              failed       12\n"
        );
    }

    #[test]
    fn the_least_telling_column_goes_first() {
        assert_eq!(
            runs().show(Some(24), Paint(false)),
            "name           status\n\
             a-rather-lon…  completed\n\
             short          failed\n"
        );
        for space in 1..50 {
            let shown = runs().show(Some(space), Paint(false));
            assert!(shown.lines().all(|line| width(line) <= space.max(TEXT_LEAST)), "{space}: {shown}");
        }
    }
}
