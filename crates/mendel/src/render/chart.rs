//! Lines of points drawn with braille dots, with the values and steps at their edges.
//!
//! Infinities and NaN are gaps: they have no place between the edges.

use super::{
    paint::{LINES, Paint},
    text::width,
    value::number,
};

/// A named line of points.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name, already safe.
    pub name: String,
    /// Step and value, in the order of steps.
    pub points: Vec<(f64, f64)>,
}

/// Columns and rows of characters that a chart may take.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Columns, with the labels.
    pub columns: usize,
    /// Rows of dots, without the labels.
    pub rows: usize,
}

/// Draws `lines` into one chart; colours tell them apart, so without colour there should be one.
pub fn chart(lines: &[Line], room: Room, paint: Paint) -> String {
    let Some(edges) = Edges::of(lines) else { return "no points to draw\n".to_owned() };
    let labels = [number(edges.high), number(f64::midpoint(edges.high, edges.low)), number(edges.low)];
    let margin = labels.iter().map(|label| width(label)).max().unwrap_or(0);
    let columns = room.columns.saturating_sub(margin + 2).max(8);
    let rows = room.rows.max(3);
    let mut canvas = Canvas::new(columns, rows);
    for (index, line) in lines.iter().enumerate() {
        canvas.draw(line, &edges, index);
    }
    let mut text = String::new();
    for row in 0..rows {
        let label = match row {
            0 => &labels[0],
            _ if row == rows / 2 => &labels[1],
            _ if row == rows - 1 => &labels[2],
            _ => "",
        };
        let tick = if label.is_empty() { '│' } else { '┤' };
        let pad = " ".repeat(margin - width(label));
        text.push_str(&format!("{pad}{label} {tick}{}\n", canvas.row(row, paint).trim_end()));
    }
    let (first, last) = (number(edges.first), number(edges.last));
    let between = columns.saturating_sub(width(&first) + width(&last));
    text.push_str(&format!("{} └{}\n", " ".repeat(margin), "─".repeat(columns)));
    text.push_str(&format!("{}  {first}{}{last}\n", " ".repeat(margin), " ".repeat(between)));
    if lines.len() > 1 {
        let names =
            lines.iter().enumerate().map(|(index, line)| paint.with(colour(index), &format!("― {}", line.name)));
        text.push_str(&format!("{}  {}\n", " ".repeat(margin), names.collect::<Vec<_>>().join("   ")));
    }
    text
}

fn colour(index: usize) -> u8 {
    LINES[index % LINES.len()]
}

/// What is at the four sides of a chart.
struct Edges {
    first: f64,
    last: f64,
    low: f64,
    high: f64,
}

impl Edges {
    fn of(lines: &[Line]) -> Option<Self> {
        let points = || lines.iter().flat_map(|line| &line.points).filter(|(_, value)| value.is_finite());
        let first = points().map(|point| point.0).reduce(f64::min)?;
        let last = points().map(|point| point.0).reduce(f64::max)?;
        let low = points().map(|point| point.1).reduce(f64::min)?;
        let high = points().map(|point| point.1).reduce(f64::max)?;
        Some(Self { first, last, low, high })
    }
}

/// A grid of dots, two by four in each character, each with the line that drew it last.
struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<(u8, usize)>,
}

/// The bit of a braille character for a dot at column 0 or 1 and row 0 to 3.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

impl Canvas {
    fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![(0, 0); columns * rows] }
    }

    fn draw(&mut self, line: &Line, edges: &Edges, index: usize) {
        let mut before: Option<(i64, i64)> = None;
        for (step, value) in &line.points {
            if !value.is_finite() {
                before = None;
                continue;
            }
            let x = place(*step, edges.first, edges.last, self.columns * 2);
            let y = (self.rows * 4 - 1) as i64 - place(*value, edges.low, edges.high, self.rows * 4);
            let (from_x, from_y) = before.unwrap_or((x, y));
            let length = (x - from_x).abs().max((y - from_y).abs()).max(1);
            for part in 0..=length {
                self.dot(from_x + (x - from_x) * part / length, from_y + (y - from_y) * part / length, index);
            }
            before = Some((x, y));
        }
    }

    fn dot(&mut self, x: i64, y: i64, line: usize) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if let Some(cell) = self.cells.get_mut(y / 4 * self.columns + x / 2) {
            *cell = (cell.0 | DOTS[x % 2][y % 4], line);
        }
    }

    fn row(&self, row: usize, paint: Paint) -> String {
        let cells = &self.cells[row * self.columns..(row + 1) * self.columns];
        let line_of = |cell: &(u8, usize)| (cell.0 != 0).then_some(cell.1);
        let shown = cells.chunk_by(|one, other| line_of(one) == line_of(other)).map(|cells| {
            let text: String = cells.iter().map(|(dots, _)| braille(*dots)).collect();
            match cells.first().and_then(line_of) {
                Some(line) => paint.with(colour(line), &text),
                None => text,
            }
        });
        shown.collect()
    }
}

fn braille(dots: u8) -> char {
    match dots {
        0 => ' ',
        _ => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
    }
}

/// Where `value` lies among `count` places between `low` and `high`.
fn place(value: f64, low: f64, high: f64, count: usize) -> i64 {
    let last = count.saturating_sub(1) as f64;
    // Halved first, so that the distance of the largest numbers stays finite.
    let spread = high / 2.0 - low / 2.0;
    match spread > 0.0 {
        true => ((value / 2.0 - low / 2.0) / spread * last).round().clamp(0.0, last) as i64,
        false => (last / 2.0) as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> Line {
        let points = values.iter().enumerate().map(|(step, value)| (step as f64, *value));
        Line { name: "loss".into(), points: points.collect() }
    }

    #[test]
    fn a_falling_line_falls() {
        let text = chart(&[line(&[3.0, 2.0, 1.0, 0.0])], Room { columns: 14, rows: 4 }, Paint(false));
        let rows: Vec<&str> = text.lines().collect();
        assert!(rows[0].starts_with("  3 ┤"));
        assert!(rows[3].starts_with("  0 ┤"));
        assert!(rows[5].trim_start().starts_with('0') && rows[5].ends_with('3'));
    }

    #[test]
    fn what_has_no_place_is_a_gap_and_no_trouble() {
        let strange = [f64::NAN, 1.0, f64::INFINITY, 2.0, f64::MAX, f64::MIN];
        assert!(chart(&[line(&strange)], Room { columns: 30, rows: 5 }, Paint(false)).contains('┤'));
        assert_eq!(chart(&[line(&[f64::NAN])], Room { columns: 30, rows: 5 }, Paint(false)), "no points to draw\n");
        assert!(chart(&[line(&[1.0])], Room { columns: 1, rows: 0 }, Paint(false)).contains('┤'));
    }

    #[test]
    fn each_line_keeps_its_colour() {
        let text = chart(&[line(&[1.0, 1.0]), line(&[2.0, 2.0])], Room { columns: 30, rows: 3 }, Paint(true));
        let rows: Vec<&str> = text.lines().collect();
        assert!(rows[0].contains("\x1b[33m") && !rows[0].contains("\x1b[36m"), "{text}");
        assert!(rows[2].contains("\x1b[36m") && !rows[2].contains("\x1b[33m"), "{text}");
    }

    #[test]
    fn several_lines_are_named() {
        let text = chart(&[line(&[1.0, 2.0]), line(&[2.0, 1.0])], Room { columns: 30, rows: 5 }, Paint(true));
        assert!(text.contains("\x1b[36m― loss\x1b[0m   \x1b[33m― loss\x1b[0m"));
    }
}
